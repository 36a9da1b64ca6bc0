import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

/** How long a condition may take before a test gives up on it, milliseconds. */
const PATIENCE_MS = 40_000;

/** Waits until a condition holds; the error names it. */
export async function until<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await condition().catch(() => undefined);
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** A program that runs until it is ended, with what it printed. */
export class Running {
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (data: Buffer) => (this.output += data.toString()));
    this.#child.stderr?.on('data', (data: Buffer) => (this.output += data.toString()));
    this.#ended = new Promise((resolve) => {
      this.#child.on('exit', (code) => resolve(code));
      this.#child.on('error', (error) => {
        this.output += String(error);
        resolve(null);
      });
    });
  }

  /** Id of the process. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`it did not start: ${this.output}`);
    return this.#child.pid;
  }

  /** Exit code; `null` when a signal ended it. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}
