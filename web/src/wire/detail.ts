import { all, ask } from './api';
import type {
  AgentNode,
  ContextPoint,
  Entry,
  Page,
  StopReport,
  StopSession,
  ToolCall,
  TouchedFile,
  UsageReport,
} from './types.gen';

const id = encodeURIComponent;

/** Which calls are asked for. */
export interface CallsQuery {
  readonly name?: string | null;
  readonly is_error?: boolean | null;
  /** Without an outcome, and still able to get one. */
  readonly running?: boolean | null;
  /** Id of a subagent; `main` for the main conversation. */
  readonly subagent?: string | null;
  /** Words of the name, the input or the path. */
  readonly q?: string | null;
  /** Exactly these. */
  readonly id?: readonly string[];
  readonly limit?: number;
  readonly cursor?: string | null;
}

function query(given: CallsQuery): string {
  const params = new URLSearchParams({ newest: 'true' });
  for (const [name, value] of Object.entries(given)) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  }
  return params.toString();
}

/** What the detail of a session asks for, one function a route. Each rejects with `ApiError`. */
export const detail = {
  /** The session itself and its subagents to any depth. */
  agents: (session: string) => all<AgentNode>(`sessions/${id(session)}/agents`),
  files: (session: string) => all<TouchedFile>(`sessions/${id(session)}/files`),
  /** Calls, newest first; the cursor leads to older ones. */
  calls: (session: string, asked: CallsQuery) =>
    ask<Page<ToolCall>>('GET', `sessions/${id(session)}/tool-calls?${query(asked)}`),
  /** How full the context was, reply by reply. */
  context: (session: string) => all<ContextPoint>(`sessions/${id(session)}/context`),
  usage: (session: string) => ask<UsageReport>('GET', `usage?session=${id(session)}&group_by=model`),

  rename: (session: string, title: string | null) => ask('PATCH', `sessions/${id(session)}`, { title }),
  stop: (session: string, request: StopSession) =>
    ask<StopReport>('POST', `sessions/${id(session)}/stop`, request),

  /** One line with its content, long parts cut. */
  line: async (session: string, transcript: string, line: number): Promise<Entry | null> => {
    const asked = new URLSearchParams({
      around: `${transcript}:${line}`,
      transcript,
      limit: '1',
      detail: 'full',
      class: 'all',
    });
    const page = await ask<Page<Entry>>('GET', `sessions/${id(session)}/entries?${asked}`);
    return page.items.find((entry) => entry.line === line && entry.transcript_id === transcript) ?? null;
  },
};
