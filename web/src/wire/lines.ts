import type { Seam, Transcript } from './types.gen';

/** A file's share of a conversation. */
export interface Part {
  readonly transcript: string;
  /** First line that is not a copy of what stands before. */
  readonly from: number;
  /** Lines of the file. */
  readonly lines: number;
}

/** A line in a file. */
export interface Place {
  readonly transcript: string;
  readonly line: number;
}

/** Name of a place in links and requests. */
export function placeKey({ transcript, line }: Place): string {
  return `${transcript}:${line}`;
}

/** Reads `TRANSCRIPT:LINE`. */
export function placeOf(text: string | null | undefined): Place | null {
  const match = /^([^:]+):(\d+)$/.exec(text ?? '');
  return match ? { transcript: match[1] ?? '', line: Number(match[2]) } : null;
}

/** All lines of a conversation, numbered through its files from 0. */
export class Lines {
  readonly parts: readonly Part[];
  readonly total: number;
  readonly #starts: ReadonlyMap<string, { part: Part; start: number }>;

  constructor(parts: readonly Part[]) {
    this.parts = parts;
    let start = 0;
    const starts = new Map<string, { part: Part; start: number }>();
    for (const part of parts) {
      starts.set(part.transcript, { part, start });
      start += Math.max(0, part.lines - part.from);
    }
    this.#starts = starts;
    this.total = start;
  }

  /** Number of a line; `null` when it is no part of the conversation. */
  index({ transcript, line }: Place): number | null {
    const found = this.#starts.get(transcript);
    return found && line >= found.part.from ? found.start + line - found.part.from : null;
  }

  /** The line with a number; the nearest one when there is none. */
  place(index: number): Place | null {
    let rest = Math.max(0, Math.min(index, this.total - 1));
    for (const { transcript, from, lines } of this.parts) {
      const own = Math.max(0, lines - from);
      if (rest < own) return { transcript, line: from + rest };
      rest -= own;
    }
    return null;
  }

  /** The same conversation with its files as they are now. A file never loses a line. */
  grown(transcripts: readonly Pick<Transcript, 'id' | 'lines'>[]): Lines {
    const now = new Map<string, number>();
    for (const { id, lines } of transcripts) now.set(id, Math.max(lines, now.get(id) ?? 0));
    const size = ({ transcript, lines }: Part) => Math.max(now.get(transcript) ?? 0, lines);
    if (this.parts.every((part) => size(part) === part.lines)) return this;
    return new Lines(this.parts.map((part) => ({ ...part, lines: size(part) })));
  }
}

/** The files of a conversation: `first` and those that go on from it. */
export function partsOf(first: string, seams: readonly Seam[], transcripts: readonly Transcript[]): Part[] {
  const lines = new Map(transcripts.map((transcript) => [transcript.id, transcript.lines]));
  const part = (transcript: string, from: number) => ({
    transcript,
    from,
    lines: lines.get(transcript) ?? 0,
  });
  return [part(first, 0), ...seams.map((seam) => part(seam.transcript_id, seam.line))];
}
