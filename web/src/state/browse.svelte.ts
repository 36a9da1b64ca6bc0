import { createContext } from 'svelte';

import { listed, type ListFilters, type Names } from '../lib/listing';
import { filterText, join, parse, replace, type Filter } from '../lib/query';
import { paths } from '../lib/paths';
import type { Values } from '../lib/suggest';
import { entryKey } from '../wire/entries';
import type { SearchItem } from '../wire/types.gen';
import { CurrentAddress, writeAddress, type Address } from './address.svelte';
import type { App } from './app.svelte';
import { SessionPages } from './pages.svelte';
import { Search } from './search.svelte';
import { Searches } from './searches.svelte';
import { Tree } from './tree.svelte';

/** Tools of common coders: what is completed before a search told which ones were used. */
const TOOLS = ['Bash', 'Edit', 'Read', 'Write', 'Grep', 'Glob', 'Task', 'WebFetch', 'WebSearch', 'TodoWrite'];

/** The archive: what the address asks for, and what it finds. */
export class Browse {
  readonly tree = new Tree();
  readonly sessions = new SessionPages();
  readonly search = new Search();
  readonly searches: Searches;
  /** Tools that occur in the archive. */
  tools = $state.raw<readonly string[]>(TOOLS);

  readonly #app: App;
  readonly #session: () => string | null;
  readonly #address = new CurrentAddress();
  readonly address: Address = $derived(this.#address.now);

  readonly names: Names = $derived.by(() => ({ hosts: this.#app.fleet.hosts, projects: this.tree.projects }));
  /** Names are known well enough to tell a list from a search. */
  readonly ready = $derived.by(
    () =>
      this.address.query === '' ||
      (this.#app.fleet.loaded && (this.tree.hosts.items !== null || this.tree.hosts.problem !== null)),
  );
  /** What the list is narrowed down to; `null` while the search answers instead. */
  readonly filters: ListFilters | null = $derived.by(() => listed(this.address.query, this.names));
  readonly mode: 'list' | 'search' | 'wait' = $derived.by(() => {
    if (!this.ready) return 'wait';
    return this.filters ? 'list' : 'search';
  });
  /** What may stand behind a filter. */
  readonly values: Values = $derived.by(() => this.#values());

  constructor(app: App, session: () => string | null) {
    this.#app = app;
    this.#session = session;
    this.searches = new Searches(app.account.me?.actor.id ?? '');
  }

  /** Link to the archive as it is shown now, with these changes. */
  link(changes: Partial<Address>, session = this.#session()): string {
    return paths.browse(session, writeAddress({ ...this.address, ...changes }));
  }

  /** Takes sessions that are deleted from the archive off the page, until the returned function is called. */
  follow(): () => void {
    const fleet = this.#app.fleet;
    const leave = fleet.eachRemoved((ids) => {
      this.sessions.forget(ids);
      this.search.forget(ids);
      this.tree.forget(ids);
    });
    const stop = fleet.afterRemoved(() => void this.tree.hosts.load());
    return () => {
      leave();
      stop();
    };
  }

  /** Link to a session from the list or the tree. */
  sessionLink(session: string): string {
    return this.link({ at: null, transcript: null }, session);
  }

  /** Link to a hit. */
  hitLink(item: SearchItem): string {
    const at = item.role === 'title' ? null : entryKey(item);
    const transcript = item.subagent_id ? item.transcript_id : null;
    return this.link({ at, transcript }, item.session_id);
  }

  /** Goes there. While a person types no step back is left. */
  set(changes: Partial<Address>, { replace = false, session = this.#session() } = {}): void {
    const link = this.link(changes, session);
    if (link !== this.link({})) this.#app.go(link, { replace });
  }

  /** Puts a filter in the place of all of these names, or none. */
  scope(names: readonly Filter[], texts: readonly string[]): void {
    this.set({ query: replace(this.address.query, names, texts) });
  }

  /** A host as a filter. */
  hostText(id: string): string {
    return filterText('host', this.#app.fleet.hostsById.get(id)?.name ?? id);
  }

  /** A project as a filter: by its name where that names one project only. */
  projectText(id: string): string {
    const name = this.tree.projects.find((project) => project.id === id)?.name;
    const twins = this.tree.projects.filter((project) => project.name.toLowerCase() === name?.toLowerCase());
    return filterText('project', name !== undefined && twins.length === 1 ? name : id);
  }

  /** The value of a filter for people: names instead of ids. */
  shownValue(filter: Filter, value: string): string {
    if (filter === 'host') return this.#app.fleet.hostsById.get(value)?.name ?? value;
    if (filter === 'project') return this.tree.projects.find(({ id }) => id === value)?.name ?? value;
    return value;
  }

  /** Learns which tools were called, from a search over everything. */
  learn(tools: readonly { readonly value: string }[]): void {
    this.tools = [...new Set([...tools.map(({ value }) => value), ...TOOLS])];
  }

  /** The query in one form, so that spaces alone make no new search. */
  get query(): string {
    return join(parse(this.address.query));
  }

  #values(): Values {
    const rows = this.#app.fleet.sessions;
    const distinct = (values: readonly (string | null)[]) =>
      [...new Set(values)].filter((value): value is string => Boolean(value));
    return {
      host: this.#app.fleet.hosts.map(({ name }) => name),
      project: distinct(this.tree.projects.map(({ name }) => name)),
      coder: distinct(rows.map(({ coder }) => coder)),
      tool: this.tools,
      branch: distinct(rows.map(({ branch }) => branch)),
      model: distinct(rows.map(({ model }) => model)),
      client: distinct(rows.map(({ entrypoint }) => entrypoint)),
    };
  }
}

export const [useBrowse, provideBrowse] = createContext<Browse>();
