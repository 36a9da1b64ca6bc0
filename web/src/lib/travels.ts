/** How long a pulse is on its way, milliseconds. */
export const TRAVEL_MS = 900;
/** Pulses on one edge at once; more would be a blur. Where many edges share the map, one each is enough to see. */
const MOST = 3;
const MOST_DENSE = 1;

/** Pulses that travel along the edges of a map: one for each update that told of appends. */
export class Travels {
  /** When the pulses of an edge began, the oldest first. */
  readonly #begun = new Map<string, number[]>();
  readonly #beats = new Map<string, number>();

  /** An edge has had so many beats: a new one begins to travel. The first count that is heard is only remembered. */
  hear(id: string, beats: number, now: number, dense: boolean): void {
    const before = this.#beats.get(id);
    this.#beats.set(id, beats);
    if (before === undefined || beats <= before) return;
    const begun = this.#begun.get(id) ?? [];
    if (begun.length >= (dense ? MOST_DENSE : MOST)) return;
    this.#begun.set(id, [...begun, now]);
  }

  /** How far the pulses of each edge have come, 0 to 1. Those that have arrived are gone. */
  at(now: number): ReadonlyMap<string, readonly number[]> {
    const shares = new Map<string, readonly number[]>();
    for (const [id, begun] of this.#begun) {
      const left = begun.filter((since) => now - since < TRAVEL_MS);
      if (left.length === 0) this.#begun.delete(id);
      else this.#begun.set(id, left);
      if (left.length > 0)
        shares.set(
          id,
          left.map((since) => eased((now - since) / TRAVEL_MS)),
        );
    }
    return shares;
  }

  /** Nothing is on its way. */
  get still(): boolean {
    return this.#begun.size === 0;
  }

  /** Forgets edges that are not on the map. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#beats.keys()) {
      if (ids.has(id)) continue;
      this.#beats.delete(id);
      this.#begun.delete(id);
    }
  }
}

/** Slow at both ends. */
function eased(share: number): number {
  const inside = Math.max(0, Math.min(1, share));
  return inside * inside * (3 - 2 * inside);
}
