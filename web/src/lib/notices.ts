/** When a person wants to be told, as far as deciding needs it. */
export interface Rules {
  readonly enabled: boolean;
  /** States worth a notice. */
  readonly turns: readonly string[];
  /** Alarms worth a notice. */
  readonly alarms: readonly string[];
  /** Ids of projects; empty for all. */
  readonly projects: readonly string[];
  /** Only what lasts this long, seconds. */
  readonly dwell_seconds: number;
  /** Minutes of the day between which nothing is told; `null` for no such time. */
  readonly quiet_from: number | null;
  readonly quiet_to: number | null;
}

/** A reason to tell someone: a state or an alarm of a session. */
export interface Reason {
  /** Session and kind: one notice for each. */
  readonly key: string;
  readonly session: string;
  /** State or alarm. */
  readonly kind: string;
  readonly alarm: boolean;
  readonly project: string | null;
  /** Since when, milliseconds. */
  readonly since: number;
}

/** What is to be shown and what is over. */
export interface Verdict {
  readonly show: readonly Reason[];
  /** Keys of notices whose reason is gone: answered elsewhere. */
  readonly close: readonly string[];
}

/** Whether a minute of the day is one of the quiet ones; the time may span midnight. */
export function isQuiet({ quiet_from: from, quiet_to: to }: Rules, minute: number): boolean {
  if (from === null || to === null || from === to) return false;
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** The minute of the reader's day. */
export function minuteOf(now: number): number {
  const day = new Date(now);
  return day.getHours() * 60 + day.getMinutes();
}

function wanted(rules: Rules, { kind, alarm, project }: Reason): boolean {
  const kinds = alarm ? rules.alarms : rules.turns;
  if (!kinds.includes(kind)) return false;
  return rules.projects.length === 0 || (project !== null && rules.projects.includes(project));
}

/** When the next reason will have lasted long enough, milliseconds; `null` when none is on its way. */
export function nextDue(rules: Rules, reasons: readonly Reason[], now: number): number | null {
  const due = reasons
    .filter((reason) => wanted(rules, reason))
    .map(({ since }) => since + 1000 * rules.dwell_seconds)
    .filter((at) => at > now);
  return due.length > 0 ? Math.min(...due) : null;
}

/**
 * What to tell, given what holds now and the keys that were told already, each with the time from which it held. A
 * reason that ended and began anew is told anew.
 */
export function decide(
  rules: Rules,
  reasons: readonly Reason[],
  told: ReadonlyMap<string, number>,
  now: number,
): Verdict {
  const standing = new Map(reasons.map((reason) => [reason.key, reason]));
  const close = [...told].filter(([key, since]) => standing.get(key)?.since !== since).map(([key]) => key);
  if (!rules.enabled || isQuiet(rules, minuteOf(now))) return { show: [], close };
  const show = reasons.filter(
    (reason) =>
      told.get(reason.key) !== reason.since &&
      now - reason.since >= 1000 * rules.dwell_seconds &&
      wanted(rules, reason),
  );
  return { show, close };
}
