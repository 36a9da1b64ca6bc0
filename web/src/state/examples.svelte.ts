import { filterText } from '../lib/query';
import { api } from '../wire/api';
import type { SessionRow } from '../wire/types.gen';

/** A search to learn from: it finds something in what this team has. */
export interface Example {
  readonly query: string;
  readonly says: string;
  /** Hits; `null` before they were counted. */
  readonly hits: number | null;
}

/** What examples are made of. */
export interface Material {
  readonly host: string | null;
  readonly project: string | null;
  readonly sessions: readonly SessionRow[];
}

/** Words of a title that tell it from others: the longest ones, in their order. */
function telling(title: string): string[] {
  const words = title.match(/[\p{L}\p{N}_]{4,}/gu) ?? [];
  const longest = [...words].sort((a, b) => b.length - a.length).slice(0, 2);
  return words.filter((word) => longest.includes(word)).slice(0, 2);
}

/** Two neighbouring words of a title, as a phrase. */
function phrase(title: string): string | null {
  return /[\p{L}\p{N}_]{3,} [\p{L}\p{N}_]{3,}/u.exec(title)?.[0] ?? null;
}

/** Examples of the syntax from what is in the archive. Public for tests. */
export function propose({ host, project, sessions }: Material): Omit<Example, 'hits'>[] {
  const titles = sessions.flatMap(({ title }) => (title ? [title] : [])).slice(0, 20);
  const words = titles.map(telling).find(({ length }) => length === 2);
  const exact = titles.map(phrase).find((text) => text !== null && text.split(' ')[0] !== words?.[0]);
  const list: Omit<Example, 'hits'>[] = [];
  if (words) list.push({ query: words.join(' '), says: 'words, anywhere and in any order' });
  if (exact) list.push({ query: `"${exact}"`, says: 'these words, exactly' });
  if (project) {
    list.push({ query: `${filterText('project', project)} is:error`, says: 'what failed in a project' });
  }
  if (host) list.push({ query: `${filterText('host', host)} tool:Bash git`, says: 'commands on a host' });
  list.push({ query: 'after:7d role:prompt', says: 'what people asked this week' });
  list.push({ query: 'is:subagent is:error', says: 'what went wrong in subagents' });
  list.push({ query: 'has:image', says: 'with a picture' });
  return list;
}

/** Examples that find something, counted. */
export class Examples {
  found = $state.raw<readonly Example[]>([]);

  /** Counts what the proposals find, and keeps those with hits. Ends with `signal`. */
  async load(material: Material, most: number, signal: AbortSignal): Promise<void> {
    const counted = await Promise.all(
      propose(material).map(async (example): Promise<Example> => {
        const page = await api.search({ q: example.query, limit: 1 }, signal).catch(() => null);
        return { ...example, hits: page?.total ?? null };
      }),
    );
    if (signal.aborted) return;
    this.found = counted.filter(({ hits }) => hits !== 0).slice(0, most);
  }
}
