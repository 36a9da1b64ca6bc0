const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The texts of the app are English; its times are read on 24 hours and with the day first. */
const LOCALE = 'en-GB';

/** Milliseconds of an RFC 3339 time; `null` for none or for what is not a time. */
export function millis(time: string | null | undefined): number | null {
  if (!time) return null;
  const value = Date.parse(time);
  return Number.isNaN(value) ? null : value;
}

/** A length of time in one unit: `now`, `14 s`, `4 m`, `2 h`, `3 d`. Clocks that differ never give a negative one. */
export function age(ms: number): string {
  if (ms < SECOND) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** `age` of an RFC 3339 time as seen at `now`; a dash for none. */
export function ageOf(time: string | null | undefined, now: number): string {
  const at = millis(time);
  return at === null ? '–' : age(now - at);
}

/** Date and time for a tooltip, in the reader's zone. */
export function full(time: string | null | undefined): string {
  const at = millis(time);
  if (at === null) return 'unknown';
  return new Date(at).toLocaleString(LOCALE, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** Time of day with seconds, in the reader's zone. */
export function clockTime(time: string | number | null | undefined): string {
  const at = typeof time === 'number' ? time : millis(time);
  if (at === null) return '';
  return new Date(at).toLocaleTimeString(LOCALE, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

/** Day and time of day in short, in the reader's zone: `21 Nov, 14:02`. */
export function shortTime(time: string | null | undefined): string {
  const at = millis(time);
  if (at === null) return '–';
  return new Date(at).toLocaleString(LOCALE, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** Day with its year, in the reader's zone, for what may be long ago: `21 Nov 2024`. */
export function longDay(time: string | null | undefined): string {
  const at = millis(time);
  if (at === null) return '–';
  return new Date(at).toLocaleDateString(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** The start of the reader's day that `now` falls in. */
export function startOfDay(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0);
}

/** Time of day, in the reader's zone: `14:02`. */
export function hourMinute(at: number): string {
  return new Date(at).toLocaleTimeString(LOCALE, { hour: '2-digit', minute: '2-digit' });
}
