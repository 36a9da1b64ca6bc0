/** Ways in which a call is shown. Tools of all coders that do the same look the same. */
export type Look =
  | 'command'
  | 'edit'
  | 'read'
  | 'search'
  | 'web'
  | 'subagent'
  | 'agents'
  | 'todo'
  | 'question'
  | 'plan'
  | 'skill'
  | 'other';

const LOOKS: readonly [RegExp, Look][] = [
  [
    /^(Bash|BashOutput|KillShell|KillBash|shell|local_shell|exec_command|write_stdin|run_shell_command)$/,
    'command',
  ],
  [/^(Edit|MultiEdit|Write|NotebookEdit|apply_patch|replace|write_file|edit|create_file)$/, 'edit'],
  [/^(Read|NotebookRead|read_file|read_many_files|view_image)$/, 'read'],
  [
    /^(Grep|Glob|LS|ToolSearch|tool_search|glob|search_file_content|grep_search|list_directory|grep|find)$/,
    'search',
  ],
  [/^(WebFetch|WebSearch|web_fetch|web_search|google_web_search)$/, 'web'],
  [/^(Task|Agent|Workflow|spawn_agent|codebase_investigator)$/, 'subagent'],
  [
    /^(wait|wait_agent|send_input|send_message|assign_task|followup_task|close_agent|resume_agent|interrupt_agent|list_agents)$/,
    'agents',
  ],
  [/^(TodoWrite|TaskCreate|TaskUpdate|TaskList|TaskGet|update_plan|write_todos)$/, 'todo'],
  [/^(AskUserQuestion|ask_user|request_user_input)$/, 'question'],
  [/^(ExitPlanMode|EnterPlanMode)$/, 'plan'],
  [/^(Skill|SlashCommand|activate_skill)$/, 'skill'],
];

/** How a tool is shown. */
export function lookOf(name: string): Look {
  return LOOKS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}
