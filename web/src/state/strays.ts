import { operations } from '../wire/operations';
import type { Fleet } from './fleet.svelte';

/** Rows asked for at most, so that no answer can make a page ask without end. */
const MOST = 100;

/** Fetches the rows of living sessions that are too old for the fleet's snapshot, each once. */
export class Strays {
  #fleet: Fleet;
  #asked = new Set<string>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  tick(): void {
    for (const id of this.#fleet.missing) {
      if (this.#asked.has(id) || this.#asked.size >= MOST) continue;
      this.#asked.add(id);
      // One that cannot be had has been deleted; its state ends by itself.
      operations.session(id).then(
        (session) => this.#fleet.add(session),
        () => undefined,
      );
    }
  }
}
