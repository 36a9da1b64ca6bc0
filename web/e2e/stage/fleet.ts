import { doing, host, row } from '../../src/wire/testing.ts';
import type { Host, RunningCall, SessionRow, SessionState } from '../../src/wire/types.gen.ts';

/** What a page is shown: hosts, sessions and what they do. */
export interface Scene {
  readonly hosts: Host[];
  readonly sessions: SessionRow[];
  readonly states: SessionState[];
}

const MINUTE = 60_000;
const GIGABYTE = 1e9;

/** A running call of the conversation itself. */
export function call(name: string, seconds: number, about: string | null = null): RunningCall {
  const started_at = new Date(Date.now() - 1000 * seconds).toISOString();
  return { id: `${name}-${seconds}`, name, about, started_at, subagent_id: null };
}

function machine(name: string, os: string, load: number, change: Partial<Host> = {}): Host {
  const state_since = new Date(Date.now() - 130 * MINUTE).toISOString();
  const memory_total_bytes = 32 * GIGABYTE;
  return host(name, {
    os,
    load,
    state_since,
    memory_total_bytes,
    processors: 8,
    hooks: 'all',
    reports_coders: true,
    ...change,
  });
}

/** Eight hosts as in a team: one lags, one is offline. */
export function teamHosts(): Host[] {
  const alarm = {
    kind: 'disk' as const,
    since: new Date(Date.now() - 5 * MINUTE).toISOString(),
    text: '4 % of its disk is free',
  };
  return [
    machine('mac-studio', 'macos', 0.68),
    machine('vm-api', 'linux', 0.41),
    machine('ml-box', 'linux', 0.93),
    machine('vm-frontend', 'linux', 0.34),
    machine('win-build', 'windows', 0.57, { alarms: [alarm] }),
    machine('vm-data', 'linux', 0.22),
    machine('pi-embedded', 'linux', 0.81, { state: 'lagging', lag_ms: 14_000 }),
    machine('nas', 'linux', 0, { state: 'offline', load: null }),
  ];
}

interface Told {
  readonly title: string;
  readonly on: string;
  readonly project: string;
  readonly branch: string;
  readonly minutes: number;
  readonly turn: SessionState['turn'] | null;
  readonly does?: Partial<SessionState>;
  readonly is?: Partial<SessionRow>;
}

function tell(id: string, told: Told): { session: SessionRow; state: SessionState | null } {
  const at = Date.now() - told.minutes * MINUTE;
  const session = row(id, told.turn === 'working' ? Date.now() : at, {
    title: told.title,
    host_ids: [told.on],
    project_path: `/srv/${told.project}`,
    project_id: told.project,
    branch: told.branch,
    entrypoint: 'cli',
    client_version: '2.1.329',
    context_tokens: 84_000,
    tokens: 412_000,
    cost_microdollars: 6_180_000,
    ...told.is,
  });
  const used = { context_window: 200_000, tokens_per_minute: told.turn === 'working' ? 30_000 : 0 };
  const state = told.turn && doing(id, told.turn, at, { ...used, ...told.does });
  return { session, state };
}

const alarmAt = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();

/** Fourteen sessions: three need someone, seven work, two have yielded, two are over. */
export function team(): Scene {
  const loop = { kind: 'loop' as const, since: alarmAt(23), text: 'same linker error, 6 times in 9 m' };
  const full = { kind: 'context' as const, since: alarmAt(3), text: '86 % of the context is used' };
  const subagents = { background: { subagents: 2, shells: 0 } };
  const told: Told[] = [
    { title: 'Migrate billing webhooks to v2', on: 'vm-api', project: 'payments-api', branch: 'feat/webhooks-v2', minutes: 4, turn: 'needs_permission', does: { reason: 'permission for Bash: psql -f 0042_webhooks.sql', source: 'hook' }, is: { entrypoint: 'claude-vscode', context_tokens: 142_000 } },
    { title: 'Pick an embedding cache layout', on: 'ml-box', project: 'recsys', branch: 'exp/embed-cache', minutes: 11, turn: 'needs_answer', does: { reason: 'Parquet or LMDB for the index?' }, is: { context_tokens: 96_000, cost_microdollars: 3_020_000, tokens: 196_000 } },
    { title: 'Cross-compile sensor firmware', on: 'pi-embedded', project: 'sensor-fw', branch: 'fix/musl-static', minutes: 41, turn: 'working', does: { alarms: [loop, full], running: [call('Bash', 31)] }, is: { coder: 'codex', context_tokens: 172_000, tokens: 734_000, cost_microdollars: 4_900_000 } },
    { title: 'Fix flaky rate-limit tests', on: 'mac-studio', project: 'gateway', branch: 'fix/rate-limit-flake', minutes: 41, turn: 'working', does: { running: [call('Bash', 48, 'cargo nextest run -p limiter')] }, is: { tokens: 1_240_000, cost_microdollars: 9_470_000, context_tokens: 124_000 } },
    { title: 'Split checkout form into steps', on: 'vm-frontend', project: 'storefront', branch: 'feat/checkout-steps', minutes: 26, turn: 'working', does: { running: [call('Edit', 1)] }, is: { entrypoint: 'claude-vscode', cost_microdollars: 2_710_000 } },
    { title: 'Tune LoRA evaluation harness', on: 'ml-box', project: 'recsys', branch: 'exp/lora-eval', minutes: 60, turn: 'working', does: { running: [call('Bash', 130)] }, is: { context_tokens: 108_000 } },
    { title: 'Add partner client from OpenAPI', on: 'vm-api', project: 'payments-api', branch: 'feat/partner-client', minutes: 8, turn: 'working', does: { running: [call('Read', 2)] }, is: { entrypoint: 'remote', context_tokens: 38_000 } },
    { title: 'Port the installer to WiX 5', on: 'win-build', project: 'desktop-app', branch: 'build/wix5', minutes: 34, turn: 'working', does: { reason: 'thinking' }, is: { coder: 'codex', context_tokens: 88_000 } },
    { title: 'Backfill order totals in batches', on: 'vm-data', project: 'warehouse', branch: 'chore/backfill-totals', minutes: 52, turn: 'working', does: { running: [call('Bash', 391)] }, is: { context_tokens: 54_000, cost_microdollars: 1_120_000 } },
    { title: 'Cut dev-server cold start', on: 'mac-studio', project: 'storefront', branch: 'perf/cold-start', minutes: 17, turn: 'working', does: subagents, is: { entrypoint: 'claude-desktop', context_tokens: 66_000 } },
    { title: 'Draft ADR 17: event sourcing', on: 'mac-studio', project: 'storefront', branch: 'docs/adr-17', minutes: 3, turn: 'your_turn', does: {}, is: { entrypoint: 'claude-desktop', cost_microdollars: 1_400_000 } },
    { title: 'Review Dockerfile cache layers', on: 'vm-frontend', project: 'infra', branch: 'main', minutes: 14, turn: 'your_turn', does: { background: { subagents: 0, shells: 1 } }, is: { entrypoint: 'remote', context_tokens: 24_000, cost_microdollars: 520_000 } },
    { title: 'Upgrade Postgres driver to 0.9', on: 'vm-api', project: 'payments-api', branch: 'deps/pg-driver', minutes: 22, turn: 'done', does: {} },
    { title: 'Sweep unused feature flags', on: 'win-build', project: 'desktop-app', branch: 'chore/flags', minutes: 95, turn: null },
  ]; // prettier-ignore
  const all = told.map((one, i) => tell(`claude-${String(i).padStart(8, '0')}`, one));
  return {
    hosts: teamHosts(),
    sessions: all.map(({ session }) => session),
    states: all.flatMap(({ state }) => (state ? [state] : [])),
  };
}

/** The same team with nothing that needs anyone. */
export function calm(): Scene {
  const scene = team();
  const states = scene.states.filter(({ turn, alarms }) => !turn.startsWith('needs') && alarms.length === 0);
  return { ...scene, states };
}

const TURNS = ['working', 'working', 'your_turn', 'done', 'working', 'unknown'] as const;

/** Many hosts with many sessions; every `needy`th session needs someone. */
export function crowd(hosts: number, sessions: number, needy = 17): Scene {
  const machines = Array.from({ length: hosts }, (_, i) => {
    const state = i % 19 === 18 ? 'offline' : i % 23 === 22 ? 'lagging' : 'online';
    const os = ['linux', 'linux', 'macos', 'windows'][i % 4] ?? 'linux';
    const load = state === 'offline' ? null : ((i * 37) % 100) / 100;
    return machine(`build-${String(i + 1).padStart(2, '0')}`, os, load ?? 0, { state, load, lag_ms: 8000 });
  });
  const all = Array.from({ length: sessions }, (_, i) => {
    const needs = i % needy === 0;
    const turn = needs
      ? i % 2
        ? 'needs_answer'
        : 'needs_permission'
      : (TURNS[i % TURNS.length] ?? 'working');
    const reason = needs ? 'permission for Bash: make release' : null;
    return tell(`claude-${String(i).padStart(8, '0')}`, {
      title: `Session ${i} of a long list`,
      on: machines[i % hosts]?.id ?? '',
      project: `project-${i % 12}`,
      branch: `feat/part-${i % 40}`,
      minutes: 1 + ((i * 7) % 90),
      turn,
      does: { reason, running: turn === 'working' ? [call('Bash', (i * 13) % 300)] : [] },
    });
  });
  return {
    hosts: machines,
    sessions: all.map(({ session }) => session),
    states: all.flatMap(({ state }) => (state ? [state] : [])),
  };
}
