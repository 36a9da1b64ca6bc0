import { parse, type Term } from './query';

/** Orders of the list of sessions, with their names. */
export const SORTS = {
  recent: 'Latest activity',
  title: 'Title',
  prompts: 'Most prompts',
  tokens: 'Most tokens',
  cost: 'Highest cost',
  entries: 'Longest',
} as const;

/** An order of the list of sessions. */
export type Sort = keyof typeof SORTS;

/** What the list of sessions is narrowed down to. */
export interface ListFilters {
  readonly host: string | null;
  readonly project: string | null;
  readonly coder: string | null;
  readonly gone: boolean | null;
}

/** A name and the id behind it. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** What names in a query can stand for. */
export interface Names {
  readonly hosts: readonly Named[];
  readonly projects: readonly Named[];
}

/** The one thing that a value names: by id, by whole name, else by its beginning when nothing else begins so. */
export function resolve(value: string, all: readonly Named[]): Named | null {
  const wanted = value.toLowerCase();
  const exact = all.filter(({ id, name }) => id === value || name.toLowerCase() === wanted);
  if (exact.length > 0) return only(exact);
  return only(all.filter(({ name }) => name.toLowerCase().startsWith(wanted)));
}

function only(found: readonly Named[]): Named | null {
  const ids = new Set(found.map(({ id }) => id));
  return ids.size === 1 ? (found[0] ?? null) : null;
}

/**
 * The filters of a query that asks for sessions rather than for something in them; `null` when the search must answer
 * it, because it holds words, or filters that a list does not have.
 */
export function listed(query: string, names: Names): ListFilters | null {
  const filters: { -readonly [K in keyof ListFilters]: ListFilters[K] } = {
    host: null,
    project: null,
    coder: null,
    gone: null,
  };
  for (const term of parse(query)) {
    if (!take(term, filters, names)) return null;
  }
  return filters;
}

function take(
  term: Term,
  filters: { -readonly [K in keyof ListFilters]: ListFilters[K] },
  names: Names,
): boolean {
  if (term.filter === 'is' && term.value.toLowerCase() === 'gone' && filters.gone === null) {
    filters.gone = !term.excludes;
    return true;
  }
  if (term.excludes) return false;
  if (term.filter === 'host' || term.filter === 'project') {
    const found = resolve(term.value, term.filter === 'host' ? names.hosts : names.projects);
    if (!found || filters[term.filter] !== null) return false;
    filters[term.filter] = found.id;
    return true;
  }
  if (term.filter === 'coder' && filters.coder === null) {
    filters.coder = term.value.toLowerCase();
    return true;
  }
  return false;
}
