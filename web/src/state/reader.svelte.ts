import { Lines, partsOf, placeKey, type Place } from '../wire/lines';
import { reading, type EntriesQuery } from '../wire/reader';
import type { DeletedSession, Entry, LiveMessage, Seam, Session } from '../wire/types.gen';
import type { Connection } from './connection.svelte';
import { inWords } from './list.svelte';

/** Lines asked for at once; the aggregator ends a page earlier when it grows heavy. */
const PAGE = 200;
/** What is held at most: beyond it, pages far from the reader are dropped and can be loaded again. */
const MOST_LINES = 1600;
const MOST_BYTES = 8_000_000;
/** A heavy line counts as what a page can carry of it. */
const MOST_OF_LINE = 240_000;

/** Where the reading begins. */
export type Start = 'start' | 'end' | Place;

/** A session's conversation through a window that moves: from the first line to the last, never all of it. */
export class Reading {
  readonly id: string;
  /** A file that is read by itself, for example a subagent's. */
  transcript = $state<string | null>(null);
  session = $state.raw<Session | null>(null);
  /** Who deleted the session, and when; `null` while it is there. */
  deleted = $state.raw<DeletedSession | null>(null);
  seams = $state.raw<Seam[]>([]);
  lines = $state.raw(new Lines([]));
  /** Entries of the window, in order and without a gap. */
  entries = $state.raw<Entry[]>([]);
  /** Number of the window's first line. */
  first = $state(0);
  /** What hinders, in words; `null` when nothing does. */
  problem = $state<string | null>(null);
  /** The first answer is there. */
  ready = $state(false);
  loading = $state<'before' | 'after' | 'jump' | null>(null);
  /** Counts windows that have nothing to do with the one before. */
  jumps = $state(0);
  #started = false;
  #ended = false;
  #turn = 0;
  /** The reader is at the end, and there is more than was read. */
  #waits = false;
  readonly #start: Start;

  constructor(id: string, transcript: string | null, start: Start) {
    this.id = id;
    this.transcript = transcript;
    this.#start = start;
  }

  /** Whether the reading was opened at this place. */
  beganAt(place: Place): boolean {
    return typeof this.#start !== 'string' && placeKey(this.#start) === placeKey(place);
  }

  /** Number of the line after the window. */
  get end(): number {
    return this.first + this.entries.length;
  }

  get atEnd(): boolean {
    return this.end >= this.lines.total;
  }

  /** Follows the session until the returned function is called. */
  follow(connection: Connection): () => void {
    const leave = connection.subscribe(`session:${this.id}`, (messages) => this.receive(messages));
    return () => {
      this.#ended = true;
      leave();
    };
  }

  /** Applies what arrived: the lines themselves are asked for when the reader comes to them. Public for tests. */
  receive(messages: readonly LiveMessage[]): void {
    for (const { snapshot, update, error } of messages) {
      if (error) this.problem = error;
      if (snapshot && 'entries' in snapshot) this.#take(snapshot.session);
      if (snapshot && 'deleted' in snapshot) this.#lose(snapshot.deleted);
      if (update?.entries) this.#hear(update.entries);
      if (update?.session) this.#take(update.session);
      if (update?.deleted) this.#lose(update.deleted);
    }
    if (this.session) this.take(this.session);
  }

  /** Takes the session as another follower of it knows it. */
  take(session: Session): void {
    this.session = session;
    if (!this.#started) void this.#open(session);
    else void this.#grow(session);
  }

  #take(session: Session): void {
    this.session = session;
    this.deleted = null;
  }

  /**
   * Lines were appended: whoever reads the end shows them at once where they carry their content, and asks for the
   * rest, before the session's own numbers tell of them.
   */
  #hear(entries: readonly Entry[]): void {
    if (!this.ready) return;
    const reads = this.atEnd;
    this.lines = this.lines.grown(
      entries.map((entry) => ({ id: entry.transcript_id, lines: entry.line + 1 })),
    );
    if (reads && !this.loading) this.#append(entries);
    this.#waits = (this.#waits || reads) && !this.atEnd;
  }

  /** Puts those to the end of the window that follow it without a gap. */
  #append(entries: readonly Entry[]): void {
    const next = entries.filter((entry) => (this.lines.index(here(entry)) ?? -1) >= this.end);
    const gap = next.findIndex((entry, i) => !entry.blocks || this.lines.index(here(entry)) !== this.end + i);
    this.#join(gap < 0 ? next : next.slice(0, gap));
  }

  /** Nothing that was read stays on the page, and what is still on its way is not shown. */
  #lose(deleted: DeletedSession): void {
    this.deleted = deleted;
    this.session = null;
    this.entries = [];
    this.lines = new Lines([]);
    this.seams = [];
    this.first = 0;
    this.problem = null;
    this.loading = null;
    this.#turn += 1;
    this.#started = false;
    this.ready = false;
  }

  /** Begins anew after a problem. */
  async again(): Promise<void> {
    this.problem = null;
    if (this.session && this.lines.total === 0) await this.#open(this.session);
    else await this.jump(this.first);
  }

  async #open(session: Session): Promise<void> {
    this.#started = true;
    try {
      this.#chooseFile(session);
      this.seams = this.transcript ? [] : await reading.seams(this.id);
      const first = this.transcript ?? (await this.#firstFile(session));
      this.lines = new Lines(first === null ? [] : partsOf(first, this.seams, session.transcripts));
      const at =
        this.#start === 'start' ? 0 : this.#start === 'end' ? Infinity : this.lines.index(this.#start);
      if (at === null) await this.#strange(this.#start as Place);
      else await this.jump(at);
    } catch (error) {
      this.problem = inWords(error);
    } finally {
      this.ready = true;
    }
  }

  /** A link to a line of a subagent leads to the subagent's own file. */
  #chooseFile(session: Session): void {
    if (this.transcript !== null || typeof this.#start === 'string') return;
    const { transcript } = this.#start;
    const file = session.transcripts.find(({ id }) => id === transcript);
    if (file && file.kind !== 'main') this.transcript = transcript;
  }

  /** The file that the conversation begins in: the one main file that goes on from no other. */
  async #firstFile(session: Session): Promise<string | null> {
    const later = new Set(this.seams.map((seam) => seam.transcript_id));
    const mains = session.transcripts.filter(({ kind, id }) => kind === 'main' && !later.has(id));
    if (mains.length === 1) return mains[0]?.id ?? null;
    const page = await reading.entries(this.id, { limit: 1, detail: 'preview' });
    return page.items[0]?.transcript_id ?? null;
  }

  /** A place that only the aggregator can find: a copy of a line that stands elsewhere in the conversation. */
  async #strange(place: Place): Promise<void> {
    await this.#load('jump', { around: placeKey(place) }, (items) => this.#land(items));
  }

  /** Takes the session as it is now; whoever reads its end reads on. */
  async #grow(session: Session): Promise<void> {
    const reads = this.atEnd || this.#waits;
    this.lines = this.lines.grown(session.transcripts);
    this.#waits = reads && !this.atEnd;
    if (this.#waits) await this.loadAfter();
  }

  /** Moves the window to a line, with one request. A window that holds it already stays. */
  async jump(index: number): Promise<void> {
    const target = Math.max(0, Math.min(index, this.lines.total - 1));
    if (target >= this.first && target < this.end) return;
    const place = this.lines.place(target);
    if (place) await this.#load('jump', { around: placeKey(place) }, (items) => this.#land(items));
  }

  #land(items: Entry[]): void {
    const first = items[0] && this.lines.index(here(items[0]));
    if (first === undefined || first === null) return;
    this.first = first;
    this.entries = items;
    this.jumps += 1;
  }

  /** Loads the lines before the window. */
  async loadBefore(): Promise<void> {
    const first = this.entries[0];
    if (!first || this.first === 0 || this.loading) return;
    await this.#load('before', { before: placeKey(here(first)) }, (items) => {
      const joined = [...items, ...this.entries];
      this.first -= items.length;
      this.entries = joined.slice(0, heldFrom(joined));
    });
  }

  /** Loads the lines after the window. */
  async loadAfter(): Promise<void> {
    const last = this.entries.at(-1);
    if (this.loading || this.atEnd) return;
    if (!last) return this.jump(Infinity);
    await this.#load('after', { after: placeKey(here(last)) }, (items) => {
      this.#join(items);
      this.#waits &&= !this.atEnd;
      // The numbers can be ahead of what can be read yet: the next message asks again.
      if (items.length === 0) this.#waits = true;
    });
  }

  /** The window goes on with these lines; what is too far before them is let go. */
  #join(items: readonly Entry[]): void {
    if (items.length === 0) return;
    const joined = [...this.entries, ...items];
    const kept = heldFrom([...joined].reverse());
    this.first += joined.length - kept;
    this.entries = joined.slice(joined.length - kept);
  }

  /** One request at a time; a jump overtakes, and what it overtook is thrown away. */
  async #load(
    kind: NonNullable<typeof this.loading>,
    place: Partial<EntriesQuery>,
    apply: (items: Entry[]) => void,
  ): Promise<void> {
    const turn = (this.#turn += 1);
    const current = () => turn === this.#turn && !this.#ended;
    this.loading = kind;
    let found = 0;
    try {
      const asked = { transcript: this.transcript, limit: PAGE, detail: 'full', ...place } as const;
      const { items } = await reading.entries(this.id, asked);
      if (!current()) return;
      found = items.length;
      apply(items);
      this.problem = null;
    } catch (error) {
      if (current()) this.problem = inWords(error);
    } finally {
      if (current()) this.loading = null;
    }
    if (current() && this.#waits && found > 0) await this.loadAfter();
  }
}

/** Where an entry stands. */
export function here(entry: Pick<Entry, 'transcript_id' | 'line'>): Place {
  return { transcript: entry.transcript_id, line: entry.line };
}

/** How many of the first entries fit into what is held. */
function heldFrom(entries: readonly Entry[]): number {
  let bytes = 0;
  let held = 0;
  for (const entry of entries) {
    bytes += entry.blocks?.length ? Math.min(entry.bytes, MOST_OF_LINE) : 200;
    if (held >= MOST_LINES || (bytes > MOST_BYTES && held >= PAGE)) break;
    held += 1;
  }
  return held;
}
