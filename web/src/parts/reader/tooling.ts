import {
  changes,
  diffHunks,
  diffTexts,
  diffUnified,
  patchFiles,
  type FilePatch,
  type Hunk,
} from '../../lib/diff';
import { lookOf, type Look } from '../../lib/tools';
import type { Decider } from '../../wire/types.gen';
import { outcomeOf, type Call, type Result } from './calls';

/** Whether a tool begins a subagent. */
export function isSubagent(name: string): boolean {
  return lookOf(name) === 'subagent';
}

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a value; none when it is no object. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The first of some fields that holds words. */
export function word(value: Fields, ...names: string[]): string {
  for (const name of names) {
    const found = value[name];
    if (typeof found === 'string' && found !== '') return found;
    if (typeof found === 'number') return String(found);
  }
  return '';
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A command as it is typed: Codex wraps it in a shell and its words in a list. */
export function commandOf(input: unknown): string {
  const given = fields(input);
  const words = given['command'] ?? given['cmd'];
  if (!Array.isArray(words)) return word(given, 'command', 'cmd', 'chars', 'bash_id', 'shell_id');
  const wrapped = words.length === 3 && /^-[a-z]*c$/.test(String(words[1]));
  return wrapped ? String(words[2]) : words.map(String).join(' ');
}

/** The file that a call works on. */
export function pathOf(input: unknown): string {
  return word(fields(input), 'file_path', 'notebook_path', 'absolute_path', 'path', 'filePath', 'dir_path');
}

/** Sequences that a terminal takes as colours, moves and titles. */
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-_]/g;
/** What a program wrote over on the same line, as progress bars do. */
const OVERWRITTEN = /[^\n]*\r(?!\n|$)/g;

/** Output as it would stand in a terminal, without colours. */
export function plainOutput(text: string): string {
  return text.replace(ESCAPES, '').replace(OVERWRITTEN, '');
}

/** A tool of an MCP server, by its long name. */
export function mcpOf(name: string): { server: string; tool: string } | null {
  const match = /^mcp__(.+?)__(.+)$/.exec(name);
  return match ? { server: match[1] ?? '', tool: match[2] ?? '' } : null;
}

/** Exit code of a command; `null` where nobody knows. */
export function exitOf(result: Result): number | null {
  const detail = fields(result.detail);
  for (const name of ['exit_code', 'exitCode', 'code']) {
    const found = detail[name] ?? fields(detail['metadata'])[name];
    if (typeof found === 'number') return found;
  }
  const told = /(?:^|\n)(?:Error: )?(?:Process exited with code|Exit [Cc]ode:?|exit code:?) (-?\d+)/.exec(
    result.text.slice(0, 4000),
  );
  if (told) return Number(told[1]);
  return result.is_error ? null : 0;
}

/** What a command printed. */
export function outputOf(result: Result): string {
  const detail = fields(result.detail);
  const streams = [word(detail, 'stdout'), word(detail, 'stderr')].filter((text) => text.trim() !== '');
  // The client's own record may be cut shorter than the words.
  const told = streams.join('\n');
  return plainOutput(told.length >= result.text.length ? told : result.text);
}

const isHunk = (value: unknown): value is Hunk => Array.isArray(fields(value)['lines']);

/** Changes of files by a call, as a diff each. */
export function filesOf(call: Pick<Call, 'use'>, result: Result | null): FilePatch[] {
  const input = fields(call.use.input);
  const detail = fields(result?.detail);
  const path = word(detail, 'filePath') || pathOf(input);
  const hunks = list(detail['structuredPatch']).filter(isHunk);
  if (hunks.length > 0) return [{ path, rows: diffHunks(hunks) }];
  const patch = typeof call.use.input === 'string' ? call.use.input : word(input, 'input', 'patch');
  if (patch.includes('*** Begin Patch')) return patchFiles(patch);
  const changed = Object.entries(fields(detail['changes']));
  if (changed.length > 0) {
    return changed.map(([file, change]) => ({
      path: file,
      rows: diffUnified(word(fields(change), 'unified_diff')),
    }));
  }
  const edits = list(input['edits']).map(fields);
  const pairs = edits.length > 0 ? edits : [input];
  const rows = pairs.flatMap((edit, number) => {
    const before = word(edit, 'old_string', 'old_str');
    const after = word(edit, 'new_string', 'new_str', 'content', 'new_source', 'file_text');
    const whole = 'content' in edit || 'file_text' in edit;
    const apart = number > 0 ? ([{ sign: '@', number: null, text: '', marks: [] }] as const) : [];
    return [...apart, ...diffTexts(before, after, whole ? 1 : null)];
  });
  return [{ path, rows }];
}

/** How the outcome reads in the head of the card. */
export interface Verdict {
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'quiet' | 'change';
}

/** A call as its card tells it. */
export interface View {
  readonly look: Look;
  readonly title: string;
  readonly about: string;
  /** `null` while there is no outcome. */
  readonly result: Result | null;
  readonly verdict: Verdict | null;
  /** From the use to its outcome, milliseconds. */
  readonly took: number | null;
}

const line = (text: string) => text.trim().split('\n', 1)[0] ?? '';

/** The input that says most. */
function aboutOf(look: Look, call: Call): string {
  const input = fields(call.use.input);
  switch (look) {
    case 'command':
      return commandOf(call.use.input);
    case 'edit': {
      const files = pathOf(input) ? [] : filesOf(call, null);
      return pathOf(input) || files.map(({ path }) => path).join(', ');
    }
    case 'read':
      return (
        pathOf(input) ||
        list(input['paths'] ?? input['include'])
          .map(String)
          .join(', ')
      );
    case 'search':
      return [word(input, 'pattern', 'query'), word(input, 'path', 'dir_path', 'glob')]
        .filter(Boolean)
        .join('  in ');
    case 'web':
      return [
        word(input, 'pattern'),
        word(input, 'url', 'query', 'prompt') || String(list(input['queries'])[0] ?? ''),
      ]
        .filter(Boolean)
        .join('  in ');
    case 'subagent':
      return word(input, 'description', 'objective', 'task_name', 'message', 'name', 'prompt');
    case 'agents':
      return (
        plainWords(word(input, 'message')) ||
        word(input, 'target', 'id') ||
        list(input['targets'] ?? input['ids']).join(', ')
      );
    case 'todo':
      return (
        word(input, 'subject', 'explanation') ||
        (input['taskId'] ? `#${word(input, 'taskId')} ${word(input, 'status')}` : '')
      );
    case 'question':
      return word(fields(list(input['questions'])[0]), 'question');
    case 'skill':
      return word(input, 'skill', 'command', 'name');
    default:
      return line(
        Object.values(input)
          .filter((it) => typeof it === 'string')
          .join('  '),
      );
  }
}

function verdictOf(look: Look, call: Call, result: Result | null): Verdict | null {
  if (!result) return null;
  if (result.permission?.allowed === false) return { text: decisionOf(result), tone: 'bad' };
  if (look === 'command') {
    const code = exitOf(result);
    if (code === null)
      return { text: result.is_error ? 'failed' : 'done', tone: result.is_error ? 'bad' : 'quiet' };
    return { text: `exit ${code}`, tone: code === 0 && !result.is_error ? 'good' : 'bad' };
  }
  if (result.is_error) return { text: reasonOf(result), tone: 'bad' };
  if (look === 'edit') {
    const { added, removed } = changes(filesOf(call, result).flatMap(({ rows }) => rows));
    return { text: `+${added} −${removed}`, tone: 'change' };
  }
  if (look === 'read' || look === 'search') {
    const lines = result.text.trim() === '' ? 0 : result.text.trimEnd().split('\n').length;
    // A picture that was read has none.
    if (lines > 0 || look === 'search')
      return { text: `${lines.toLocaleString('en')} ${lines === 1 ? 'line' : 'lines'}`, tone: 'quiet' };
  }
  return { text: 'done', tone: 'good' };
}

/** Words that are no cipher: Codex writes what agents say to each other encrypted. */
export function plainWords(text: string): string {
  return /^gAAAA[\w-]+=*$/.test(text.trim()) ? '' : text;
}

const DECIDERS: Record<Decider, string> = {
  person: 'a person',
  settings: 'the settings',
  hook: 'a hook',
  client: 'the client',
};

/** Who decided whether a call may run, where that is worth a word: settings that allow something are not. */
export function decisionOf(result: Result | null): string {
  const permission = result?.permission;
  if (!permission || (permission.allowed && permission.by === 'settings')) return '';
  const lasts = permission.lasts ? ', for later calls too' : '';
  return `${permission.allowed ? 'allowed' : 'denied'} by ${DECIDERS[permission.by]}${lasts}`;
}

/** The labels that were chosen for a question, or the words that were written instead. */
export function answerOf(question: Fields, result: Result | null): string {
  const detail = fields(result?.detail);
  const given = word(fields(detail['answers']), word(question, 'question'));
  if (given || !result) return given;
  // Codex names its questions, and tells the answers in JSON.
  const told = fields(fields(parsed(result.text))['answers'])[word(question, 'id')];
  return list(fields(told)['answers']).map(String).join(', ');
}

/** A JSON text as its value; `undefined` when it is none. */
export function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Why a call failed, in one line. */
export function reasonOf(result: Result): string {
  return (
    line(
      plainOutput(result.text)
        .replace(/<\/?tool_use_error>/g, '')
        .replace(/^Error:\s*/, ''),
    ).slice(0, 160) || 'failed'
  );
}

/** A call as its card tells it. */
export function viewOf(call: Call): View {
  const look = lookOf(call.use.name);
  const mcp = mcpOf(call.use.name);
  const result = outcomeOf(call);
  const ended = call.outcomes[0]?.entry.time;
  const took = ended && call.entry.time ? Date.parse(ended) - Date.parse(call.entry.time) : null;
  return {
    look,
    title: mcp ? mcp.tool : call.use.name || 'tool',
    about: line(aboutOf(look, call)),
    result,
    verdict: verdictOf(look, call, result),
    took: took !== null && took > 0 ? took : null,
  };
}
