import { ApiError } from '../wire/api';
import { reading } from '../wire/reader';
import type { Session, Subagent, ToolCall, Turn } from '../wire/types.gen';
import { inWords } from './list.svelte';

/** How long after a change the outline waits for more of them, milliseconds. */
const WAIT_MS = 1500;

/** Turns, failures and subagents of a session: what one finds one's way by. */
export class Outline {
  readonly id: string;
  turns = $state.raw<Turn[]>([]);
  failures = $state.raw<ToolCall[]>([]);
  subagents = $state.raw<ReadonlyMap<string, Subagent>>(new Map());
  problem = $state<string | null>(null);
  #known = '';
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Asks again when the session has changed in what stands here. */
  follow(session: Session): void {
    const { human_prompts, tool_calls, tool_errors, subagents, entries } = session;
    const now = [human_prompts, tool_calls, tool_errors, subagents, entries.conversation].join();
    if (now === this.#known) return;
    const first = this.#known === '';
    this.#known = now;
    if (first) void this.load();
    else this.#waiting ??= setTimeout(() => void this.load(), WAIT_MS);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#waiting);
  }

  async load(): Promise<void> {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    const parts = await Promise.allSettled([
      reading.turns(this.id),
      reading.failedCalls(this.id),
      reading.subagents(this.id),
    ]);
    if (this.#ended) return;
    const [turns, failures, subagents] = parts;
    if (turns.status === 'fulfilled') this.turns = turns.value;
    if (failures.status === 'fulfilled') this.failures = failures.value;
    if (subagents.status === 'fulfilled') {
      this.subagents = new Map(subagents.value.map((agent) => [agent.id, agent]));
    }
    const failed = parts.find((part) => part.status === 'rejected')?.reason as unknown;
    this.problem = failed instanceof ApiError ? inWords(failed) : null;
  }
}
