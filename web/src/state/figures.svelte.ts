import { ledger } from '../wire/ledger';
import { operations } from '../wire/operations';
import type { Fleet } from './fleet.svelte';

/** Values of a small plot, and how far they lie apart, milliseconds. */
const POINTS = 40;
const POINT_MS = 3000;
/** The wall shows half an hour of each host: so many values, so far apart. */
export const WALL_POINTS = 180;
const WALL_POINT_MS = 10_000;
/** How often the cost of the day is asked for, milliseconds. */
const COST_MS = 60_000;

/** Figures of the fleet over the time that the page has been open, and of its hosts over half an hour. */
export class Figures {
  /** Sessions that work. */
  working = $state.raw<readonly number[]>([]);
  /** Tokens a minute. */
  burn = $state.raw<readonly number[]>([]);
  /** Cost of the reader's day, micro-dollars; `null` until it is known. */
  cost = $state<number | null>(null);
  /** The same over time. */
  costs = $state.raw<readonly number[]>([]);
  /** Lines a second by host, over half an hour. */
  lines = $state.raw<ReadonlyMap<string, readonly number[]>>(new Map());

  #fleet: Fleet;
  #working: () => number;
  #shown = 0;
  #nextPoint = 0;
  #nextWall = 0;
  #nextCost = 0;
  #seen = new Map<string, number>();

  constructor(fleet: Fleet, working: () => number) {
    this.#fleet = fleet;
    this.#working = working;
  }

  /** The cost is on a page until the returned function is called: only then is it asked for. */
  show(): () => void {
    this.#shown += 1;
    return () => {
      this.#shown -= 1;
    };
  }

  /**
   * Fetches what hosts wrote before the page was open, or while it was cut off; from there the page goes on by itself.
   * Without an answer what is there stays.
   */
  async recall(): Promise<void> {
    const recent = await operations.activity().catch(() => null);
    if (recent?.step_ms !== WALL_POINT_MS) return;
    const lines = new Map(this.lines);
    for (const { host_id, lines: steps } of recent.hosts) {
      const first = steps.findIndex((count) => count > 0);
      const known = first < 0 ? [] : steps.slice(first).map((count) => (count / WALL_POINT_MS) * 1000);
      lines.set(host_id, known.slice(-WALL_POINTS));
    }
    this.lines = lines;
  }

  /** Takes the values that are due. */
  tick(now: number): void {
    if (now >= this.#nextPoint) {
      this.#nextPoint = now + POINT_MS;
      this.working = pushed(this.working, this.#working(), POINTS);
      this.burn = pushed(this.burn, this.#fleet.tokensPerMinute, POINTS);
    }
    if (now >= this.#nextWall) {
      const first = this.#nextWall === 0;
      this.#nextWall = now + WALL_POINT_MS;
      this.#takeLines(first);
    }
    if (this.#shown > 0 && now >= this.#nextCost && document.visibilityState === 'visible') {
      this.#nextCost = now + COST_MS;
      void this.#askCost(now);
    }
  }

  #takeLines(first: boolean): void {
    const lines = new Map<string, readonly number[]>();
    for (const { id } of this.#fleet.hosts) {
      const total = this.#fleet.pulse(id)?.total ?? 0;
      const rate = ((total - (this.#seen.get(id) ?? 0)) / WALL_POINT_MS) * 1000;
      this.#seen.set(id, total);
      const before = this.lines.get(id) ?? [];
      lines.set(id, first ? before : pushed(before, rate, WALL_POINTS));
    }
    this.lines = lines;
  }

  /** A failure leaves the last figure: the connection says by itself that it is old. */
  async #askCost(now: number): Promise<void> {
    const day = new Date(now);
    const two = (value: number) => String(value).padStart(2, '0');
    const today = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
    const report = await ledger.usage({ from: today, to: today }).catch(() => null);
    if (!report?.total) return;
    this.cost = report.total.cost_microdollars;
    if (this.cost !== null) this.costs = pushed(this.costs, this.cost, POINTS);
  }
}

function pushed(values: readonly number[], value: number, most: number): readonly number[] {
  return [...values, value].slice(-most);
}
