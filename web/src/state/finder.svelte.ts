import { reading } from '../wire/reader';
import type { FoundPlace } from '../wire/types.gen';
import { inWords } from './list.svelte';

/** How long one must rest before the text is looked for, milliseconds. */
const REST_MS = 220;
/** Answers that are asked for until the count stays as it is. */
const MOST_PAGES = 40;

/** One occurrence: the line, and which one in it, from 0. */
export interface Occurrence {
  readonly place: FoundPlace;
  readonly nth: number;
}

/** Finding a text in one conversation. */
export class Finder {
  readonly session: string;
  readonly transcript: string | null;
  text = $state('');
  /** Upper and lower case are told apart. */
  exact = $state(false);
  places = $state.raw<FoundPlace[]>([]);
  /** Occurrences in all places. */
  total = $state(0);
  /** Number of the current one, from 0; -1 before one was gone to. */
  current = $state(-1);
  busy = $state(false);
  problem = $state<string | null>(null);
  /** What the places are of. */
  found = $state('');
  #turn = 0;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #starts: number[] = [];

  constructor(session: string, transcript: string | null) {
    this.session = session;
    this.transcript = transcript;
  }

  /** Looks for a text a moment after the last key. */
  type(text: string): void {
    this.text = text;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => void this.run(), REST_MS);
  }

  end(): void {
    this.#turn += 1;
    clearTimeout(this.#resting);
  }

  /** Looks for the text now. */
  async run(): Promise<void> {
    clearTimeout(this.#resting);
    const turn = (this.#turn += 1);
    const { text, exact } = this;
    this.#take([]);
    this.current = -1;
    this.found = text;
    this.problem = null;
    this.busy = text !== '';
    try {
      let cursor: string | null = null;
      for (let page = 0; text !== '' && page < MOST_PAGES; page += 1) {
        const answer = await reading.find(this.session, text, exact, this.transcript, cursor);
        if (turn !== this.#turn) return;
        this.#take([...this.places, ...answer.items]);
        cursor = answer.next_cursor;
        if (!cursor) break;
      }
    } catch (error) {
      if (turn === this.#turn) this.problem = inWords(error);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** Goes some occurrences on, around the end; from a line on when none was gone to yet. */
  step(by: number, startsAt: (place: FoundPlace) => boolean): Occurrence | null {
    if (this.total === 0) return null;
    if (this.current < 0) {
      const first = this.places.findIndex(startsAt);
      this.current = first < 0 ? 0 : (this.#starts[first] ?? 0);
      if (by < 0) this.current = (this.current - 1 + this.total) % this.total;
    } else this.current = (this.current + by + this.total) % this.total;
    return this.at(this.current);
  }

  /** An occurrence by its number. */
  at(number: number): Occurrence | null {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= number) low = middle;
      else high = middle - 1;
    }
    const place = this.places[low];
    return place ? { place, nth: number - (this.#starts[low] ?? 0) } : null;
  }

  #take(places: FoundPlace[]): void {
    this.places = places;
    let sum = 0;
    this.#starts = places.map(({ count }) => (sum += count) - count);
    this.total = sum;
  }
}
