import { ApiError } from '../wire/api';

/** A list that is fetched once and again after changes. */
export class Listing<T> {
  items = $state.raw<T[] | null>(null);
  /** Why it could not be fetched, in words. */
  problem = $state<string | null>(null);
  #fetch: () => Promise<T[]>;

  constructor(fetch: () => Promise<T[]>) {
    this.#fetch = fetch;
  }

  load = async (): Promise<void> => {
    try {
      this.items = await this.#fetch();
      this.problem = null;
    } catch (error) {
      this.problem = inWords(error);
    }
  };
}

/** What went wrong, for a reader. */
export function inWords(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}
