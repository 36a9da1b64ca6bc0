import type { Reading } from '../../state/reader.svelte';
import { ApiError } from '../../wire/api';
import { placeKey } from '../../wire/lines';
import { reading as wire } from '../../wire/reader';
import type { Entry, Turn } from '../../wire/types.gen';
import { asMarkdown } from './asMarkdown';

/** Lines of one turn that are copied at most, and asked for at once. */
const MOST_LINES = 5000;
const STEP = 500;

/** A turn as Markdown: from its prompt to the next one. */
export async function turnMarkdown(reading: Reading, turns: readonly Turn[], at: number): Promise<string> {
  const indexOf = (turn: Turn | undefined) =>
    turn ? reading.lines.index({ transcript: turn.transcript_id, line: turn.line }) : null;
  const [from, to] = [indexOf(turns[at]) ?? 0, indexOf(turns[at + 1]) ?? reading.lines.total];
  const entries: Entry[] = [];
  const end = Math.min(to, from + MOST_LINES);
  while (from + entries.length < end) {
    const last = entries.at(-1);
    const start = reading.lines.place(from);
    if (!start) break;
    const place = last
      ? { after: placeKey({ transcript: last.transcript_id, line: last.line }) }
      : start.line > 0
        ? { after: placeKey({ ...start, line: start.line - 1 }) }
        : {};
    const { items } = await wire.entries(reading.id, {
      ...place,
      transcript: reading.transcript,
      limit: Math.min(STEP, end - from - entries.length),
      detail: 'full',
    });
    if (items.length === 0) break;
    entries.push(...items);
  }
  return asMarkdown(entries);
}

/** The session as its export writes it. */
export async function sessionMarkdown(session: string): Promise<string> {
  const response = await fetch(wire.exportUrl(session, { format: 'markdown', subagents: false, keep: [] }));
  if (response.ok) return response.text();
  throw new ApiError({
    code: 'export',
    status: response.status,
    title: 'The session could not be copied',
    detail: 'Open Export and download it instead.',
  });
}
