/** What the tree of a session's agents needs of one. */
export interface AgentLike {
  /** Empty for the session itself. */
  readonly id: string;
  /** Who began it; `null` for the session itself, and where nobody knows. */
  readonly parent_id: string | null;
  readonly state: 'running' | 'done' | 'failed' | 'unknown';
  readonly tokens: number;
  readonly orphan: boolean;
  /** The call that it makes again and again. */
  readonly looping: string | null;
}

/** An agent in its place. */
export interface AgentItem<T> {
  readonly kind: 'agent';
  readonly key: string;
  readonly agent: T;
  /** Steps from the root, by the tree that is shown. */
  readonly depth: number;
  /** Key of the item that it hangs on; `null` for the root. */
  readonly parent: string | null;
  /** Its place among those that hang on the same, from 1, and how many these are. */
  readonly place: number;
  readonly of: number;
  readonly children: readonly string[];
}

/** Agents that are done and began nobody, counted instead of shown. */
export interface DoneItem {
  readonly kind: 'done';
  readonly key: string;
  /** Id of the agent that began them. */
  readonly owner: string;
  readonly count: number;
  readonly tokens: number;
  readonly open: boolean;
  readonly depth: number;
  readonly parent: string | null;
  readonly place: number;
  readonly of: number;
  readonly children: readonly string[];
}

export type TreeItem<T> = AgentItem<T> | DoneItem;

/** So many that are done are shown before they are counted. */
export const MOST_DONE = 6;

/** Key of an agent's item. */
export const agentKey = (id: string) => `a:${id}`;
/** Key of the item that counts what is done below an agent. */
export const doneKey = (id: string) => `d:${id}`;

/** Who hangs on whom. Whoever cannot be reached from the session (orphans, circles) hangs on it too. */
function families<T extends AgentLike>(agents: readonly T[]): Map<string, T[]> {
  const known = new Set(agents.map(({ id }) => id));
  const families = new Map<string, T[]>();
  const put = (parent: string, agent: T) => families.set(parent, [...(families.get(parent) ?? []), agent]);
  for (const agent of agents) {
    if (agent.id === '') continue;
    put(agent.parent_id !== null && known.has(agent.parent_id) ? agent.parent_id : '', agent);
  }
  const reached = new Set(['']);
  const visit = (from: string) => {
    const queue = [from];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const { id } of families.get(next) ?? []) {
        if (!reached.has(id)) queue.push(id);
        reached.add(id);
      }
    }
  };
  visit('');
  for (const agent of agents) {
    if (reached.has(agent.id)) continue;
    const old = agent.parent_id ?? '';
    families.set(
      old,
      (families.get(old) ?? []).filter((it) => it !== agent),
    );
    put('', agent);
    reached.add(agent.id);
    visit(agent.id);
  }
  return families;
}

type Child<T> = { readonly agent: T } | { readonly done: readonly T[]; readonly open: boolean };

/** What hangs on an agent: many that are done become a count, unless it was unfolded. */
function childrenOf<T extends AgentLike>(
  id: string,
  all: ReadonlyMap<string, T[]>,
  open: boolean,
): Child<T>[] {
  const children = all.get(id) ?? [];
  const quiet = (agent: T) =>
    agent.state === 'done' && !agent.looping && !agent.orphan && !all.get(agent.id)?.length;
  const done = children.filter(quiet);
  if (done.length <= MOST_DONE) return children.map((agent) => ({ agent }));
  const lively = children.filter((agent) => !quiet(agent)).map((agent) => ({ agent }));
  return [...lively, { done, open }, ...(open ? done.map((agent) => ({ agent })) : [])];
}

/** The session and its subagents, depth first, each with its place in the tree. */
export function agentTree<T extends AgentLike>(
  agents: readonly T[],
  unfolded: ReadonlySet<string>,
): TreeItem<T>[] {
  const root = agents.find(({ id }) => id === '');
  if (!root) return [];
  const all = families(agents);
  const items: TreeItem<T>[] = [];
  interface Step {
    readonly child: Child<T>;
    readonly owner: string;
    readonly depth: number;
    readonly parent: string | null;
    readonly place: number;
    readonly of: number;
  }
  const stack: Step[] = [{ child: { agent: root }, owner: '', depth: 0, parent: null, place: 1, of: 1 }];
  for (let step = stack.pop(); step; step = stack.pop()) {
    const { child, owner, depth, parent, place, of } = step;
    if ('done' in child) {
      const tokens = child.done.reduce((sum, agent) => sum + agent.tokens, 0);
      const count = child.done.length;
      const place_ = { depth, parent, place, of, children: [] };
      items.push({ kind: 'done', key: doneKey(owner), owner, count, tokens, open: child.open, ...place_ });
      continue;
    }
    const { agent } = child;
    const key = agentKey(agent.id);
    const below = childrenOf(agent.id, all, unfolded.has(agent.id));
    const children = below.map((it) => ('done' in it ? doneKey(agent.id) : agentKey(it.agent.id)));
    items.push({ kind: 'agent', key, agent, depth, parent, place, of, children });
    for (let at = below.length - 1; at >= 0; at -= 1) {
      const it = below[at];
      if (it) {
        stack.push({
          child: it,
          owner: agent.id,
          depth: depth + 1,
          parent: key,
          place: at + 1,
          of: below.length,
        });
      }
    }
  }
  return items;
}

/** The item that a key leads to: up and down through all, left to the parent, right to the first child. */
export function walk<T>(items: readonly TreeItem<T>[], from: string, key: string): string | null {
  const at = items.findIndex((item) => item.key === from);
  const item = items[at];
  if (!item) return items[0]?.key ?? null;
  switch (key) {
    case 'ArrowDown':
      return items[at + 1]?.key ?? null;
    case 'ArrowUp':
      return items[at - 1]?.key ?? null;
    case 'ArrowLeft':
      return item.parent;
    case 'ArrowRight':
      return item.children[0] ?? null;
    case 'Home':
      return items[0]?.key ?? null;
    case 'End':
      return items.at(-1)?.key ?? null;
    default:
      return null;
  }
}
