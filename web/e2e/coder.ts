import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a transcript as Claude Code does: whole lines, each with one append. */
export class Coder {
  readonly session = randomUUID();
  /** Path of the transcript. */
  readonly file: string;
  readonly #cwd: string;
  #parent: string | null = null;

  constructor(root: string, cwd: string) {
    const folder = join(root, cwd.replace(/[^A-Za-z0-9]/g, '-'));
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, `${this.session}.jsonl`);
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

  call(tool: string, input: Record<string, string>): void {
    this.#append(
      'assistant',
      this.#message([{ type: 'tool_use', id: `toolu_${randomUUID()}`, name: tool, input }]),
    );
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

  #append(type: string, message: unknown): void {
    const uuid = randomUUID();
    const line = {
      parentUuid: this.#parent,
      isSidechain: false,
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
    };
    this.#parent = uuid;
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }
}
