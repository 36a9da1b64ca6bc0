import { describe, expect, test } from 'vitest';

import { lookOf } from '../../lib/tools';
import type { Decider, Entry } from '../../wire/types.gen';
import type { Call, Result, Use } from './calls';
import {
  answerOf,
  commandOf,
  decisionOf,
  filesOf,
  mcpOf,
  outputOf,
  plainOutput,
  plainWords,
  viewOf,
} from './tooling';

const entry = (time: string | null) => ({ transcript_id: 't', line: 1, time }) as Entry;

function call(name: string, input: unknown, result?: Partial<Result>): Call {
  const use: Use = { type: 'tool_use', id: 'a', name, input, cut: false };
  const block: Result = {
    type: 'tool_result',
    tool_use_id: 'a',
    is_error: false,
    text: '',
    detail: null,
    cut: false,
    subagent_id: null,
    permission: null,
    ...result,
  };
  const outcomes = result ? [{ entry: entry('2026-11-01T10:00:08.400Z'), block }] : [];
  return { id: 'a', entry: entry('2026-11-01T10:00:00Z'), use, outcomes };
}

test.each([
  ['Bash', 'command'],
  ['shell', 'command'],
  ['exec_command', 'command'],
  ['run_shell_command', 'command'],
  ['MultiEdit', 'edit'],
  ['apply_patch', 'edit'],
  ['replace', 'edit'],
  ['write_file', 'edit'],
  ['NotebookEdit', 'edit'],
  ['read_file', 'read'],
  ['Grep', 'search'],
  ['google_web_search', 'web'],
  ['Agent', 'subagent'],
  ['Task', 'subagent'],
  ['TaskCreate', 'todo'],
  ['update_plan', 'todo'],
  ['AskUserQuestion', 'question'],
  ['request_user_input', 'question'],
  ['web_search', 'web'],
  ['spawn_agent', 'subagent'],
  ['wait_agent', 'agents'],
  ['tool_search', 'search'],
  ['ExitPlanMode', 'plan'],
  ['mcp__linear__create_issue', 'other'],
  ['SomethingNew', 'other'],
])('%s looks like a %s', (name, look) => {
  expect(lookOf(name)).toBe(look);
});

test('a command is shown as it is typed, whichever coder ran it', () => {
  expect(commandOf({ command: 'cargo test' })).toBe('cargo test');
  expect(commandOf({ command: ['bash', '-lc', 'rg -n currency src'] })).toBe('rg -n currency src');
  expect(commandOf({ command: ['ls', '-l'] })).toBe('ls -l');
  expect(commandOf({ cmd: 'npm test' })).toBe('npm test');
  expect(commandOf(null)).toBe('');
});

test('output loses colours, titles and what was written over', () => {
  expect(plainOutput('\u001b[31mred\u001b[0m \u001b]0;title\u0007x')).toBe('red x');
  expect(plainOutput('10 %\r50 %\rdone\nnext\r\n')).toBe('done\nnext\r\n');
});

test('a picture that was read is not counted in lines', () => {
  expect(viewOf(call('Read', { file_path: '/a.png' }, {})).verdict?.text).toBe('done');
  expect(viewOf(call('Read', { file_path: '/a.txt' }, { text: 'one' })).verdict?.text).toBe('1 line');
  expect(viewOf(call('Grep', { pattern: 'a' }, {})).verdict?.text).toBe('0 lines');
});

describe('a command says how it ended', () => {
  test('well', () => {
    const view = viewOf(call('Bash', { command: 'ls' }, { text: 'a', detail: { stdout: 'a', stderr: '' } }));
    expect(view.verdict).toEqual({ text: 'exit 0', tone: 'good' });
    expect(view.took).toBe(8400);
  });
  test('badly', () => {
    const failed = call('Bash', { command: 'x' }, { is_error: true, text: 'Exit code 101\nboom' });
    expect(viewOf(failed).verdict).toEqual({ text: 'exit 101', tone: 'bad' });
  });
  test('not yet', () => {
    expect(viewOf(call('Bash', { command: 'x' })).verdict).toBeNull();
  });
  test('both streams are output', () => {
    const { block } = call('Bash', {}, { detail: { stdout: 'out', stderr: 'err' } }).outcomes[0] ?? {};
    expect(block && outputOf(block)).toBe('out\nerr');
  });
});

describe('changes of files', () => {
  test('by the patch that the client kept', () => {
    const detail = {
      filePath: '/a.rs',
      structuredPatch: [{ oldStart: 4, oldLines: 1, newStart: 4, newLines: 2, lines: ['-a', '+b', '+c'] }],
    };
    const edit = call('Edit', { file_path: '/a.rs', old_string: 'a', new_string: 'b\nc' }, { detail });
    expect(viewOf(edit).verdict).toEqual({ text: '+2 −1', tone: 'change' });
    expect(filesOf(edit, edit.outcomes[0]?.block ?? null)[0]?.rows[0]?.number).toBe(4);
  });
  test('by the words of the input', () => {
    const edit = call('replace', { file_path: '/a', old_string: 'a', new_string: 'b' }, {});
    expect(viewOf(edit).verdict?.text).toBe('+1 −1');
    const write = call('Write', { file_path: '/a', content: 'one\ntwo\n' }, {});
    expect(viewOf(write).verdict?.text).toBe('+2 −0');
    const several = call(
      'MultiEdit',
      {
        edits: [
          { old_string: 'a', new_string: 'b' },
          { old_string: 'c', new_string: '' },
        ],
      },
      {},
    );
    expect(viewOf(several).verdict?.text).toBe('+1 −2');
  });
  test('by a patch of Codex', () => {
    const patch = '*** Begin Patch\n*** Update File: src/a.ts\n@@\n-a\n+b\n*** End Patch';
    for (const input of [patch, { input: patch }]) {
      const view = viewOf(call('apply_patch', input, {}));
      expect([view.about, view.verdict?.text]).toEqual(['src/a.ts', '+1 −1']);
    }
  });
  test('a refused one says why', () => {
    const refused = call(
      'Edit',
      { file_path: '/a' },
      { is_error: true, text: '<tool_use_error>File changed since it was read</tool_use_error>' },
    );
    expect(viewOf(refused).verdict).toEqual({ text: 'File changed since it was read', tone: 'bad' });
  });
});

test('a tool of a server is named by both', () => {
  expect(mcpOf('mcp__linear__create_issue')).toEqual({ server: 'linear', tool: 'create_issue' });
  expect(viewOf(call('mcp__linear__create_issue', { title: 'Bug' })).title).toBe('create_issue');
});

test.each([null, 'words', 7, [], {}, { command: { deep: true } }, { edits: 'x', todos: 3 }])(
  'no shape of input breaks a card: %j',
  (input) => {
    for (const name of [
      'Bash',
      'Edit',
      'Read',
      'Grep',
      'Agent',
      'TodoWrite',
      'AskUserQuestion',
      'apply_patch',
      'x',
    ]) {
      expect(() => viewOf(call(name, input, { detail: input, text: 'x' }))).not.toThrow();
    }
  },
);

describe('who let a call run', () => {
  const decided = (allowed: boolean, by: Decider, lasts = false) =>
    call('Bash', { command: 'x' }, { is_error: !allowed, permission: { allowed, by, lasts } });
  const told = (one: Call) => decisionOf(one.outcomes[0]?.block ?? null);
  test('a refusal stands in the head of the card', () => {
    expect(viewOf(decided(false, 'person')).verdict).toEqual({ text: 'denied by a person', tone: 'bad' });
    expect(viewOf(decided(false, 'hook')).verdict?.text).toBe('denied by a hook');
    expect(viewOf(decided(false, 'settings')).verdict?.text).toBe('denied by the settings');
  });
  test('a person that allowed it is named, settings are not', () => {
    expect(told(decided(true, 'person', true))).toBe('allowed by a person, for later calls too');
    expect(told(decided(true, 'settings'))).toBe('');
    expect(viewOf(decided(true, 'person')).verdict?.text).toBe('exit 0');
    expect(told(call('Bash', {}, {}))).toBe('');
  });
});

test('searches of Codex are named by what was looked for', () => {
  const about = (input: unknown) => viewOf(call('web_search', input, {})).about;
  expect(about({ type: 'search', query: 'half even' })).toBe('half even');
  expect(about({ type: 'search', queries: ['one', 'two'] })).toBe('one');
  expect(about({ type: 'open_page', url: 'https://a.example' })).toBe('https://a.example');
  expect(about({ type: 'find_in_page', url: 'https://a.example', pattern: 'tax' })).toBe(
    'tax  in https://a.example',
  );
});

test('agents are named, and what is encrypted is not shown', () => {
  expect(viewOf(call('wait_agent', { targets: ['a', 'b'] })).about).toBe('a, b');
  expect(viewOf(call('send_input', { id: 'a', message: 'Go on' })).about).toBe('Go on');
  expect(viewOf(call('send_message', { target: '/root/a', message: 'gAAAAABq_-=' })).about).toBe('/root/a');
  expect(viewOf(call('spawn_agent', { task_name: 'check', message: 'gAAAAABq' })).about).toBe('check');
  expect([plainWords('gAAAAABq'), plainWords('gAAAA is a cipher')]).toEqual(['', 'gAAAA is a cipher']);
});

test('the answer to a question is found in both shapes', () => {
  const question = { id: 'rule', question: 'Which rule?' };
  const answer = (result: Partial<Result>) =>
    answerOf(question, call('x', {}, result).outcomes[0]?.block ?? null);
  expect(answer({ detail: { answers: { 'Which rule?': 'Half even' } } })).toBe('Half even');
  expect(answer({ text: '{"answers":{"rule":{"answers":["Half even","Own words"]}}}' })).toBe(
    'Half even, Own words',
  );
  expect([answer({ text: 'words' }), answer({ text: '{"answers":7}' }), answerOf(question, null)]).toEqual([
    '',
    '',
    '',
  ]);
});
