import type { SessionRow, SessionState } from './types.gen';

/** A row for a coder that was started and has written nothing yet; `null` where no process of it is known. */
export function begunRow({ session_id, processes }: SessionState): SessionRow | null {
  const [process] = processes;
  if (!process) return null;
  return {
    id: session_id,
    coder: session_id.split('-', 1)[0] ?? '',
    host_ids: [...new Set(processes.map(({ host_id }) => host_id))],
    project_path: process.cwd,
    title: 'New session',
    branch: null,
    client_version: null,
    entrypoint: null,
    model: null,
    first_activity_at: process.started_at,
    last_activity_at: process.started_at,
    entries: { total: 0, conversation: 0, bookkeeping: 0, unreadable: 0 },
    project_id: null,
    human_prompts: 0,
    tool_calls: 0,
    tool_errors: 0,
    tokens: 0,
    cost_microdollars: null,
    context_tokens: null,
    subagents: 0,
    gone: false,
  };
}
