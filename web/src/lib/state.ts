/** Who has the turn of a session, as the aggregator names it. */
export type Turn =
  'working' | 'needs_permission' | 'needs_answer' | 'your_turn' | 'done' | 'failed' | 'unknown';

/** What can be wrong with a session or a host, as the aggregator names it. */
export type AlarmName =
  | 'loop'
  | 'stuck'
  | 'burn_rate'
  | 'context'
  | 'usage_limit'
  | 'two_writers'
  | 'lagging'
  | 'offline'
  | 'disk'
  | 'clock';

/** Who says what a session is doing, as the aggregator names it. */
export type SourceName = 'registry' | 'hook' | 'transcript' | 'process' | 'heartbeat';

/** Colour of a state. Amber is kept for what needs a person. */
export type Tone = 'working' | 'needs' | 'yours' | 'done' | 'failed' | 'idle';

/** Picture of a state or an alarm. */
export type Sign = Turn | AlarmName | 'idle';

/** How a state or an alarm is shown, everywhere. */
export interface Look {
  /** On its chip. */
  readonly word: string;
  /** Before the reason, in the sentence that says why. */
  readonly verb: string;
  readonly sign: Sign;
  readonly tone: Tone;
}

const look = (sign: Sign, tone: Tone, word: string, verb = word): Look => ({ word, verb, sign, tone });

/** Words, picture and colour of every turn. */
export const TURNS: Readonly<Record<Turn, Look>> = {
  working: look('working', 'working', 'working'),
  needs_permission: look('needs_permission', 'needs', 'Permission', 'waiting'),
  needs_answer: look('needs_answer', 'needs', 'Question', 'waiting'),
  your_turn: look('your_turn', 'yours', 'your turn'),
  done: look('done', 'done', 'done'),
  failed: look('failed', 'failed', 'failed'),
  unknown: look('unknown', 'idle', 'unknown'),
};

/** Of a session of which nothing is known any more. */
export const IDLE: Look = look('idle', 'idle', 'idle', 'no living process is known');

/** Words, picture and colour of every alarm. */
export const ALARMS: Readonly<Record<AlarmName, Look>> = {
  loop: look('loop', 'needs', 'Loop', 'going in circles'),
  stuck: look('stuck', 'needs', 'Stuck', 'working without progress'),
  burn_rate: look('burn_rate', 'idle', 'Burn rate', 'burning tokens fast'),
  context: look('context', 'idle', 'Context', 'context nearly full'),
  usage_limit: look('usage_limit', 'failed', 'Usage limit', 'stopped by a usage limit'),
  two_writers: look('two_writers', 'idle', 'Two writers', 'two processes write one session'),
  lagging: look('lagging', 'idle', 'Lagging', 'what is shown is old'),
  offline: look('offline', 'idle', 'Offline', 'offline with living sessions'),
  disk: look('disk', 'idle', 'Disk', 'disk nearly full'),
  clock: look('clock', 'idle', 'Clock', 'clock is wrong'),
};

/** What sources are called. */
export const SOURCES: Readonly<Record<SourceName, string>> = {
  registry: 'registry',
  hook: 'hook',
  transcript: 'transcript',
  process: 'process table',
  heartbeat: 'link',
};

/** How long something runs, as a clock: `0:48`, `6:31`, `1:02:10`. */
export function ticking(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
