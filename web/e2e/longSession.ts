import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A session of many lines, as one file. */
export interface LongSession {
  readonly id: string;
  readonly lines: number;
  /** Text that stands on one line only, and the line. */
  readonly needle: { readonly text: string; readonly line: number };
}

const CWD = '/srv/demo/long';

/** Writes rounds of four lines: a prompt or a remark, a call, its outcome (every hundredth fails), a reply. */
export function writeLongSession(root: string, rounds: number): LongSession {
  const session = randomUUID();
  const start = Date.parse('2026-11-01T08:00:00Z');
  const lines: string[] = [];
  const add = (type: string, message: unknown, more: object = {}) => {
    const timestamp = new Date(start + lines.length * 1000).toISOString();
    const chain = { uuid: randomUUID(), parentUuid: null, isSidechain: false, userType: 'external' };
    const where = { cwd: CWD, sessionId: session, version: '2.1.329', gitBranch: 'main', entrypoint: 'cli' };
    lines.push(JSON.stringify({ ...chain, ...where, type, message, timestamp, ...more }));
  };
  const reply = (content: unknown) =>
    add('assistant', {
      id: `msg_${lines.length}`,
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-6',
      content: [content],
      usage: { input_tokens: 10, output_tokens: 20 },
    });
  const needle = { text: 'the-only-needle', line: Math.floor(rounds * 0.62) * 4 + 3 };
  for (let round = 0; round < rounds; round += 1) {
    if (round % 50 === 0) add('user', { role: 'user', content: `Prompt of round ${round}` });
    else reply({ type: 'text', text: `Remark **${round}** about \`step_${round}\`` });
    const id = `toolu_${round}`;
    const failed = round % 100 === 60;
    reply({ type: 'tool_use', id, name: 'Bash', input: { command: `make step-${round}` } });
    const content = failed ? `Exit code 2\nstep ${round} broke\nsecond line` : `step ${round} passed`;
    add('user', {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: id, content, is_error: failed }],
    });
    const word = lines.length === needle.line ? needle.text : `round ${round} done`;
    reply({ type: 'text', text: `Reply: ${word}` });
  }
  const folder = join(root, CWD.replace(/[^A-Za-z0-9]/g, '-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${session}.jsonl`), `${lines.join('\n')}\n`);
  return { id: `claude-${session}`, lines: lines.length, needle };
}
