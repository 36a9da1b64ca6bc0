import { api, ApiError } from '../wire/api';
import {
  append,
  entryKey,
  HARD_MOST_ENTRIES,
  join,
  MOST_ENTRIES,
  prepend,
  SPARE_ENTRIES,
} from '../wire/entries';
import type { Entry, LiveMessage, Session } from '../wire/types.gen';
import type { Connection } from './connection.svelte';

/** Entries asked for at once when the reader goes back. */
const EARLIER = 200;

/** One session with its conversation, live. */
export class SessionDetail {
  readonly id: string;
  session = $state.raw<Session | null>(null);
  /** Conversation entries in order, without a gap. */
  entries = $state.raw<Entry[]>([]);
  hasEarlier = $state(false);
  loadingEarlier = $state(false);
  /** What hinders, in words; `null` when nothing does. */
  problem = $state<string | null>(null);
  /** Entries appended so far, for followers of the edge. */
  appended = $state(0);
  #known = new Set<string>();

  constructor(id: string) {
    this.id = id;
  }

  /** Follows the session until the returned function is called. */
  follow(connection: Connection): () => void {
    return connection.subscribe(`session:${this.id}`, (messages) => this.receive(messages));
  }

  /** Applies what arrived. Public for tests. */
  receive(messages: readonly LiveMessage[]): void {
    const added: Entry[] = [];
    for (const { snapshot, update, error } of messages) {
      if (error) this.problem = error;
      if (snapshot && 'entries' in snapshot) {
        this.session = snapshot.session;
        this.#restart(snapshot.entries, snapshot.has_earlier);
        added.length = 0;
        this.problem = null;
      }
      if (update?.session) this.session = update.session;
      if (update?.entries) added.push(...update.entries);
    }
    if (added.length > 0) this.#append(added);
  }

  /** Loads the entries before the first one shown. */
  async loadEarlier(): Promise<void> {
    const first = this.entries[0];
    if (!first || !this.hasEarlier || this.loadingEarlier) return;
    this.loadingEarlier = true;
    try {
      const page = await api.entriesBefore(this.id, entryKey(first), EARLIER);
      this.#hold(prepend(this.entries, page.items));
      this.hasEarlier = page.next_cursor !== null;
      this.problem = null;
    } catch (error) {
      this.problem = error instanceof ApiError ? error.message : String(error);
    } finally {
      this.loadingEarlier = false;
    }
  }

  /** Drops the oldest entries beyond the cap. Only for a reader at the live edge: it would move the page of another. */
  trim(): void {
    if (this.entries.length <= MOST_ENTRIES + SPARE_ENTRIES) return;
    this.#hold(this.entries.slice(-MOST_ENTRIES));
    this.hasEarlier = true;
  }

  #restart(latest: Entry[], hasEarlier: boolean): void {
    const before = this.entries.length;
    const joined = join(this.entries, latest);
    this.#hold(joined ?? latest);
    if (!joined || before === 0) this.hasEarlier = hasEarlier;
    this.appended += Math.max(0, this.entries.length - before);
  }

  #hold(entries: Entry[]): void {
    this.entries = entries;
    this.#known = new Set(entries.map(entryKey));
  }

  #append(added: readonly Entry[]): void {
    const before = this.entries.length;
    this.entries = append(this.entries, added, this.#known);
    this.appended += this.entries.length - before;
    if (this.entries.length > HARD_MOST_ENTRIES) this.trim();
  }
}
