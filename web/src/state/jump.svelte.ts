import { api } from '../wire/api';
import type { SearchItem, SearchSession, SessionRow } from '../wire/types.gen';

/** How long a typing hand must rest before the archive is asked, milliseconds. */
const REST_MS = 140;
/** Shorter texts would find everything. */
const SHORTEST = 2;
const MOST_SESSIONS = 5;
const MOST_HITS = 6;

/** A hit with the session that it stands in. */
export interface JumpHit {
  readonly item: SearchItem;
  readonly session: SearchSession | null;
}

/** What the whole archive has for the words of the palette: sessions by title, and what was said. */
export class Jump {
  sessions = $state.raw<readonly SessionRow[]>([]);
  hits = $state.raw<readonly JumpHit[]>([]);
  /** All hits, of which `hits` are the best. */
  total = $state(0);
  loading = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  /** Asks for a text once the hand rests; a newer text ends what is on its way. */
  ask(text: string): void {
    this.stop();
    const clean = text.trim();
    if (clean.length < SHORTEST) {
      this.sessions = [];
      this.hits = [];
      this.total = 0;
      return;
    }
    this.loading = true;
    this.#timer = setTimeout(() => void this.#fetch(clean), REST_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.loading = false;
  }

  async #fetch(text: string): Promise<void> {
    const { signal } = (this.#abort = new AbortController());
    // The palette still works without the archive: what cannot be asked finds nothing.
    const [sessions, found] = await Promise.all([
      api.sessions({ q: text, sort: 'recent', limit: MOST_SESSIONS }, signal).catch(() => null),
      api.search({ q: text, limit: MOST_HITS, loose: true }, signal).catch(() => null),
    ]);
    if (signal.aborted) return;
    this.sessions = sessions?.items ?? [];
    const byId = new Map(found?.sessions.map((session) => [session.id, session]));
    // A title that was found as it stands is among the sessions already.
    const listed = new Set(sessions?.items.map(({ id }) => id));
    const items = (found?.items ?? []).filter(
      ({ role, session_id }) => role !== 'title' || !listed.has(session_id),
    );
    this.hits = items.map((item) => ({ item, session: byId.get(item.session_id) ?? null }));
    this.total = found?.total ?? 0;
    this.loading = false;
  }
}
