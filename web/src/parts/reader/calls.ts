import type { Entry, EntryBlock } from '../../wire/types.gen';

export type Use = Extract<EntryBlock, { type: 'tool_use' }>;
export type Result = Extract<EntryBlock, { type: 'tool_result' }>;

/** What came back from a tool, and on which line. */
export interface Outcome {
  readonly entry: Entry;
  readonly block: Result;
}

/** A use of a tool with everything that came back. */
export interface Call {
  readonly id: string;
  readonly entry: Entry;
  readonly use: Use;
  readonly outcomes: readonly Outcome[];
}

/** Uses and outcomes of a window, joined by the id of the use. */
export interface Joined {
  readonly calls: ReadonlyMap<string, Call>;
  /** Whether an outcome is shown with its use. */
  readonly placed: (block: Result) => boolean;
}

/** Gemini appends a message again when it grows: of lines with one id only the latest counts. */
export function superseded(entries: readonly Entry[]): ReadonlySet<Entry> {
  const latest = new Map<string, Entry>();
  const old = new Set<Entry>();
  for (const entry of entries) {
    if (!entry.uuid) continue;
    const key = `${entry.transcript_id}:${entry.uuid}`;
    const before = latest.get(key);
    if (before) old.add(before);
    latest.set(key, entry);
  }
  return old;
}

/** Joins uses and outcomes. What has not changed since `before` stays the same object, so that nothing is drawn anew. */
export function joinCalls(entries: readonly Entry[], before: ReadonlyMap<string, Call> = new Map()): Joined {
  const uses = new Map<string, { entry: Entry; use: Use; outcomes: Outcome[] }>();
  for (const entry of entries) {
    for (const block of entry.blocks ?? []) {
      if (block.type === 'tool_use') uses.set(block.id, { entry, use: block, outcomes: [] });
    }
  }
  for (const entry of entries) {
    for (const block of entry.blocks ?? []) {
      if (block.type === 'tool_result') uses.get(block.tool_use_id)?.outcomes.push({ entry, block });
    }
  }
  const calls = new Map<string, Call>();
  for (const [id, call] of uses) {
    const old = before.get(id);
    calls.set(id, old && same(old, call) ? old : { id, ...call });
  }
  return { calls, placed: (block) => uses.has(block.tool_use_id) };
}

function same(old: Call, call: Omit<Call, 'id'>): boolean {
  return (
    old.use === call.use &&
    old.outcomes.length === call.outcomes.length &&
    old.outcomes.every(({ block }, at) => block === call.outcomes[at]?.block)
  );
}

/** All outcomes as one: a coder may tell of one call on two lines, each with a part of the truth. */
export function outcomeOf({ outcomes }: Pick<Call, 'outcomes'>): Result | null {
  const [first, ...rest] = outcomes.map(({ block }) => block);
  if (!first) return null;
  return rest.reduce(
    (sum, next) => ({
      ...sum,
      is_error: sum.is_error || next.is_error,
      text: sum.text.trim() ? sum.text : next.text,
      detail: sum.detail ?? next.detail,
      cut: sum.cut || next.cut,
      subagent_id: sum.subagent_id ?? next.subagent_id,
      permission: sum.permission ?? next.permission,
    }),
    first,
  );
}
