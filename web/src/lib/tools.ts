/** A tool call as its preview tells it: `Bash: cargo test` → name and argument. */
export function splitCall(preview: string): { name: string; argument: string } {
  const match = /^([\w.-]{1,80})(?::\s*([\s\S]*))?$/.exec(preview);
  return { name: match?.[1] ?? 'tool', argument: match?.[2] ?? (match ? '' : preview) };
}

/** Kinds of tools that look different. */
export type ToolKind = 'command' | 'edit' | 'read' | 'search' | 'web' | 'subagent' | 'plan' | 'other';

const KINDS: readonly [RegExp, ToolKind][] = [
  [/^(Bash|Shell|exec|KillShell|local_shell)/i, 'command'],
  [/^(Edit|MultiEdit|Write|NotebookEdit|apply_patch)/i, 'edit'],
  [/^(Grep|Glob|LS|Search|ToolSearch)/i, 'search'],
  [/^(Read|NotebookRead|View)/i, 'read'],
  [/^(Web|browser)/i, 'web'],
  [/^(Task|Agent|Workflow)$/i, 'subagent'],
  [/^(Todo|Task|ExitPlan|EnterPlan)/i, 'plan'],
];

/** What kind of tool a name belongs to. */
export function toolKind(name: string): ToolKind {
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}

/** The first lines of a text, and how many more there are. */
export function headOf(text: string, most: number): { head: string; more: number } {
  const lines = text.replace(/\s+$/, '').split('\n');
  return { head: lines.slice(0, most).join('\n'), more: Math.max(0, lines.length - most) };
}
