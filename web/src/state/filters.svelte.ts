import { searchParams } from 'sv-router';

import { SECTIONS, type SectionName } from '../lib/sections';

/** What the session list can be narrowed down by. */
export const FILTERS = ['host', 'project', 'state', 'coder', 'text'] as const;
/** One of them. */
export type Filter = (typeof FILTERS)[number];

/** What the session list can be grouped by. */
export const GROUPINGS = ['host', 'project', 'coder'] as const;
/** One of them. */
export type Grouping = (typeof GROUPINGS)[number];

/** Names in the address. */
const NAMES: Record<Filter | 'group', string> = {
  host: 'host',
  project: 'project',
  state: 'state',
  coder: 'coder',
  text: 'q',
  group: 'group',
};

/** What the session list shows; kept in the address, so that a teammate can open the same view. */
export class Filters {
  readonly #query = $derived(searchParams.toURLSearchParams());
  /** Id of a host, or all. */
  readonly host = $derived(this.#query.get(NAMES.host));
  /** Id of a project, or its path where it has no id; or all. */
  readonly project = $derived(this.#query.get(NAMES.project));
  /** Section that alone is shown, or all. */
  readonly state = $derived(SECTIONS.find((name) => name === this.#query.get(NAMES.state)) ?? null);
  /** Name of a coder, or all. */
  readonly coder = $derived(this.#query.get(NAMES.coder));
  /** Words of titles, projects, branches and hosts; empty for all. */
  readonly text = $derived(this.#query.get(NAMES.text) ?? '');
  /** What the list is grouped by; `null` for its sections. */
  readonly group = $derived(GROUPINGS.find((name) => name === this.#query.get(NAMES.group)) ?? null);
  readonly any = $derived(FILTERS.some((name) => this.#query.has(NAMES[name])));
  /** As the end of a link, with its question mark; empty when nothing is filtered. Of the address only what filters. */
  readonly search = $derived.by(() => {
    const own = Object.values(NAMES);
    const text = new URLSearchParams([...this.#query].filter(([name]) => own.includes(name))).toString();
    return text ? `?${text}` : '';
  });

  /** Filters by one value, or by none. */
  set(name: Exclude<Filter, 'text'>, value: string | null): void {
    this.#write(NAMES[name], value);
  }

  /** Shows one section alone. */
  only(section: SectionName | null): void {
    this.#write(NAMES.state, section);
  }

  /** Filters by words. What is typed leaves no steps back. */
  type(text: string): void {
    this.#write(NAMES.text, text || null, true);
  }

  /** Groups the list, or no longer. */
  groupBy(grouping: Grouping | null): void {
    this.#write(NAMES.group, grouping);
  }

  /** Filters by a host, or no longer when it is the one already. */
  toggleHost(id: string): void {
    this.set('host', this.host === id ? null : id);
  }

  /** Shows every session. Groups stay. */
  clear(): void {
    for (const name of FILTERS) this.#write(NAMES[name], null);
  }

  #write(name: string, value: string | null, replace = false): void {
    if (value === (this.#query.get(name) ?? null)) return;
    if (value === null) searchParams.delete(name, undefined, { replace });
    else searchParams.set(name, value, { replace });
  }
}
