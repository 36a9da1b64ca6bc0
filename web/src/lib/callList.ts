import { ticking } from './state';

/** What the order of calls depends on. */
export interface CallLike {
  readonly id: string;
  readonly name: string;
  readonly is_error: boolean | null;
  readonly subagent_id: string | null;
}

/** Calls that are known, newest first, and whether there may be older ones. */
export interface Known<T> {
  readonly calls: readonly T[];
  readonly more: boolean;
}

/**
 * Puts the newest page in front of what is known. Where the two do not meet, calls lie between that nobody asked for:
 * then the page alone is known.
 */
export function joinNewest<T extends CallLike>(known: readonly T[], page: readonly T[], more: boolean) {
  const fresh = new Set(page.map(({ id }) => id));
  const meets = !more || known.some(({ id }) => fresh.has(id));
  if (!meets) return { calls: [...page], anew: true };
  return { calls: [...page, ...known.filter(({ id }) => !fresh.has(id))], anew: known.length === 0 };
}

/** Puts an older page behind what is known. */
export function joinOlder<T extends CallLike>(known: readonly T[], page: readonly T[]): T[] {
  const ids = new Set(known.map(({ id }) => id));
  return [...known, ...page.filter(({ id }) => !ids.has(id))];
}

/** Takes calls as they are now. */
export function renewed<T extends CallLike>(known: readonly T[], now: readonly T[]): T[] {
  const byId = new Map(now.map((call) => [call.id, call]));
  return known.map((call) => byId.get(call.id) ?? call);
}

/** A line of the list: a call, or the subagent whose calls follow. */
export type CallLine<T> =
  | { readonly key: string; readonly kind: 'call'; readonly call: T; readonly pinned: boolean }
  | {
      readonly key: string;
      readonly kind: 'group';
      readonly subagent: string | null;
      readonly calls: number;
      readonly errors: number;
    };

/** Lines of the list: what runs is pinned above; the rest as it comes, or by who called. */
export function callLines<T extends CallLike>(
  running: readonly T[],
  calls: readonly T[],
  grouped: boolean,
): CallLine<T>[] {
  const pinned = new Set(running.map(({ id }) => id));
  const line = (call: T) => ({ key: call.id, kind: 'call', call, pinned: pinned.has(call.id) }) as const;
  const rest = calls.filter(({ id }) => !pinned.has(id));
  const top = running.map(line);
  if (!grouped) return [...top, ...rest.map(line)];
  const groups = new Map<string | null, T[]>();
  for (const call of rest) {
    const group = groups.get(call.subagent_id);
    if (group) group.push(call);
    else groups.set(call.subagent_id, [call]);
  }
  return [
    ...top,
    ...[...groups].flatMap(([subagent, own]): CallLine<T>[] => [
      {
        key: `group:${subagent ?? ''}`,
        kind: 'group',
        subagent,
        calls: own.length,
        errors: own.filter(({ is_error }) => is_error).length,
      },
      ...own.map(line),
    ]),
  ];
}

/** Where a call's bar lies in a window of time that ends now, both from 0 to 1; `null` outside of it. */
export function barOf(
  startedAt: number | null,
  durationMs: number | null,
  now: number,
  windowMs: number,
): { from: number; to: number } | null {
  if (startedAt === null) return null;
  const begin = now - windowMs;
  const end = durationMs === null ? now : startedAt + durationMs;
  if (end < begin || startedAt > now) return null;
  const share = (at: number) => Math.max(0, Math.min(1, (at - begin) / windowMs));
  return { from: share(startedAt), to: share(end) };
}

/** How long a call took, as short as can be: `0.2 s`, `6.4 s`, `48 s`, `1:22:05`. */
export function tookOf(ms: number): string {
  if (ms < 950) return `${(Math.max(0, ms) / 1000).toFixed(ms < 95 ? 2 : 1)} s`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 59_500 ? `${Math.round(ms / 1000)} s` : ticking(ms);
}
