import { inWords } from '../../state/list.svelte';
import { detail } from '../../wire/detail';
import type { CallPlace, Entry } from '../../wire/types.gen';
import { joinCalls, type Call } from '../reader/calls';

/** Calls whose input and outcome are held; the one looked at longest ago is dropped. */
const MOST = 80;

/** A call with its input and outcome, as far as they were fetched. */
export interface Peek {
  readonly call: Call | null;
  readonly problem: string | null;
  /** It had its outcome when it was fetched. */
  readonly ended: boolean;
}

/** What calls were given and what came back, fetched when it is looked at. */
export class Peeks {
  readonly #session: string;
  #held = $state.raw<ReadonlyMap<string, Peek>>(new Map());
  readonly #asked = new Map<string, boolean>();

  constructor(session: string) {
    this.#session = session;
  }

  /** What is known of a call now; `undefined` while it is on its way. */
  of(id: string): Peek | undefined {
    return this.#held.get(id);
  }

  /** Fetches a call, unless that was done since it ended. */
  async look(call: CallPlace): Promise<void> {
    const ended = call.result_line !== null;
    if (this.#asked.get(call.id) === ended) return;
    this.#asked.set(call.id, ended);
    try {
      const lines = await Promise.all([
        detail.line(this.#session, call.transcript_id, call.line),
        call.result_line === null ? null : detail.line(this.#session, call.transcript_id, call.result_line),
      ]);
      const found = lines.filter((entry): entry is Entry => entry !== null);
      const joined = joinCalls(found).calls.get(call.id) ?? null;
      const problem = joined ? null : 'The lines of this call are no longer in the archive.';
      this.#keep(call.id, { call: joined, problem, ended });
    } catch (error) {
      this.#keep(call.id, { call: null, problem: inWords(error), ended });
      this.#asked.delete(call.id);
    }
  }

  #keep(id: string, peek: Peek): void {
    const held = new Map(this.#held);
    held.delete(id);
    held.set(id, peek);
    for (const old of held.keys()) {
      if (held.size <= MOST) break;
      held.delete(old);
      this.#asked.delete(old);
    }
    this.#held = held;
  }
}
