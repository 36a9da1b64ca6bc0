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

/** Agents that are done, with all that they began, counted instead of shown. */
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

/** How many agents a branch has, and their tokens. */
interface Branch {
  readonly count: number;
  readonly tokens: number;
  /** All of it is done, and nothing in it is worth a look by itself. */
  readonly quiet: boolean;
}

/** What each agent's branch comes to, itself included. */
function branches<T extends AgentLike>(all: ReadonlyMap<string, T[]>): Map<string, Branch> {
  const order: T[] = [...(all.get('') ?? [])];
  for (let at = 0; at < order.length; at += 1) order.push(...(all.get(order[at]?.id ?? '') ?? []));
  const sums = new Map<string, Branch>();
  for (const agent of order.reverse()) {
    const below = (all.get(agent.id) ?? []).flatMap(({ id }) => sums.get(id) ?? []);
    sums.set(agent.id, {
      count: below.reduce((sum, { count }) => sum + count, 1),
      tokens: below.reduce((sum, { tokens }) => sum + tokens, agent.tokens),
      quiet: agent.state === 'done' && !agent.looping && !agent.orphan && below.every(({ quiet }) => quiet),
    });
  }
  return sums;
}

type Child<T> =
  { readonly agent: T } | { readonly count: number; readonly tokens: number; readonly open: boolean };

/** What hangs on an agent: many branches that are done become a count, unless it was unfolded. */
function childrenOf<T extends AgentLike>(
  children: readonly T[],
  sums: ReadonlyMap<string, Branch>,
  open: boolean,
): Child<T>[] {
  const quiet = (agent: T) => sums.get(agent.id)?.quiet ?? false;
  const done = children.filter(quiet);
  const sum = (of: (branch: Branch) => number) =>
    done.reduce((total, { id }) => total + of(sums.get(id) ?? { count: 0, tokens: 0, quiet: true }), 0);
  const count = sum((branch) => branch.count);
  if (count <= MOST_DONE) return children.map((agent) => ({ agent }));
  const lively = children.filter((agent) => !quiet(agent)).map((agent) => ({ agent }));
  const folded = { count, tokens: sum((branch) => branch.tokens), open };
  // What was done was begun earlier: it stands above, as it would without the count.
  return [folded, ...(open ? done.map((agent) => ({ agent })) : []), ...lively];
}

/** The session and its subagents, depth first, each with its place in the tree. */
export function agentTree<T extends AgentLike>(
  agents: readonly T[],
  unfolded: ReadonlySet<string>,
): TreeItem<T>[] {
  const root = agents.find(({ id }) => id === '');
  if (!root) return [];
  const all = families(agents);
  const sums = branches(all);
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
    if (!('agent' in child)) {
      items.push({
        kind: 'done',
        key: doneKey(owner),
        owner,
        ...child,
        depth,
        parent,
        place,
        of,
        children: [],
      });
      continue;
    }
    const { agent } = child;
    const key = agentKey(agent.id);
    const below = childrenOf(all.get(agent.id) ?? [], sums, unfolded.has(agent.id));
    const children = below.map((it) => ('agent' in it ? agentKey(it.agent.id) : doneKey(agent.id)));
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
