/** What is needed to go on with a session. */
export interface Resumable {
  /** Coder's name, a dash, the coder's own id. */
  readonly id: string;
  readonly coder: string;
}

/** Quotes a word for a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quotes a word for PowerShell. */
function quotedForWindows(word: string): string {
  return /^[\w:\\./-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`;
}

const RESUMES: Record<string, (id: string) => string> = {
  claude: (id) => `claude --resume ${id}`,
  codex: (id) => `codex resume ${id}`,
  gemini: (id) => `gemini --resume ${id}`,
};

/** The command that goes on with a session where it was; `null` for a coder that cannot. */
export function resumeCommand(session: Resumable, folder: string, os: string): string | null {
  const own = session.id.slice(session.id.indexOf('-') + 1);
  const command = RESUMES[session.coder]?.(own);
  // An id is data from a host: one that a shell would take apart goes into no command.
  if (command === undefined || !/^[\w-]+$/.test(own)) return null;
  if (!folder) return command;
  return os.startsWith('windows')
    ? `Set-Location ${quotedForWindows(folder)}; ${command}`
    : `cd ${quoted(folder)} && ${command}`;
}
