import { api } from '../wire/api';
import { entryKey } from '../wire/entries';
import type { SearchFacets, SearchItem, SearchPage, SearchProgress, SearchSession } from '../wire/types.gen';
import type { Order } from './address.svelte';
import { inWords } from './list.svelte';

/** Sessions asked for at once, and hits of one session when it is opened. */
const PAGE = 20;
const OPENED = 100;

/** The hits of one session. */
export interface Group {
  readonly session: SearchSession;
  readonly items: readonly SearchItem[];
  /** Hits of the session that are not among `items`. */
  readonly more: number;
}

/** All hits of a session, as far as they were fetched. */
interface Opened {
  readonly items: readonly SearchItem[];
  readonly cursor: string | null;
}

/** Hits of a search, fetched page by page. A newer search ends the one before. */
export class Search {
  /** What the hits answer; `null` before the first answer. */
  answered = $state<string | null>(null);
  items = $state.raw<readonly SearchItem[]>([]);
  sessions = $state.raw<ReadonlyMap<string, SearchSession>>(new Map());
  facets = $state.raw<SearchFacets | null>(null);
  total = $state(0);
  totalSessions = $state(0);
  tookMs = $state(0);
  remarks = $state.raw<readonly string[]>([]);
  partial = $state.raw<SearchProgress | null>(null);
  loading = $state(false);
  more = $state(false);
  /** What hinders, in words; `null` when nothing does. */
  problem = $state<string | null>(null);
  /** Sessions whose other hits are on their way. */
  opening = $state.raw<ReadonlySet<string>>(new Set());

  #opened = $state.raw<ReadonlyMap<string, Opened>>(new Map());
  #query = '';
  #order: Order = 'best';
  #cursor: string | null = null;
  #abort: AbortController | null = null;

  /** Hits by session, in the order of the answer. */
  readonly groups: readonly Group[] = $derived(group(this.items, this.sessions, this.#opened));
  /** Hits in the order in which they are shown. */
  readonly shown: readonly SearchItem[] = $derived(this.groups.flatMap(({ items }) => items));

  /** Searches. What was found before stays until the answer arrives. */
  async run(query: string, order: Order): Promise<void> {
    this.#query = query;
    this.#order = order;
    this.#cursor = null;
    await this.#fetch(true);
  }

  /** Fetches the next page, unless one is on its way. */
  async next(): Promise<void> {
    if (!this.more || this.loading || this.problem) return;
    await this.#fetch(false);
  }

  async retry(): Promise<void> {
    await this.#fetch(this.#cursor === null);
  }

  /** Fetches the other hits of a session; once more goes on where the first ones ended. */
  async open(session: string): Promise<void> {
    if (this.opening.has(session)) return;
    this.opening = new Set([...this.opening, session]);
    const query = this.#query;
    const before = this.#opened.get(session);
    const params = { q: `${query} session:${session}`, sort: this.#order, limit: OPENED, loose: true };
    try {
      const page = await api.search({ ...params, cursor: before?.cursor ?? null });
      const known = new Set(before?.items.map(hitKey));
      const items = [...(before?.items ?? []), ...page.items.filter((item) => !known.has(hitKey(item)))];
      if (query !== this.#query) return;
      this.#opened = new Map([...this.#opened, [session, { items, cursor: page.next_cursor }]]);
    } catch (error) {
      this.problem = inWords(error);
    } finally {
      this.opening = new Set([...this.opening].filter((id) => id !== session));
    }
  }

  /** Takes the hits of sessions off the page: they were deleted from the archive. */
  forget(ids: readonly string[]): void {
    const gone = ids.map((id) => this.sessions.get(id)).filter((session) => session !== undefined);
    if (gone.length === 0) return;
    this.items = this.items.filter((item) => !ids.includes(item.session_id));
    this.sessions = new Map([...this.sessions].filter(([id]) => !ids.includes(id)));
    this.totalSessions -= gone.length;
    this.total -= gone.reduce((sum, session) => sum + session.hits, 0);
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#abort?.abort();
    this.loading = false;
  }

  async #fetch(first: boolean): Promise<void> {
    this.#abort?.abort();
    const { signal } = (this.#abort = new AbortController());
    this.loading = true;
    this.problem = null;
    try {
      this.#take(await this.#ask(signal), first);
    } catch (error) {
      if (signal.aborted) return;
      this.problem = inWords(error);
    }
    if (!signal.aborted) this.loading = false;
  }

  /** Who remembers half of it, or has typed half of a word, is shown what comes closest; the answer's remarks say so. */
  #ask(signal: AbortSignal): Promise<SearchPage> {
    const facets = this.#cursor === null || null;
    const asked = { q: this.#query, sort: this.#order, loose: true };
    return api.search({ ...asked, group: 'session', limit: PAGE, cursor: this.#cursor, facets }, signal);
  }

  #take(page: SearchPage, first: boolean): void {
    const known = new Set(first ? [] : this.items.map(hitKey));
    const fresh = page.items.filter((item) => !known.has(hitKey(item)));
    const sessions = page.sessions.map((session) => [session.id, session] as const);
    this.items = first ? fresh : [...this.items, ...fresh];
    this.sessions = new Map([...(first ? [] : this.sessions), ...sessions]);
    this.#cursor = page.next_cursor;
    this.more = page.next_cursor !== null;
    if (!first) return;
    this.#opened = new Map();
    this.answered = this.#query;
    this.facets = page.facets;
    this.total = page.total;
    this.totalSessions = page.total_sessions;
    this.tookMs = page.took_ms;
    this.remarks = page.remarks;
    this.partial = page.partial;
  }
}

/** Name of a hit: a line may hold several, as a prompt and a title do. */
export function hitKey(item: SearchItem): string {
  return `${entryKey(item)}:${item.role}:${item.session_id}`;
}

function group(
  items: readonly SearchItem[],
  sessions: ReadonlyMap<string, SearchSession>,
  opened: ReadonlyMap<string, Opened>,
): Group[] {
  const found = new Map<string, SearchItem[]>();
  for (const item of items) {
    const list = found.get(item.session_id);
    if (list) list.push(item);
    else found.set(item.session_id, [item]);
  }
  return [...found].flatMap(([id, some]) => {
    const session = sessions.get(id);
    if (!session) return [];
    const all = opened.get(id)?.items;
    const shown = all && all.length > some.length ? all : some;
    return [{ session, items: shown, more: Math.max(0, session.hits - shown.length) }];
  });
}
