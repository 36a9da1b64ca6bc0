import { SvelteMap } from 'svelte/reactivity';

import { upsert } from '../lib/keyed';
import { later } from '../lib/later';
import { ACTIVE_MS } from '../lib/sections';
import { millis } from '../lib/time';
import { needOf, type Need } from '../wire/states';
import type { Activity, Host, LiveMessage, SessionRow, SessionState } from '../wire/types.gen';
import type { Connection } from './connection.svelte';
import { begunRow } from '../wire/begun';
import { Pulse } from './pulse.svelte';

/** Rows kept: what a snapshot brings at most. Beyond that the oldest fall out. */
const MOST_ROWS = 500;

/** How long figures may be too high while sessions are deleted one after the other, milliseconds. */
const RECOUNT_MS = 400;

/** Pulses kept: more are of sessions that have long left the list, on a page that is open for weeks. */
const MOST_PULSES = 2 * MOST_ROWS;

const NONE: readonly SessionRow[] = [];

/** A session and why it needs someone. */
export interface NeedOf {
  readonly session: string;
  readonly need: Need;
}

/** A stretch of work: turn after turn, with short pauses between. */
interface Work {
  readonly since: number;
  pausedAt: number | null;
}

/** Hosts and sessions of the fleet, live. */
export class Fleet {
  hosts = $state.raw<Host[]>([]);
  sessions = $state.raw<SessionRow[]>([]);
  /** What living sessions are doing; who reads one is told of that one only. */
  readonly states = new SvelteMap<string, SessionState>();
  /** The first snapshot has arrived. */
  loaded = $state(false);
  /** Sessions with an append in the last minute, and since when. */
  active = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Told when states came or went. */
  onstates: () => void = () => undefined;
  /** All appends together. */
  readonly total = new Pulse();

  readonly hostsById = $derived(new Map(this.hosts.map((host) => [host.id, host])));
  readonly sessionsById = $derived(new Map(this.sessions.map((session) => [session.id, session])));
  /** Sessions that need someone: what blocks first, then who waits longest. */
  readonly needs = $derived(
    [...this.states.values()]
      .flatMap((state): NeedOf[] => {
        const need = needOf(state);
        return need ? [{ session: state.session_id, need }] : [];
      })
      .sort((a, b) => a.need.rank - b.need.rank || a.need.since - b.need.since),
  );
  /** Tokens that all sessions used in the last minute, cache reads left out. */
  readonly tokensPerMinute = $derived(
    [...this.states.values()].reduce((sum, state) => sum + state.tokens_per_minute, 0),
  );
  /** Coders that were started and have written nothing yet: they live, and may need someone, before they have a row. */
  readonly begun: readonly SessionRow[] = $derived.by(() => {
    const rows = [...this.states.values()].flatMap((state) => {
      if (state.has_transcript || this.sessionsById.has(state.session_id)) return [];
      const row = begunRow(state);
      return row ? [row] : [];
    });
    return rows.length === 0 ? NONE : rows;
  });
  /** Everything that Operations lists. */
  readonly listed = $derived(this.begun.length === 0 ? this.sessions : [...this.sessions, ...this.begun]);
  /** Tokens that the known sessions used, ever: it moves when one of them spends. */
  readonly spent = $derived(this.sessions.reduce((sum, { tokens }) => sum + tokens, 0));
  /** Living sessions whose rows did not come: they have been silent for long. Who has said nothing yet has none. */
  readonly missing = $derived(
    this.loaded
      ? [...this.states.values()]
          .filter(({ session_id, has_transcript }) => has_transcript && !this.sessionsById.has(session_id))
          .map(({ session_id }) => session_id)
      : [],
  );

  #pulses = new Map<string, Pulse>();
  #work = new Map<string, Work>();
  #lastAppend = new Map<string, number>();
  #removals = new Set<(ids: readonly string[]) => void>();

  /** Follows the fleet until the returned function is called. */
  follow(connection: Connection): () => void {
    return connection.subscribe('fleet', (messages) => this.receive(messages, Date.now()));
  }

  /** Applies what arrived. Public for tests. */
  receive(messages: readonly LiveMessage[], now: number): void {
    for (const { snapshot, update } of messages) {
      if (snapshot && 'hosts' in snapshot) {
        this.#replaceStates(snapshot.states, now);
        this.#replace(snapshot.hosts, snapshot.sessions, now);
      }
      if (update?.hosts) this.#setHosts(upsert(this.hosts, update.hosts));
      if (update?.removed_hosts) this.#removeHosts(update.removed_hosts);
      if (update?.sessions) this.#setSessions(upsert(this.sessions, update.sessions));
      for (const state of update?.states ?? []) this.#setState(state, now);
      for (const id of update?.ended_states ?? []) this.#endState(id);
      if (update?.removed_sessions) this.forget(update.removed_sessions);
      if (update?.activity) this.#append(update.activity, now);
    }
    if (messages.some(({ snapshot, update }) => snapshot ?? update?.states ?? update?.ended_states)) {
      this.onstates();
    }
  }

  /** Takes sessions off the page: they were deleted from the archive. */
  forget(ids: readonly string[]): void {
    this.sessions = this.sessions.filter(({ id }) => !ids.includes(id));
    for (const id of ids) {
      this.#pulses.delete(id);
      this.#endState(id);
    }
    if (ids.some((id) => this.active.has(id))) {
      this.active = new Map([...this.active].filter(([id]) => !ids.includes(id)));
    }
    for (const listener of this.#removals) listener(ids);
  }

  /** Calls back with sessions that were deleted from the archive, until the returned function is called. */
  eachRemoved(listener: (ids: readonly string[]) => void): () => void {
    this.#removals.add(listener);
    return () => this.#removals.delete(listener);
  }

  /** Calls back soon after sessions were deleted, once for many: figures that counted them are fetched anew. */
  afterRemoved(recount: () => void): () => void {
    const soon = later(RECOUNT_MS, recount);
    const leave = this.eachRemoved(soon);
    return () => {
      leave();
      soon.cancel();
    };
  }

  /** Puts in a row that did not come by itself. */
  add(row: SessionRow): void {
    if (!this.sessionsById.has(row.id)) this.#setSessions([...this.sessions, row]);
  }

  /** Moves sparklines on, and sessions that fell silent out of the active ones. */
  tick(now: number): void {
    this.total.tick(now);
    for (const pulse of this.#pulses.values()) pulse.tick(now);
    if (this.#pulses.size > MOST_PULSES) this.#prune();
    const silent = [...this.active.keys()].filter((id) => now - (this.#lastAppend.get(id) ?? 0) > ACTIVE_MS);
    if (silent.length === 0) return;
    const active = new Map(this.active);
    for (const id of silent) active.delete(id);
    this.active = active;
  }

  /** What is listed under an id. */
  rowOf(id: string): SessionRow | undefined {
    return this.sessionsById.get(id) ?? this.begun.find((row) => row.id === id);
  }

  /** Appends of a session or host; of nothing for an unknown one. */
  pulse(id: string): Pulse | undefined {
    return this.#pulses.get(id);
  }

  /** Since when a session has worked, pauses of up to a minute between its turns left out, milliseconds. */
  workingSince(id: string): number | undefined {
    return this.#work.get(id)?.since;
  }

  #replace(hosts: readonly Host[], sessions: readonly SessionRow[], now: number): void {
    this.#setHosts([...hosts]);
    this.#setSessions([...sessions]);
    const active = new Map<string, number>();
    for (const row of sessions) {
      const last = millis(row.last_activity_at);
      if (last === null || now - last > ACTIVE_MS || row.entries.total === 0) continue;
      active.set(row.id, this.active.get(row.id) ?? last);
      this.#lastAppend.set(row.id, Math.min(last, now));
    }
    this.active = active;
    this.loaded = true;
  }

  #replaceStates(states: readonly SessionState[], now: number): void {
    const living = new Set(states.map(({ session_id }) => session_id));
    for (const id of [...this.states.keys()]) if (!living.has(id)) this.#endState(id);
    for (const state of states) this.#setState(state, now);
  }

  #setState(state: SessionState, now: number): void {
    const id = state.session_id;
    const work = this.#work.get(id);
    const paused = work?.pausedAt ?? null;
    if (state.turn !== 'working') {
      if (work) work.pausedAt ??= now;
    } else if (!work || (paused !== null && now - paused > ACTIVE_MS)) {
      this.#work.set(id, { since: millis(state.since) ?? now, pausedAt: null });
    } else {
      work.pausedAt = null;
    }
    this.states.set(id, state);
  }

  #endState(id: string): void {
    this.states.delete(id);
    this.#work.delete(id);
  }

  #setHosts(hosts: Host[]): void {
    for (const host of hosts) this.#ensure(host.id);
    this.hosts = hosts.sort((a, b) => a.name.localeCompare(b.name));
  }

  #removeHosts(ids: readonly string[]): void {
    for (const id of ids) this.#pulses.delete(id);
    this.hosts = this.hosts.filter((host) => !ids.includes(host.id));
  }

  #setSessions(sessions: SessionRow[]): void {
    const kept = sessions.length > MOST_ROWS ? this.#newest(sessions) : sessions;
    for (const row of kept) this.#ensure(row.id);
    this.sessions = kept;
  }

  #append(activity: readonly Activity[], now: number): void {
    const active = new Map(this.active);
    for (const { host_id, session_id, lines, bytes } of activity) {
      this.total.add(lines, bytes, now);
      this.#ensure(host_id).add(lines, bytes, now);
      if (!session_id) continue;
      this.#ensure(session_id).add(lines, bytes, now);
      this.#lastAppend.set(session_id, now);
      if (!active.has(session_id)) active.set(session_id, now);
    }
    if (active.size !== this.active.size) this.active = active;
  }

  #prune(): void {
    for (const id of this.#pulses.keys()) {
      if (this.sessionsById.has(id) || this.hostsById.has(id)) continue;
      this.#pulses.delete(id);
      this.#lastAppend.delete(id);
    }
  }

  /** Pulses are made when an id first arrives, never while rendering: what rendering creates it does not follow. */
  #ensure(id: string): Pulse {
    let pulse = this.#pulses.get(id);
    if (!pulse) {
      pulse = new Pulse();
      this.#pulses.set(id, pulse);
    }
    return pulse;
  }

  /** Living sessions first, however long they have been silent. */
  #newest(sessions: SessionRow[]): SessionRow[] {
    const at = (row: SessionRow) =>
      this.states.has(row.id) ? Number.POSITIVE_INFINITY : (millis(row.last_activity_at) ?? 0);
    return [...sessions].sort((a, b) => (at(a) === at(b) ? 0 : at(b) - at(a))).slice(0, MOST_ROWS);
  }
}
