import { createContext } from 'svelte';

import type { Place } from '../../wire/lines';
import type { Entry, Subagent, Transcript } from '../../wire/types.gen';

/** What everything inside of a reader shares. */
export interface ReaderContext {
  /** Id of the session. */
  readonly session: string;
  readonly coder: string;
  /** The session's subagents by their id. */
  readonly subagents: ReadonlyMap<string, Subagent>;
  /** The session's files by their id. */
  readonly files: ReadonlyMap<string, Transcript>;
  /** Line whose folds stand open, because something was found in it. */
  readonly found: Place | null;
  /** The line that a link leads to. */
  readonly target: Place | null;
  /** The end of the conversation is in view: what has no outcome yet runs. */
  readonly live: boolean;
  /** A link to an entry, absolute. */
  link(entry: Entry): string;
  /** Brings the prompt of a turn into view, by the turn's number. */
  goToTurn(number: number): void;
  /** Opens a file of the session by itself; nothing where the page cannot. */
  open: ((transcript: string) => void) | null;
}

export const [useReader, provideReader] = createContext<ReaderContext>();
