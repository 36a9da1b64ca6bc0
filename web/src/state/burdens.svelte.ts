import { needOf } from '../wire/states';
import type { SessionState, TurnState } from '../wire/types.gen';
import type { Fleet } from './fleet.svelte';

/** What a mark on the map stands for: one session of a host. */
export type MarkKind = 'needs' | Exclude<TurnState, 'needs_permission' | 'needs_answer' | 'failed'>;

/** What a host carries: its living sessions by what they do. */
export interface Burden {
  /** Sessions that need someone. */
  readonly needs: number;
  /** One for each living session, needs first. */
  readonly marks: readonly MarkKind[];
}

const ORDER: readonly MarkKind[] = ['needs', 'working', 'your_turn', 'unknown', 'done'];
const NOTHING: Burden = { needs: 0, marks: [] };

function kindOf(state: SessionState): MarkKind {
  if (needOf(state)) return 'needs';
  return ORDER.find((kind) => kind === state.turn) ?? 'unknown';
}

/** What hosts carry. */
export class Burdens {
  #fleet: () => Fleet;
  readonly #byHost = $derived.by(() => {
    const fleet = this.#fleet();
    const marks = new Map<string, MarkKind[]>();
    for (const state of fleet.states.values()) {
      // Where it runs; of one without a process, where its transcript lies.
      const host = state.processes[0]?.host_id ?? fleet.sessionsById.get(state.session_id)?.host_ids[0];
      if (!host) continue;
      const own = marks.get(host) ?? [];
      own.push(kindOf(state));
      marks.set(host, own);
    }
    return new Map([...marks].map(([host, own]): [string, Burden] => [host, burden(own)]));
  });

  constructor(fleet: () => Fleet) {
    this.#fleet = fleet;
  }

  of(host: string): Burden {
    return this.#byHost.get(host) ?? NOTHING;
  }
}

function burden(marks: readonly MarkKind[]): Burden {
  const sorted = [...marks].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  return { needs: sorted.filter((kind) => kind === 'needs').length, marks: sorted };
}
