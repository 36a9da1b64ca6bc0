import { createContext, untrack } from 'svelte';

import { detail } from '../wire/detail';
import type {
  AgentNode,
  AgentTool,
  ContextPoint,
  Session,
  SessionState,
  TouchedFile,
  UsageReport,
} from '../wire/types.gen';
import { Calls } from './calls.svelte';
import type { Connection } from './connection.svelte';
import { Fresh } from './fresh.svelte';
import { Outline } from './outline.svelte';
import { Reading } from './reader.svelte';

/** Everything about one session that the detail shows, each part fetched once it is looked at. */
export class Detail {
  readonly id: string;
  readonly reading: Reading;
  readonly outline: Outline;
  readonly agents: Fresh<AgentNode[]>;
  readonly calls: Calls;
  readonly files: Fresh<TouchedFile[]>;
  readonly usage: Fresh<UsageReport>;
  readonly context: Fresh<ContextPoint[]>;

  /** Id of the agent that is looked at; empty for the session itself. */
  chosen = $state('');
  /** The agent that is looked at, a subagent. */
  readonly agent = $derived.by(() =>
    this.chosen === '' ? null : (this.agents.value?.find(({ id }) => id === this.chosen) ?? null),
  );
  readonly #file = $derived(this.agent?.transcript_id ?? null);
  /** Its conversation; `null` while the session itself is looked at, and where no file of the agent is known. */
  readonly apart = $derived.by(() => {
    const file = this.#file;
    return file === null ? null : untrack(() => new Reading(this.id, file, 'end'));
  });
  readonly agentsById = $derived.by(() => new Map(this.agents.value?.map((agent) => [agent.id, agent])));
  /** Tools that any agent used, most used first. */
  readonly tools = $derived.by(() => sumTools(this.agents.value ?? []));

  constructor(id: string, chosen = '') {
    this.id = id;
    this.chosen = chosen;
    this.reading = new Reading(id, null, 'end');
    this.outline = new Outline(id);
    this.agents = new Fresh(() => detail.agents(id));
    this.calls = new Calls(id, chosen || null);
    this.files = new Fresh(() => detail.files(id), 3000);
    this.usage = new Fresh(() => detail.usage(id), 3000);
    this.context = new Fresh(() => detail.context(id), 3000);
  }

  /** Follows the session until the returned function is called. */
  follow(connection: Connection): () => void {
    const leave = this.reading.follow(connection);
    return () => {
      leave();
      const { outline, agents, calls, files, usage, context } = this;
      for (const part of [outline, agents, calls, files, usage, context]) part.end();
    };
  }

  /** The aggregator is there again: whatever failed meanwhile is asked for anew. */
  mend(): void {
    for (const part of [this.agents, this.calls, this.files, this.usage, this.context]) {
      if (part.problem !== null) void part.again();
    }
  }

  /** Looks at an agent, by its id: its conversation, its calls. */
  choose(agent: string): void {
    if (agent === this.chosen) return;
    this.chosen = agent;
    this.calls.choose({ subagent: agent || null });
  }
}

/** What the parts of a session that are fetched apart depend on: they have changed when this has. */
export function markOf(session: Session, state: SessionState | undefined): string {
  const lines = session.transcripts.reduce((sum, file) => sum + file.lines, 0);
  const running = state?.running.map(({ id }) => id).join(' ') ?? '';
  return [lines, session.tokens, session.subagents, session.tool_calls, session.tool_errors, running].join();
}

function sumTools(agents: readonly AgentNode[]): AgentTool[] {
  const sums = new Map<string, AgentTool>();
  for (const { tools } of agents) {
    for (const { name, calls, errors } of tools) {
      const sum = sums.get(name) ?? { name, calls: 0, errors: 0 };
      sums.set(name, { name, calls: sum.calls + calls, errors: sum.errors + errors });
    }
  }
  return [...sums.values()].sort((a, b) => b.calls - a.calls || a.name.localeCompare(b.name));
}

export const [useDetail, provideDetail] = createContext<Detail>();
