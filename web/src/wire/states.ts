import { many } from '../lib/format';
import { ALARMS, SOURCES, ticking, TURNS, type Look } from '../lib/state';
import { age, hourMinute, millis } from '../lib/time';
import type { Alarm, AlarmKind, RunningCall, SessionState, TurnState } from './types.gen';

/** Why a session needs a person. */
export interface Need {
  readonly kind: TurnState | AlarmKind;
  readonly look: Look;
  /** Tool that asks; `null` when none does. */
  readonly tool: string | null;
  /** What is asked, or what is wrong; `null` when the word says it all. */
  readonly ask: string | null;
  /** Since when, milliseconds. */
  readonly since: number;
  /** Its place among all needs: permission first. */
  readonly rank: number;
}

const TURN_RANKS: Partial<Record<TurnState, number>> = { needs_permission: 0, needs_answer: 1, failed: 2 };
/** Alarms that a person has to look at; the others only inform. */
const NEEDY: readonly AlarmKind[] = ['loop', 'stuck'];
const ALARM_RANK = 3;

/** What a session needs of a person; `null` for nothing. */
export function needOf(state: SessionState): Need | null {
  const rank = TURN_RANKS[state.turn];
  if (rank !== undefined) {
    const look = { ...TURNS[state.turn], tone: 'needs' as const };
    const word = state.turn === 'failed' ? 'Failed' : look.word;
    const since = millis(state.since) ?? 0;
    return { kind: state.turn, look: { ...look, word }, ...asked(state), since, rank };
  }
  const alarm = state.alarms.find(({ kind }) => NEEDY.includes(kind));
  if (!alarm) return null;
  const since = millis(alarm.since) ?? 0;
  return { kind: alarm.kind, look: ALARMS[alarm.kind], tool: null, ask: alarm.text, since, rank: ALARM_RANK };
}

/** Alarms beside the one for which a session stands under "needs you". */
export function otherAlarms(state: SessionState): Alarm[] {
  const need = needOf(state);
  return state.alarms.filter(({ kind }) => kind !== need?.kind);
}

/** `permission for Bash: rm -rf build` asks, in its own words, `rm -rf build` with `Bash`. */
function asked(state: SessionState): { tool: string | null; ask: string | null } {
  if (state.turn === 'failed') {
    const resets = millis(state.limit_resets_at);
    const reason = state.reason ?? 'its last turn ended by an error';
    // The coder names the time in a zone of its own choice; the reader's is the better one.
    const bare = reason.replace(/ · resets .*$/, '');
    return { tool: null, ask: resets === null ? reason : `${bare} · resets ${hourMinute(resets)}` };
  }
  if (state.turn !== 'needs_permission') return { tool: null, ask: state.reason };
  const own = state.reason?.replace(/^permission (for|to use) /, '') ?? null;
  const cut = own?.match(/^([\w.-]+)(?:: ([\s\S]+))?$/);
  if (!cut) return { tool: null, ask: own };
  const tool = cut[1] ?? null;
  const about = cut[2] ?? state.running.find(({ name }) => name === tool)?.about ?? null;
  return { tool, ask: about };
}

/** The call that a working session is named after: the oldest of the conversation itself. */
function foremost(state: SessionState): RunningCall | undefined {
  return state.running.find(({ subagent_id }) => subagent_id === null);
}

/** What runs beside the turn, in words; empty for nothing. */
export function besides({ background }: SessionState): string {
  const parts = [
    background.subagents > 0 ? many(background.subagents, 'subagent') : '',
    background.shells > 0 ? many(background.shells, 'shell') : '',
  ];
  return parts.filter(Boolean).join(', ');
}

/** What stands on the chip of a session: `Bash 0:48`, `thinking`, `2 subagents`, `your turn`. */
export function chipText(state: SessionState, now: number): string {
  if (state.turn !== 'working') return TURNS[state.turn].word;
  const call = foremost(state);
  if (call) return `${call.name} ${ticking(now - (millis(call.started_at) ?? now))}`;
  return besides(state) || state.reason || TURNS.working.word;
}

/** Who says it and when: `hook, 4 s ago`. */
function said(source: SessionState['source'], at: string, now: number): string {
  const since = now - (millis(at) ?? now);
  return `${SOURCES[source]}, ${since < 1000 ? 'now' : `${age(since)} ago`}`;
}

/** The whole sentence: `waiting · permission for Bash · hook, 4 s ago`. */
export function sentence(state: SessionState, now: number): string {
  return [TURNS[state.turn].verb, state.reason, said(state.source, state.source_at, now)]
    .filter(Boolean)
    .join(' · ');
}

/** What each source says, one line each, the one that counts first. */
export function testimony(state: SessionState, now: number): { who: string; says: string }[] {
  return state.sources.map((fact) => ({ who: said(fact.source, fact.at, now), says: fact.says }));
}
