import { coderName } from '../lib/coders';
import { lastPart } from '../lib/format';
import { fits } from '../lib/match';
import { arrange, rowsOf, type Block, type Group, type Placed, type SectionName } from '../lib/sections';
import { millis } from '../lib/time';
import { needOf } from '../wire/states';
import { titleOf } from '../wire/titles';
import type { SessionRow, SessionState } from '../wire/types.gen';
import type { Filters, Grouping } from './filters.svelte';
import type { Fleet } from './fleet.svelte';

/** What a project is known by: its id, or its path where it has none. */
export function projectKey(row: SessionRow): string {
  return row.project_id ?? row.project_path;
}

/** Since when a session has been at it, milliseconds; `null` for not at all. */
export interface Since {
  /** Appends without a pause. */
  readonly active: number | null;
  /** Works turn after turn: a row that hopped to the top with every turn would be hard to follow. */
  readonly working: number | null;
}

/** Where a session stands, by what it does; by its appends where nobody says. */
export function place(
  row: SessionRow,
  state: SessionState | undefined,
  { active, working }: Since,
  group: Group | null = null,
): Placed {
  const at = (section: SectionName, since: number, rank = 0): Placed => ({
    id: row.id,
    section,
    rank,
    since,
    group,
  });
  const need = state && needOf(state);
  if (need) return at('needs', need.since, need.rank);
  if (state?.turn === 'working') return at('working', working ?? millis(state.since) ?? 0);
  if (state?.turn === 'your_turn') return at('yours', millis(state.since) ?? 0);
  if (active !== null && state?.turn !== 'done') return at('working', active);
  return at('recent', millis(row.last_activity_at) ?? 0);
}

/** The session list: which sessions, in which order. */
export class Lineup {
  #fleet: () => Fleet;
  #filters: Filters;
  #shown: readonly Block[] = [];

  /** Every session and where it stands. */
  readonly placed = $derived.by(() => {
    const fleet = this.#fleet();
    const grouping = this.#filters.group;
    return fleet.listed.map((row) => {
      const since = {
        active: fleet.active.get(row.id) ?? null,
        working: fleet.workingSince(row.id) ?? null,
      };
      return place(row, fleet.states.get(row.id), since, this.#groupOf(row, grouping));
    });
  });
  /** Sessions that work, those among them that go in circles too. */
  readonly working = $derived(
    this.placed.filter(
      ({ id, section }) => section === 'working' || this.#fleet().states.get(id)?.turn === 'working',
    ).length,
  );
  /** Sessions by section, whatever is filtered. */
  readonly counts = $derived.by(() => {
    const counts: Record<SectionName, number> = { needs: 0, working: 0, yours: 0, recent: 0 };
    for (const { section } of this.placed) counts[section] += 1;
    return counts;
  });
  /** What the filters let through, in order. The same value as before while nothing changes places. */
  readonly blocks = $derived.by(() => {
    const fresh = arrange(this.placed.filter((one) => this.#passes(one)));
    if (!alike(fresh, this.#shown)) this.#shown = fresh;
    return this.#shown;
  });
  /** Number of sessions that the filters let through. */
  readonly total = $derived(rowsOf(this.blocks).length);

  constructor(fleet: () => Fleet, filters: Filters) {
    this.#fleet = fleet;
    this.#filters = filters;
  }

  #passes({ id, section }: Placed): boolean {
    const { host, project, state, coder, text } = this.#filters;
    const row = this.#fleet().rowOf(id);
    return (
      row !== undefined &&
      (state === null || section === state) &&
      (host === null || row.host_ids.includes(host)) &&
      (project === null || projectKey(row) === project) &&
      (coder === null || row.coder === coder) &&
      (text === '' || fits(this.#words(row), text) > 0)
    );
  }

  #words(row: SessionRow): string {
    const hosts = row.host_ids.map((id) => this.#fleet().hostsById.get(id)?.name ?? '');
    return [titleOf(row), row.project_path, row.branch ?? '', ...hosts, row.id].join(' ');
  }

  #groupOf(row: SessionRow, grouping: Grouping | null): Group | null {
    if (grouping === 'coder') return { key: row.coder, name: coderName(row.coder) };
    if (grouping === 'project')
      return { key: projectKey(row), name: lastPart(row.project_path) || 'no project' };
    if (grouping !== 'host') return null;
    const id = row.host_ids[0] ?? '';
    return { key: id, name: this.#fleet().hostsById.get(id)?.name ?? 'removed host' };
  }
}

function alike(a: readonly Block[], b: readonly Block[]): boolean {
  return (
    a.length === b.length &&
    a.every((block, i) => {
      const other = b[i];
      return (
        block.key === other?.key &&
        block.name === other.name &&
        block.ids.length === other.ids.length &&
        block.ids.every((id, at) => id === other.ids[at])
      );
    })
  );
}
