import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Running } from './process.ts';

/** Writes a transcript as Claude Code does: whole lines, each with one append. */
export class Coder {
  readonly session: string;
  /** Path of the transcript. */
  readonly file: string;
  readonly #cwd: string;
  /** The coder's own id of a subagent; `null` for the session itself. */
  readonly #agent: string | null;
  #parent: string | null = null;

  constructor(root: string, cwd: string, of: { session: string; agent: string } | null = null) {
    this.session = of?.session ?? randomUUID();
    this.#agent = of?.agent ?? null;
    const folder = join(root, cwd.replace(/[^A-Za-z0-9]/g, '-'));
    this.file = of
      ? join(folder, of.session, 'subagents', `agent-${of.agent}.jsonl`)
      : join(folder, `${this.session}.jsonl`);
    mkdirSync(dirname(this.file), { recursive: true });
    this.#cwd = cwd;
  }

  /** Id of the session in Muster. */
  get id(): string {
    return `claude-${this.session}`;
  }

  prompt(text: string): void {
    this.#append('user', { role: 'user', content: text });
  }

  reply(text: string): void {
    this.#append('assistant', this.#message([{ type: 'text', text }]));
  }

  /** Calls a tool; returns the id that its outcome names. */
  call(tool: string, input: Record<string, unknown>): string {
    const id = `toolu_${randomUUID()}`;
    this.#append('assistant', this.#message([{ type: 'tool_use', id, name: tool, input }]));
    return id;
  }

  /** What came back from a tool; `detail` is the client's own record of it. */
  answer(id: string, text: string, is_error = false, detail?: unknown): void {
    const content = [{ type: 'tool_result', tool_use_id: id, content: text, is_error }];
    this.#append('user', { role: 'user', content }, detail === undefined ? {} : { toolUseResult: detail });
  }

  /** Begins a subagent in the background, which writes a transcript of its own. */
  begin(root: string, role: string, description: string): Coder {
    const agent = `a${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const use = this.call('Agent', { description, subagent_type: role, prompt: `${description}.` });
    const detail = { isAsync: true, status: 'async_launched', agentId: agent, description };
    this.answer(use, `Async agent launched: ${agent}`, false, detail);
    const begun = new Coder(root, this.#cwd, { session: this.session, agent });
    begun.prompt(`${description}.`);
    return begun;
  }

  /** Begins a real process, which stands in the list of living sessions of the coder's home. */
  live(home: string, status: 'busy' | 'idle' = 'busy'): Running {
    const process = new Running('sleep', ['600'], {});
    const { pid } = process;
    // Behind the program's name in parentheses, the 20th field is the start time in clock ticks.
    const procStart = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19];
    const now = Date.now();
    const about = { sessionId: this.session, cwd: this.#cwd, version: '2.1.329', entrypoint: 'cli' };
    const times = { startedAt: now, procStart, statusUpdatedAt: now, updatedAt: now };
    mkdirSync(join(home, 'sessions'), { recursive: true });
    const entry = { pid, kind: 'interactive', status, ...about, ...times };
    writeFileSync(join(home, 'sessions', `${pid}.json`), JSON.stringify(entry));
    return process;
  }

  #message(content: unknown[]): unknown {
    const usage = { input_tokens: 12, output_tokens: 34 };
    return {
      id: `msg_${randomUUID()}`,
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-6',
      content,
      usage,
    };
  }

  #append(type: string, message: unknown, more: Record<string, unknown> = {}): void {
    const uuid = randomUUID();
    const line = {
      parentUuid: this.#parent,
      isSidechain: this.#agent !== null,
      ...(this.#agent === null ? {} : { agentId: this.#agent }),
      userType: 'external',
      cwd: this.#cwd,
      sessionId: this.session,
      version: '2.1.329',
      gitBranch: 'main',
      entrypoint: 'cli',
      type,
      message,
      uuid,
      timestamp: new Date().toISOString(),
      ...more,
    };
    this.#parent = uuid;
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }
}
