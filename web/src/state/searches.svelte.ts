import { recall, remember } from '../lib/remember';
import { api } from '../wire/api';
import type { SavedSearch } from '../wire/types.gen';
import { Listing } from './list.svelte';

/** Recent searches kept. */
const MOST_RECENT = 12;

/** Searches that a person saved, and those that they made lately in this browser. */
export class Searches {
  readonly saved = new Listing<SavedSearch>(() => api.searches());
  /** Hits of the saved ones by id, as far as they were counted. */
  hits = $state.raw<ReadonlyMap<string, number>>(new Map());
  recent = $state.raw<readonly string[]>([]);
  #place: string;

  /** `actor`: each keeps their own. */
  constructor(actor: string) {
    this.#place = `searches.${actor}`;
    const stored = recall<unknown>(this.#place, []);
    this.recent = Array.isArray(stored) ? stored.filter((one) => typeof one === 'string') : [];
  }

  /** Fetches the saved searches, and counts what they find, one after the other: nothing waits for it. */
  async load(): Promise<void> {
    await this.saved.load();
    for (const { id, query } of this.saved.items ?? []) await this.#count(id, query);
  }

  async #count(id: string, query: string): Promise<void> {
    // A search that fails has no count: opening it says why.
    const page = await api.search({ q: query, limit: 1 }).catch(() => null);
    if (page) this.hits = new Map([...this.hits, [id, page.total]]);
  }

  /** Notes that a search was of use. What it grew out of, letter by letter, goes. */
  note(query: string): void {
    const clean = query.trim();
    if (clean === '') return;
    const rest = this.recent.filter((one) => one !== clean && !clean.startsWith(one));
    this.recent = [clean, ...rest].slice(0, MOST_RECENT);
    remember(this.#place, this.recent);
  }

  /** Forgets one recent search, or all. */
  drop(query: string | null): void {
    this.recent = query === null ? [] : this.recent.filter((one) => one !== query);
    remember(this.#place, this.recent);
  }

  /** Rejects with `ApiError` when it cannot be saved. */
  async save(name: string, query: string): Promise<void> {
    const made = await api.saveSearch({ name, query });
    const others = (this.saved.items ?? []).filter(({ id }) => id !== made.id);
    this.saved.items = [...others, made];
    void this.#count(made.id, query);
  }

  async forget(id: string): Promise<void> {
    await api.forgetSearch(id);
    this.saved.items = (this.saved.items ?? []).filter((search) => search.id !== id);
  }
}
