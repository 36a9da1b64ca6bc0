import { apiUrl } from '../lib/paths';
import { all, ask, tell } from './api';
import type { Entry, ExportReview, FoundPlace, Page, Seam, Subagent, ToolCall, Turn } from './types.gen';

const id = encodeURIComponent;

function query(given: Readonly<Record<string, string | number | null | undefined>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  }
  return params.toString();
}

/** Which entries are asked for: from the start, or beside a place. */
export interface EntriesQuery {
  readonly after?: string;
  readonly before?: string;
  readonly around?: string;
  /** One file by itself. */
  readonly transcript?: string | null;
  readonly limit: number;
  readonly detail: 'full' | 'preview';
}

/** Formats that a session can be exported in. */
export type ExportFormat = 'markdown' | 'html' | 'jsonl';

/** What an export holds. */
export interface ExportQuery {
  readonly format: ExportFormat;
  readonly subagents: boolean;
  /** Findings that are left as they are; all others are masked. */
  readonly keep: readonly string[];
}

function exportPath(session: string, { format, subagents, keep }: ExportQuery): string {
  const given = { format, subagents: subagents ? null : 'false', keep: keep.join(',') };
  return `sessions/${id(session)}/export?${query(given)}`;
}

/** What the reader of a session asks for. Each rejects with `ApiError`. */
export const reading = {
  entries: (session: string, asked: EntriesQuery) =>
    ask<Page<Entry>>('GET', `sessions/${id(session)}/entries?${query({ class: 'all', ...asked })}`),

  /** One entry with nothing cut. */
  line: (transcript: string, line: number) =>
    ask<Entry>('GET', `transcripts/${id(transcript)}/lines/${line}`),

  seams: async (session: string) => (await ask<Page<Seam>>('GET', `sessions/${id(session)}/seams`)).items,
  turns: (session: string) => all<Turn>(`sessions/${id(session)}/turns`),
  failedCalls: (session: string) => all<ToolCall>(`sessions/${id(session)}/tool-calls?is_error=true`),
  subagents: (session: string) => all<Subagent>(`sessions/${id(session)}/subagents`),

  find: (session: string, q: string, exact: boolean, transcript: string | null, cursor: string | null) => {
    const given = { q, case: exact ? 'true' : null, transcript, cursor };
    return ask<Page<FoundPlace>>('GET', `sessions/${id(session)}/find?${query(given)}`);
  },

  imageUrl: (entry: Entry, index: number) =>
    apiUrl(`transcripts/${id(entry.transcript_id)}/lines/${entry.line}/images/${index}`),

  review: (session: string, subagents: boolean) =>
    ask<ExportReview>(
      'GET',
      `sessions/${id(session)}/export/review?${query({ subagents: String(subagents) })}`,
    ),
  exportUrl: (session: string, asked: ExportQuery) => apiUrl(exportPath(session, asked)),
  remove: (session: string, reason: string) => tell('POST', `sessions/${id(session)}/delete`, { reason }),
};
