import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { freePort, Running, until } from './process.ts';

const TARGET = resolve(import.meta.dirname, '../../target/debug');
const MUSTER = process.env['MUSTER_BIN'] ?? join(TARGET, 'muster');
const AGENT = process.env['MUSTER_AGENT_BIN'] ?? join(TARGET, 'muster-agent');

/** An aggregator and its hosts, as real processes in a folder of their own. */
export class House {
  readonly folder = mkdtempSync(join(tmpdir(), 'muster-e2e-'));
  readonly url: string;
  #aggregator: Running | null = null;
  #agents = new Map<string, Running>();
  #args: readonly string[];

  private constructor(port: number, args: readonly string[]) {
    this.url = `http://127.0.0.1:${port}`;
    const data = ['--data', join(this.folder, 'data'), '--listen', `127.0.0.1:${port}`];
    this.#args = ['up', ...data, '--no-agent', '--no-open', ...args];
  }

  /** Starts an aggregator with linked hosts. */
  static async start(hosts: readonly string[], args: readonly string[] = []): Promise<House> {
    const house = new House(await freePort(), args);
    try {
      await house.open();
      for (const host of hosts) await house.addHost(host);
      return house;
    } catch (error) {
      await house.stop();
      throw error;
    }
  }

  /** Starts the aggregator: the first time, or again after `kill`. */
  async open(): Promise<void> {
    const aggregator = new Running(MUSTER, this.#args, {});
    this.#aggregator = aggregator;
    const gone = aggregator.ended().then(() => {
      throw new Error(`the aggregator ended:\n${aggregator.output}`);
    });
    const ready = until('the aggregator answers', async () => (await fetch(`${this.url}/healthz`)).ok);
    await Promise.race([ready, gone]);
    gone.catch(() => undefined);
  }

  /** The plug is pulled. */
  async kill(): Promise<void> {
    await this.#aggregator?.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.end('SIGTERM')));
    await this.#aggregator?.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A fresh one-time sign-in link of the owner. */
  async link(): Promise<string> {
    const members = await this.api<{ items: { id: string; role: string }[] }>('GET', 'members');
    const owner = members.items.find((member) => member.role === 'admin');
    const made = await this.api<{ link: string }>('POST', `members/${owner?.id}/link`);
    return made.link;
  }

  /** Calls the REST surface as the owner. */
  async api<T>(method: string, resource: string, body?: unknown): Promise<T> {
    const token = readFileSync(join(this.folder, 'data/owner.token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(`${this.url}/api/v1/${resource}`, init);
    if (!response.ok) throw new Error(`${method} ${resource}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Adds a host and waits until it is linked. */
  async addHost(name: string): Promise<void> {
    const { command } = await this.api<{ command: string }>('POST', 'hosts', { name });
    await this.join(name, command);
    await until(`${name} is linked`, async () => {
      const hosts = await this.api<{ items: { name: string; state: string }[] }>('GET', 'hosts');
      return hosts.items.some((host) => host.name === name && host.state === 'online');
    });
  }

  /** Runs the join command that Muster printed, and then the agent. */
  async join(name: string, command: string): Promise<void> {
    mkdirSync(this.root(name), { recursive: true });
    const state = ['--state', join(this.folder, name, 'agent')];
    const [, ...words] = command.trim().split(/\s+/);
    const joining = new Running(AGENT, [...words, ...state], {});
    const code = await joining.ended();
    if (code !== 0) throw new Error(`joining ended with ${code}:\n${joining.output}`);
    this.#run(name);
  }

  /** Starts the agent of a host anew, with this `config.toml`. */
  async restart(name: string, config: string): Promise<void> {
    await this.#agents.get(name)?.end('SIGTERM');
    writeFileSync(join(this.folder, name, 'agent/config.toml'), config);
    this.#run(name);
  }

  #run(name: string): void {
    const state = ['--state', join(this.folder, name, 'agent')];
    this.#agents.set(name, new Running(AGENT, ['run', ...state, '--root', `claude=${this.root(name)}`], {}));
  }

  /** Folder of transcripts of a host. */
  root(host: string): string {
    return join(this.folder, host, 'projects');
  }
}
