import { inWords } from './list.svelte';

/** Waits between two questions at least, milliseconds. */
const REST_MS = 1500;

/**
 * An answer that is kept fresh without polling: whoever shows it says what it depends on, and it is asked for again
 * when that has changed, not more often than the rest allows. Hidden pages ask when they are seen again.
 */
export class Fresh<T> {
  value = $state.raw<T | null>(null);
  /** What hinders, in words; `null` when nothing does. What was there before stays. */
  problem = $state<string | null>(null);

  readonly #ask: () => Promise<T>;
  readonly #rest: number;
  #mark: string | null = null;
  #askedAt = -Infinity;
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(ask: () => Promise<T>, rest = REST_MS) {
    this.#ask = ask;
    this.#rest = rest;
  }

  /** Nothing is there yet, and nothing hinders. */
  get loading(): boolean {
    return this.value === null && this.problem === null;
  }

  /** Says what the answer depends on now. `known`: whoever shows it has asked by themselves when it first depends. */
  depends(mark: string, { known = false } = {}): void {
    if (mark === this.#mark) return;
    const first = this.#mark === null;
    this.#mark = mark;
    if (known && first) this.#askedAt = performance.now();
    else this.#soon();
  }

  /** Asks at once. */
  async again(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const mark = this.#mark;
    this.#asking = true;
    this.#askedAt = performance.now();
    try {
      const value = await this.#ask();
      if (this.#ended) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (!this.#ended) this.problem = inWords(error);
    } finally {
      this.#asking = false;
    }
    // What changed while the question was on its way is not in the answer.
    if (mark !== this.#mark) this.#soon();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#seen);
  }

  #soon(): void {
    if (this.#asking || this.#timer !== undefined || this.#ended) return;
    if (document.visibilityState === 'hidden') {
      document.addEventListener('visibilitychange', this.#seen, { once: true });
      return;
    }
    const wait = Math.max(0, this.#askedAt + this.#rest - performance.now());
    if (wait === 0) void this.again();
    else this.#timer = setTimeout(() => void this.again(), wait);
  }

  #seen = () => this.#soon();
}
