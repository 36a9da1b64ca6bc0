import { entryKey } from '../../wire/entries';
import type { Entry, EntryBlock, Seam } from '../../wire/types.gen';
import type { Lines } from '../../wire/lines';
import { joinCalls, superseded, type Call } from './calls';
import { isSubagent } from './tooling';
import { turnAt, type Course, type Numbered } from './turns';

/** What the reader wants to see. */
export interface Shown {
  readonly thinking: boolean;
  readonly tools: boolean;
  readonly subagents: boolean;
  /** Records that the client keeps for itself. */
  readonly records: boolean;
}

/** A line of the conversation as it is shown. */
export interface Row {
  readonly key: string;
  /** Number of its line in the conversation. */
  readonly index: number;
  readonly entry: Entry;
  /** What of its content stands here: outcomes stand with their use. */
  readonly blocks: readonly EntryBlock[];
  /** The speaker is another than in the row before. */
  readonly opens: boolean;
  /** The turn that begins here. */
  readonly turn: Numbered | null;
  /** The conversation has left the turn that it stands in. */
  readonly left: boolean;
  /** The conversation goes on here from another file. */
  readonly seam: Seam | null;
  /** The first row of a file: where something is to be said about it. */
  readonly begins: boolean;
}

/** Rows, the calls in them, and where each line is shown. */
export interface Rows {
  readonly rows: readonly Row[];
  readonly calls: ReadonlyMap<string, Call>;
  /** Row that shows a line, by the line's number: outcomes are shown with their use. */
  readonly at: ReadonlyMap<number, number>;
}

export interface Material {
  readonly entries: readonly Entry[];
  readonly first: number;
  readonly lines: Lines;
  readonly seams: readonly Seam[];
  readonly turns: ReadonlyMap<string, Numbered>;
  readonly course?: Course;
  readonly shown: Shown;
  readonly calls?: ReadonlyMap<string, Call>;
}

function blockIsShown(block: EntryBlock, shown: Shown, placed: (id: string) => boolean): boolean {
  switch (block.type) {
    case 'text':
      return block.text.trim() !== '';
    case 'thinking':
      return shown.thinking && (block.text.trim() !== '' || block.duration_ms !== null);
    case 'tool_use':
      return isSubagent(block.name) ? shown.subagents : shown.tools;
    case 'tool_result':
      return shown.tools && !placed(block.tool_use_id);
    case 'notice':
      return block.kind !== 'turn_end' && (block.kind !== 'injected' || shown.records);
    default:
      return true;
  }
}

const speaker = (entry: Entry) =>
  entry.role === 'human' ? 'human' : entry.role === 'system' ? 'system' : 'coder';

/** What of a window is shown, row by row. */
export function rowsOf(material: Material): Rows {
  const { entries, first, seams, turns, course = [], shown } = material;
  const old = superseded(entries);
  const live = old.size === 0 ? entries : entries.filter((entry) => !old.has(entry));
  const { calls } = joinCalls(live, material.calls);
  const seamAt = new Map(seams.map((seam) => [`${seam.transcript_id}:${seam.line}`, seam]));
  const rows: Row[] = [];
  const at = new Map<number, number>();
  const rowOfUse = new Map<string, number>();
  let before: Entry | null = null;
  let seam: Seam | null = null;
  let begins = false;
  entries.forEach((entry, offset) => {
    const index = first + offset;
    const key = entryKey(entry);
    seam = seamAt.get(key) ?? seam;
    begins ||= index === 0 || seamAt.has(key);
    const blocks = old.has(entry)
      ? []
      : (entry.blocks ?? []).filter((it) => blockIsShown(it, shown, (id) => calls.has(id)));
    const own = entry.class === 'unreadable' || (entry.class === 'bookkeeping' && shown.records);
    if (blocks.length === 0 && !own) {
      const result = entry.blocks?.find((it) => it.type === 'tool_result');
      const row = result && rowOfUse.get(result.tool_use_id);
      if (row !== undefined) at.set(index, row);
      return;
    }
    for (const block of blocks) if (block.type === 'tool_use') rowOfUse.set(block.id, rows.length);
    at.set(index, rows.length);
    const opens = before === null || speaker(before) !== speaker(entry) || seam !== null;
    const left = (turnAt(course, index)?.leftFor ?? null) !== null;
    rows.push({ key, index, entry, blocks, opens, turn: turns.get(key) ?? null, left, seam, begins });
    [before, seam, begins] = [entry, null, false];
  });
  return { rows, calls, at };
}

/** The row that shows a line, or the nearest one after it, or the last. */
export function rowFor({ rows, at }: Pick<Rows, 'rows' | 'at'>, index: number): number {
  const exact = at.get(index);
  if (exact !== undefined) return exact;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.index ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, rows.length - 1);
}
