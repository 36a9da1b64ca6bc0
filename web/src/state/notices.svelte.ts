import { lastPart } from '../lib/format';
import { decide, nextDue, type Reason } from '../lib/notices';
import { paths } from '../lib/paths';
import { ALARMS, TURNS } from '../lib/state';
import { millis } from '../lib/time';
import { operations } from '../wire/operations';
import { needOf } from '../wire/states';
import { titleOf } from '../wire/titles';
import type { NoticeRules } from '../wire/types.gen';
import type { Fleet } from './fleet.svelte';

/** Of several tabs one tells: the one that holds this lock. When it closes, the next gets it. */
const LOCK = 'muster.notices';
/** Where tabs tell each other that someone looks at one of them, and that the rules changed. */
const CHANNEL = 'muster.notices';
/** A tab that is looked at says so at this pace, and is believed twice as long, milliseconds. */
const LOOK_MS = 5000;
/** Who has touched nothing for this long does not look, whatever has the focus, milliseconds. */
const AWAY_MS = 60_000;
/** Whether the browser may show notices. */
type Permission = NotificationPermission | 'unsupported';

/** Notices of this browser: says what needs someone, by the person's own rules, and takes back what is answered. */
export class Notices {
  /** The person's rules; `null` until they are known. */
  rules = $state.raw<NoticeRules | null>(null);
  /** What the browser says to notices. */
  permission = $state<Permission>('unsupported');

  #fleet: Fleet;
  #go: (href: string) => void;
  #leads = false;
  #open = new Map<string, Notification>();
  /** What was told, and from when on it held. */
  #told = new Map<string, number>();
  #channel: BroadcastChannel | null = null;
  #looked = 0;
  #lastLook = 0;
  #touched = Date.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What needed someone before the page was opened is on the page; only what comes later is told. */
  #settled = false;

  constructor(fleet: Fleet, go: (href: string) => void) {
    this.#fleet = fleet;
    this.#go = go;
  }

  /** Tells until the returned function is called. */
  start(): () => void {
    if (!('Notification' in window)) return () => undefined;
    this.permission = Notification.permission;
    void this.load();
    const end = new AbortController();
    this.#listen();
    const touch = () => (this.#touched = Date.now());
    for (const kind of ['pointermove', 'pointerdown', 'keydown']) {
      addEventListener(kind, touch, { signal: end.signal, passive: true });
    }
    // A page in the background is woken by what it hears, seldom by its clock.
    this.#fleet.onstates = () => this.tick(Date.now());
    void this.#queue(end.signal);
    return () => {
      end.abort();
      clearTimeout(this.#timer);
      this.#fleet.onstates = () => undefined;
      this.#channel?.close();
      for (const notice of this.#open.values()) notice.close();
    };
  }

  /** Fetches the rules; without them nothing is told. */
  async load(): Promise<void> {
    this.rules = await operations.noticeRules().catch(() => null);
  }

  /** Keeps new rules, here and in the other tabs. Rejects with `ApiError`. */
  async save(rules: NoticeRules): Promise<void> {
    await operations.putNoticeRules(rules);
    this.rules = rules;
    this.#channel?.postMessage('rules');
  }

  /** Asks the browser for leave. Only a click may call this. */
  async ask(): Promise<void> {
    this.permission = await Notification.requestPermission();
  }

  /** Tells what is due. */
  tick(now: number): void {
    this.#look(now);
    if (!this.#leads || !this.rules || this.permission !== 'granted' || !this.#fleet.loaded) return;
    const reasons = this.#reasons();
    const { show, close } = decide(this.rules, reasons, this.#told, now);
    this.#comeBack(nextDue(this.rules, reasons, now), now);
    for (const key of close) this.#close(key);
    for (const reason of show) this.#told.set(reason.key, reason.since);
    if (!this.#settled) {
      this.#settled = true;
      return;
    }
    // Who looks at Muster sees it there.
    if (now - this.#looked < 2 * LOOK_MS) return;
    for (const reason of show) this.#tell(reason);
  }

  #look(now: number): void {
    if (!document.hasFocus() || now - this.#touched > AWAY_MS || now - this.#lastLook < LOOK_MS) return;
    this.#lastLook = now;
    this.#looked = now;
    this.#channel?.postMessage('looked at');
  }

  #comeBack(due: number | null, now: number): void {
    clearTimeout(this.#timer);
    if (due !== null) this.#timer = setTimeout(() => this.tick(Date.now()), due - now + 1);
  }

  #listen(): void {
    if (!('BroadcastChannel' in window)) return;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.onmessage = ({ data }) => {
      if (data === 'rules') void this.load();
      else this.#looked = Date.now();
    };
  }

  async #queue(signal: AbortSignal): Promise<void> {
    if (!('locks' in navigator)) {
      this.#leads = true;
      return;
    }
    const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const lead = () => {
      this.#leads = true;
      return over;
    };
    // Ended before its turn came: nothing to give back.
    await navigator.locks.request(LOCK, { signal }, lead).catch(() => undefined);
  }

  #reasons(): Reason[] {
    const reasons: Reason[] = [];
    for (const state of this.#fleet.states.values()) {
      const session = state.session_id;
      const project = this.#fleet.sessionsById.get(session)?.project_id ?? null;
      const add = (kind: string, alarm: boolean, since: string) =>
        reasons.push({ key: `${session} ${kind}`, session, kind, alarm, project, since: millis(since) ?? 0 });
      add(state.turn, false, state.since);
      for (const { kind, since } of state.alarms) add(kind, true, since);
    }
    return reasons;
  }

  #tell({ key, session, kind, alarm }: Reason): void {
    const row = this.#fleet.rowOf(session);
    const state = this.#fleet.states.get(session);
    if (!state) return;
    const look = alarm ? ALARMS[kind as keyof typeof ALARMS] : TURNS[kind as keyof typeof TURNS];
    const said = alarm
      ? state.alarms.find((one) => one.kind === kind)?.text
      : (needOf(state)?.ask ?? state.reason);
    const host = this.#fleet.hostsById.get(row?.host_ids[0] ?? '')?.name;
    const where = [host, row && lastPart(row.project_path)].filter(Boolean).join(' · ');
    const body = [said, where].filter(Boolean).join('\n');
    try {
      const notice = new Notification(`${look.word}: ${row ? titleOf(row) : session}`, { body, tag: key });
      notice.onclick = () => {
        window.focus();
        this.#go(paths.session(session));
        notice.close();
      };
      this.#open.set(key, notice);
    } catch {
      // Some phones show notices of installed apps only.
      this.permission = 'unsupported';
    }
  }

  #close(key: string): void {
    this.#open.get(key)?.close();
    this.#open.delete(key);
    this.#told.delete(key);
  }
}
