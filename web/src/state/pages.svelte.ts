import { api } from '../wire/api';
import type { SessionRow } from '../wire/types.gen';
import type { ListFilters, Sort } from '../lib/listing';
import { inWords } from './list.svelte';

/** Sessions asked for at once. */
const PAGE = 60;

/** What a list of sessions shows. */
export interface Asked extends ListFilters {
  readonly sort: Sort;
  readonly title: string;
}

/** Sessions by filters and order, fetched page by page. A newer question ends the one before. */
export class SessionPages {
  rows = $state.raw<SessionRow[]>([]);
  /** The first page of what is asked now has arrived. */
  loaded = $state(false);
  loading = $state(false);
  /** What hinders, in words; `null` when nothing does. */
  problem = $state<string | null>(null);
  /** There are more pages. */
  more = $state(false);

  #asked: Asked | null = null;
  #cursor: string | null = null;
  #abort: AbortController | null = null;

  /** Shows what is asked, from its first page. What was shown stays until that arrives. */
  async show(asked: Asked): Promise<void> {
    this.#asked = asked;
    this.#cursor = null;
    await this.#fetch(true);
  }

  /** Fetches the next page, unless one is on its way. */
  async next(): Promise<void> {
    if (!this.more || this.loading || this.problem) return;
    await this.#fetch(false);
  }

  /** Asks again for what failed. */
  async retry(): Promise<void> {
    await this.#fetch(this.#cursor === null);
  }

  /** Takes sessions off the list: they were deleted from the archive. */
  forget(ids: readonly string[]): void {
    if (this.rows.some(({ id }) => ids.includes(id))) {
      this.rows = this.rows.filter(({ id }) => !ids.includes(id));
    }
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#abort?.abort();
    this.loading = false;
  }

  async #fetch(first: boolean): Promise<void> {
    if (!this.#asked) return;
    this.#abort?.abort();
    const { signal } = (this.#abort = new AbortController());
    const { host, project, coder, gone, sort, title } = this.#asked;
    const filters = { host, project_id: project, coder, gone, sort, q: title || null };
    this.loading = true;
    this.problem = null;
    try {
      const page = await api.sessions({ ...filters, limit: PAGE, cursor: this.#cursor }, signal);
      const before = first ? [] : this.rows;
      const known = new Set(before.map(({ id }) => id));
      this.rows = [...before, ...page.items.filter(({ id }) => !known.has(id))];
      this.#cursor = page.next_cursor;
      this.more = page.next_cursor !== null;
      this.loaded = true;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = inWords(error);
    }
    if (!signal.aborted) this.loading = false;
  }
}
