import { flushSync, mount, tick, unmount, type Component } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { App } from '../../state/app.svelte';
import { Connection } from '../../state/connection.svelte';
import { Detail } from '../../state/detail.svelte';
import type { Entry, Session } from '../../wire/types.gen';
import ToolsPane from '../detail/ToolsPane.svelte';
import ProjectSessions from '../project/ProjectSessions.svelte';
import type { ReaderContext } from '../reader/context';
import ExportDialog from '../reader/ExportDialog.svelte';
import InlineTranscript from '../reader/InlineTranscript.svelte';
import RawLine from '../reader/RawLine.svelte';
import Reader from '../reader/Reader.svelte';
import Inside from './Inside.svelte';

/** What was asked of the aggregator. */
let asked: string[] = [];
let ends: (() => void)[] = [];

const ANSWERS: readonly [RegExp, unknown][] = [
  [/\/export\/review/, { entries: 3, subagents: 0, findings: [], bytes: 10 }],
  [/\/lines\/\d+\/raw/, '{"type":"user"}'],
  [/./, { items: [], next_cursor: null }],
];

beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', (input: URL | string) => {
    const url = String(input);
    asked.push(url.replace(/^.*\/api\/v1\//, ''));
    const answer = ANSWERS.find(([pattern]) => pattern.test(url))?.[1];
    return Promise.resolve(new Response(typeof answer === 'string' ? answer : JSON.stringify(answer)));
  });
});
afterEach(() => {
  for (const end of ends) end();
  ends = [];
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const reader: ReaderContext = {
  session: 'claude-s',
  coder: 'claude',
  subagents: new Map(),
  files: new Map(),
  found: null,
  target: null,
  live: true,
  link: () => '',
  goToTurn: () => {},
  open: null,
};

/** Shows a component where its pages would. */
function put<Props extends Record<string, unknown>>(of: Component<Props>, props: Props) {
  const target = document.body.appendChild(document.createElement('div'));
  const around = { app: new App(() => undefined), reader, detail: new Detail('claude-s') };
  const given = { ...around, of: of as Component<Record<string, unknown>>, props };
  const shown = mount(Inside, { target, props: given });
  ends.push(
    () => void unmount(shown),
    () => target.remove(),
  );
  flushSync();
  return { ...around, target };
}

/** Shows a component, and waits until it has asked for what it shows. */
async function show<Props extends Record<string, unknown>>(
  of: Component<Props>,
  props: Props,
): Promise<void> {
  put(of, props);
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0), 4000);
}

/** Applies a change as the live socket brings it. */
async function bring(change: () => void): Promise<void> {
  change();
  flushSync();
  await tick();
}

const session = (lines: number) => ({ id: 'claude-s', entries: { total: lines } }) as unknown as Session;
const entry = (line: number) => ({ transcript_id: 't', line, bytes: 10, offset: 0 }) as unknown as Entry;

test('the review of an export is not asked for again while its session grows', async () => {
  const props = $state({ session: session(1), onclose: () => undefined });
  await show(ExportDialog, props);
  await bring(() => {
    props.session = session(2);
  });
  await bring(() => {
    props.session = session(3);
  });
  expect(asked).toEqual(['sessions/claude-s/export/review?subagents=true']);
});

test('a raw line is fetched once, however often the rows around it are made anew', async () => {
  const props = $state({ entry: entry(4) });
  await show(RawLine, props);
  await bring(() => {
    props.entry = entry(4);
  });
  expect(asked.length).toBe(1);
  await bring(() => {
    props.entry = entry(5);
  });
  expect(asked.length).toBe(2);
});

test("a subagent's conversation in place is not read anew when the outline is", async () => {
  const props = $state({ agent: { transcript_id: 'a' } });
  const given = {
    get transcript() {
      return props.agent.transcript_id;
    },
  };
  await show(InlineTranscript, given);
  await bring(() => {
    props.agent = { transcript_id: 'a' };
  });
  expect(asked.length).toBe(1);
  await bring(() => {
    props.agent = { transcript_id: 'b' };
  });
  expect(asked.length).toBe(2);
});

test('the sessions of a project are not fetched anew when its figures are', async () => {
  const props = $state({ project: { id: 'p' } });
  const given = {
    get id() {
      return props.project.id;
    },
  };
  await show(ProjectSessions, given);
  await bring(() => {
    props.project = { id: 'p' };
  });
  expect(asked.length).toBe(1);
  await bring(() => {
    props.project = { id: 'q' };
  });
  expect(asked.length).toBe(2);
});

test('a conversation is not opened anew by what else changes in the address', async () => {
  const props = $state({
    address: { query: '', at: 't:4' as string | null, transcript: null as string | null },
  });
  const follow = vi.spyOn(Connection.prototype, 'subscribe');
  put(Reader, {
    sessionId: 'claude-s',
    get at() {
      return props.address.at;
    },
    get transcript() {
      return props.address.transcript;
    },
  });
  expect(follow).toHaveBeenCalledTimes(1);
  await bring(() => {
    props.address = { query: 'typed', at: 't:4', transcript: null };
  });
  await bring(() => {
    props.address = { query: 'typed', at: 't:9', transcript: null };
  });
  expect(follow).toHaveBeenCalledTimes(1);
  await bring(() => {
    props.address = { query: 'typed', at: null, transcript: 'a' };
  });
  expect(follow).toHaveBeenCalledTimes(2);
});

test('words that are typed while another agent is chosen are looked for all the same', async () => {
  vi.useFakeTimers();
  const { detail, target } = put(ToolsPane, { grouped: false, searching: true });
  const field = target.querySelector('input');
  if (!field) throw new Error('there is no field');
  field.value = 'cargo';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await bring(() => detail.calls.choose({ subagent: 'a' }));
  expect(field.value).toBe('cargo');
  await vi.runAllTimersAsync();
  expect(asked.at(-1)).toContain('q=cargo');
});
