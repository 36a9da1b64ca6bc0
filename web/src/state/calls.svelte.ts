import { joinNewest, joinOlder, renewed } from '../lib/callList';
import { detail, type CallsQuery } from '../wire/detail';
import type { ToolCall } from '../wire/types.gen';
import { Fresh } from './fresh.svelte';
import { inWords } from './list.svelte';

/** Calls asked for at once: of the newest, and of older ones. */
const NEWEST = 60;
const OLDER = 400;
/** Calls that are held at most; older ones are in the archive's reader. */
const MOST = 20_000;
/** Calls of which the outcome is asked for at once. */
const BY_ID = 50;
/** Waits between two questions at least, milliseconds. */
const REST_MS = 1000;

/** Which calls are shown. */
export interface CallsFilter {
  /** Of one tool. */
  readonly name: string | null;
  readonly outcome: 'any' | 'failed' | 'running';
  /** Of a subagent, by its id; `main` for the main conversation only. */
  readonly subagent: string | null;
  readonly text: string;
}

export const EVERY_CALL: CallsFilter = { name: null, outcome: 'any', subagent: null, text: '' };

interface Newest {
  readonly items: readonly ToolCall[];
  readonly running: readonly ToolCall[];
  readonly ended: readonly ToolCall[];
  readonly cursor: string | null;
  readonly turn: number;
}

/** The tool calls of a session and its subagents, newest first, fetched page by page and kept fresh at their head. */
export class Calls {
  filter = $state.raw<CallsFilter>(EVERY_CALL);
  calls = $state.raw<readonly ToolCall[]>([]);
  /** Those without an outcome yet, longest running first. */
  running = $state.raw<readonly ToolCall[]>([]);
  loaded = $state(false);
  more = $state(false);
  loadingOlder = $state(false);

  readonly #id: string;
  readonly #head: Fresh<Newest>;
  #cursor: string | null = null;
  #olderProblem = $state<string | null>(null);
  #turn = 0;
  #fetching: Promise<void> | null = null;
  #ended = false;

  /** `subagent` alone, or all. */
  constructor(id: string, subagent: string | null = null) {
    this.#id = id;
    this.filter = { ...EVERY_CALL, subagent };
    this.#head = new Fresh(() => this.#newest(), REST_MS);
  }

  /** What hinders, in words; `null` when nothing does. */
  get problem(): string | null {
    return this.#olderProblem ?? this.#head.problem;
  }

  /** Says what the calls depend on now. */
  depends(mark: string): void {
    this.#head.depends(mark);
  }

  /** Shows other calls. */
  choose(change: Partial<CallsFilter>): void {
    this.filter = { ...this.filter, ...change };
    this.#turn += 1;
    this.#cursor = null;
    this.#fetching = null;
    this.calls = [];
    this.running = [];
    this.loaded = false;
    this.more = false;
    this.loadingOlder = false;
    void this.again();
  }

  /** Asks at once, also after a problem. */
  async again(): Promise<void> {
    this.#olderProblem = null;
    await this.#head.again();
  }

  /** Fetches older calls; whoever asks while that is on its way waits for the same answer. */
  older(): Promise<void> {
    if (!this.more || this.#ended) return Promise.resolve();
    this.#fetching ??= this.#fetchOlder();
    const mine = this.#fetching;
    void mine.finally(() => {
      if (this.#fetching === mine) this.#fetching = null;
    });
    return mine;
  }

  /** Fetches all there are. */
  async all(): Promise<void> {
    const turn = this.#turn;
    while (this.more && this.problem === null && turn === this.#turn && !this.#ended) await this.older();
  }

  end(): void {
    this.#ended = true;
    this.#head.end();
  }

  async #fetchOlder(): Promise<void> {
    const turn = this.#turn;
    this.loadingOlder = true;
    try {
      const page = await detail.calls(this.#id, { ...this.#asked(), limit: OLDER, cursor: this.#cursor });
      if (turn !== this.#turn || this.#ended) return;
      this.calls = joinOlder(this.calls, page.items);
      this.#goOn(page.next_cursor);
      this.#olderProblem = null;
    } catch (error) {
      if (turn === this.#turn) this.#olderProblem = inWords(error);
    } finally {
      if (turn === this.#turn) this.loadingOlder = false;
    }
  }

  #asked(): CallsQuery {
    const { name, outcome, subagent, text } = this.filter;
    return {
      name,
      is_error: outcome === 'failed' ? true : null,
      running: outcome === 'running' ? true : null,
      subagent,
      q: text.trim() || null,
    };
  }

  async #newest(): Promise<Newest> {
    const turn = this.#turn;
    const asked = this.#asked();
    const none = { items: [], next_cursor: null };
    const [page, running] = await Promise.all([
      detail.calls(this.#id, { ...asked, limit: NEWEST }),
      asked.is_error ? none : detail.calls(this.#id, { ...asked, running: true, limit: BY_ID }),
    ]);
    const told = new Set([...page.items, ...running.items].map(({ id }) => id));
    const left = this.running.filter(({ id }) => !told.has(id)).slice(0, BY_ID);
    const ended =
      left.length === 0 ? none : await detail.calls(this.#id, { id: left.map(({ id }) => id), limit: BY_ID });
    const newest = {
      items: page.items,
      running: running.items,
      ended: ended.items,
      cursor: page.next_cursor,
      turn,
    };
    this.#take(newest);
    return newest;
  }

  #take({ items, running, ended, cursor, turn }: Newest): void {
    if (turn !== this.#turn || this.#ended) return;
    const { calls, anew } = joinNewest(this.calls, items, cursor !== null);
    this.calls = renewed(calls, ended);
    this.running = [...running].reverse();
    if (anew) this.#goOn(cursor);
    this.loaded = true;
  }

  #goOn(cursor: string | null): void {
    this.#cursor = cursor;
    this.more = cursor !== null && this.calls.length < MOST;
  }
}
