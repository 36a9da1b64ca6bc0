import { many, shortCount } from '../../lib/format';
import { modelName } from '../../lib/models';
import { money } from '../../lib/money';
import { TURNS, type Look } from '../../lib/state';
import { age, millis } from '../../lib/time';
import type { DoneItem, TreeItem } from '../../lib/agentTree';
import type { AgentNode, SessionState } from '../../wire/types.gen';

/** What an agent is called on its card. */
export function nameOf(agent: AgentNode): string {
  return agent.id === '' ? 'Main session' : (agent.title ?? agent.role ?? agent.id);
}

/** How long it has run, or ran, milliseconds; `null` where nobody knows. */
export function runsFor(agent: AgentNode, now: number): number | null {
  const began = millis(agent.started_at);
  if (agent.state === 'running' && began !== null) return Math.max(0, now - began);
  return agent.duration_ms;
}

const LOOKS: Record<AgentNode['state'], Look> = {
  running: TURNS.working,
  done: TURNS.done,
  failed: TURNS.failed,
  unknown: TURNS.unknown,
};

/**
 * How an agent is shown. Its lines alone do not tell that somebody waits for a person: of the session itself its state
 * does, and of subagents the dialogs that stand open.
 */
export function lookOf(agent: AgentNode, session: SessionState | undefined): Look {
  const told = agent.id === '' || session?.waiting_subagents.includes(agent.id);
  return session && told ? TURNS[session.turn] : LOOKS[agent.state];
}

/** Everything that a card has no room for, one line each. */
export function factsOf(agent: AgentNode, session: SessionState | undefined, now: number): string[] {
  const look = lookOf(agent, session);
  const state = look.tone === 'idle' ? 'state unknown' : look.word;
  const lasts = runsFor(agent, now);
  const calls = agent.tools.reduce((sum, tool) => sum + tool.calls, 0);
  const errors = agent.tools.reduce((sum, tool) => sum + tool.errors, 0);
  const running = agent.running.map(({ name, about }) => `${name}${about ? ` ${about}` : ''} runs`);
  const facts = [
    [state, lasts === null ? '' : age(lasts), agent.background ? 'in the background' : ''],
    [agent.role ?? '', agent.model ? modelName(agent.model) : ''],
    [
      `${shortCount(agent.tokens)} tokens`,
      agent.cost_microdollars === null ? '' : money(agent.cost_microdollars),
      many(calls, 'call'),
      errors > 0 ? `${errors} failed` : '',
    ],
    running.slice(0, 3),
    [agent.looping ? `loop: ${agent.looping}` : ''],
    [agent.orphan ? 'nobody knows what began it' : ''],
    [agent.transcript_id === null ? 'no file of it was found' : ''],
  ];
  return facts.map((line) => line.filter(Boolean).join(' · ')).filter(Boolean);
}

/** What a count of agents that are done is called. */
export function doneName(item: DoneItem): string {
  return item.open ? `Fold ${item.count} done` : `${item.count} done`;
}

/** What a reader who does not see the graph is told of an item. */
export function labelOf(item: TreeItem<AgentNode>, session: SessionState | undefined, now: number): string {
  if (item.kind === 'done') return `${doneName(item)}, ${shortCount(item.tokens)} tokens`;
  return [nameOf(item.agent), ...factsOf(item.agent, session, now)].join(', ');
}
