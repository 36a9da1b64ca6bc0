// Generated from aggregator/src/wire by `make wire`. Do not edit.

export type Problem = { 
/**
 * Stable word for programs, for example `not-found`.
 */
code: string, 
/**
 * HTTP status.
 */
status: number, 
/**
 * What happened, in a few words.
 */
title: string, 
/**
 * What to do, in a sentence.
 */
detail: string, };

export type Page<T> = { 
/**
 * The items, in the order of the list.
 */
items: Array<T>, 
/**
 * Pass as `cursor` for the next page; `null` on the last one.
 */
next_cursor: string | null, };

export type Host = { 
/**
 * Typed id of the host (UUID).
 */
id: string, 
/**
 * Name given by `host add`, unique.
 */
name: string, 
/**
 * What the machine calls itself.
 */
hostname: string, 
/**
 * `linux`, `macos` or `windows`.
 */
os: string, 
/**
 * `x86_64`, `aarch64`, …
 */
arch: string, 
/**
 * Version of the agent.
 */
agent_version: string, 
/**
 * Whether its link stands.
 */
state: HostState, 
/**
 * When `state` was entered, RFC 3339.
 */
state_since: string, 
/**
 * Last time the aggregator heard from it, RFC 3339; `null` before the first link.
 */
last_seen_at: string | null, 
/**
 * When it joined, RFC 3339.
 */
enrolled_at: string, 
/**
 * Bytes on the host that are not archived yet.
 */
backlog_bytes: number, 
/**
 * How long the oldest of them has waited, milliseconds.
 */
lag_ms: number, 
/**
 * The host's clock minus ours, milliseconds.
 */
clock_skew_ms: number, 
/**
 * One-minute load average divided by the number of processors; `null` where unknown.
 */
load: number | null, 
/**
 * Processors; `null` where unknown.
 */
processors: number | null, 
/**
 * Memory of the machine, bytes; `null` where unknown.
 */
memory_total_bytes: number | null, 
/**
 * Available memory, bytes; `null` where unknown.
 */
memory_available_bytes: number | null, 
/**
 * Disk on which its coders write, bytes; `null` where unknown.
 */
disk_total_bytes: number | null, 
/**
 * Free there, bytes; `null` where unknown.
 */
disk_free_bytes: number | null, 
/**
 * Its agent tells of living coders; without that, states are read from transcripts alone.
 */
reports_coders: boolean, 
/**
 * Whether its coders call our hook.
 */
hooks: HookState, 
/**
 * What is wrong with it.
 */
alarms: Array<Alarm>, 
/**
 * Last problem the agent reported; `null` when none stands.
 */
last_error: string | null, 
/**
 * Folders it follows.
 */
roots: Array<Root>, 
/**
 * Live transcripts of this host in the archive.
 */
transcripts: number, 
/**
 * Sessions with a transcript on this host.
 */
sessions: number, 
/**
 * Archived bytes.
 */
bytes: number, };

export type HostState = "new" | "online" | "lagging" | "offline" | "imported";

export type Root = { 
/**
 * Coder whose transcripts lie there.
 */
coder: string, 
/**
 * Absolute path on the host.
 */
path: string, 
/**
 * How changes are noticed.
 */
mode: WatchMode, 
/**
 * Why it is not fully followed; `null` when all is well.
 */
error: string | null, 
/**
 * Files followed in it.
 */
transcripts: number, };

export type WatchMode = "events" | "rescan" | "missing";

export type Session = { 
/**
 * Coder's name, a dash, the coder's own session id.
 */
id: string, 
/**
 * Coder that holds the conversation, for example `claude`.
 */
coder: string, 
/**
 * Hosts with a transcript of it, latest activity first.
 */
host_ids: Array<string>, 
/**
 * Working directory of the latest entry; empty when unknown.
 */
project_path: string, 
/**
 * Custom title, else the coder's, else a summary, else the first human prompt; `null` before any.
 */
title: string | null, 
/**
 * Where `title` comes from.
 */
title_source: TitleSource | null, 
/**
 * Git branch of the latest entry.
 */
branch: string | null, 
/**
 * Version of the client that wrote the latest entry.
 */
client_version: string | null, 
/**
 * How the client was started (`cli`, `sdk-cli`, `claude-vscode`, …).
 */
entrypoint: string | null, 
/**
 * Model of the latest reply.
 */
model: string | null, 
/**
 * Time of the first entry, RFC 3339.
 */
first_activity_at: string | null, 
/**
 * Time of the latest entry, RFC 3339.
 */
last_activity_at: string | null, 
/**
 * Lines of the main conversation's transcripts.
 */
entries: EntryCounts, 
/**
 * Project that it belongs to.
 */
project_id: string | null, 
/**
 * Name of that project.
 */
project_name: string | null, 
/**
 * Prompts that a person typed, those typed while the coder was busy included.
 */
human_prompts: number, 
/**
 * Replies of a model: distinct message and request id.
 */
assistant_messages: number, 
/**
 * Tool calls of the main conversation; subagents carry their own.
 */
tool_calls: number, 
/**
 * Failed ones among them.
 */
tool_errors: number, 
/**
 * Subagents that belong to it.
 */
subagents: number, 
/**
 * Tokens of all kinds with subagents, each reply counted once in the whole fleet.
 */
tokens: number, 
/**
 * Their cost in micro-dollars; `null` where no price is known.
 */
cost_microdollars: number | null, 
/**
 * Tokens that the context holds.
 */
context_tokens: number | null, 
/**
 * Every transcript of it has vanished from its host; the archive keeps it.
 */
gone: boolean, 
/**
 * Pull requests that belong to it.
 */
pull_requests: Array<string>, 
/**
 * Its list of things to do.
 */
todos: Array<Todo>, 
/**
 * How often it was compacted.
 */
compactions: number, 
/**
 * What its coder may do without asking, in the coder's own words (`acceptEdits`, `on-request, workspace-write`);
 * `null` where it does not say.
 */
mode: string | null, 
/**
 * Its files on its hosts.
 */
transcripts: Array<Transcript>, };

export type SessionRow = { 
/**
 * As in [`Session`].
 */
id: string, 
/**
 * As in [`Session`].
 */
coder: string, 
/**
 * As in [`Session`].
 */
host_ids: Array<string>, 
/**
 * As in [`Session`].
 */
project_path: string, 
/**
 * As in [`Session`].
 */
title: string | null, 
/**
 * As in [`Session`].
 */
branch: string | null, 
/**
 * As in [`Session`].
 */
client_version: string | null, 
/**
 * As in [`Session`].
 */
entrypoint: string | null, 
/**
 * As in [`Session`].
 */
model: string | null, 
/**
 * As in [`Session`].
 */
first_activity_at: string | null, 
/**
 * As in [`Session`].
 */
last_activity_at: string | null, 
/**
 * As in [`Session`].
 */
entries: EntryCounts, 
/**
 * Project that it belongs to.
 */
project_id: string | null, 
/**
 * As in [`Session`].
 */
human_prompts: number, 
/**
 * As in [`Session`].
 */
tool_calls: number, 
/**
 * As in [`Session`].
 */
tool_errors: number, 
/**
 * As in [`Session`].
 */
tokens: number, 
/**
 * As in [`Session`].
 */
cost_microdollars: number | null, 
/**
 * As in [`Session`].
 */
context_tokens: number | null, 
/**
 * Subagents that belong to it.
 */
subagents: number, 
/**
 * Every transcript of it has vanished from its host; the archive keeps it.
 */
gone: boolean, };

export type EntryCounts = { 
/**
 * All lines.
 */
total: number, 
/**
 * Lines that a person would read.
 */
conversation: number, 
/**
 * Records that the client keeps for itself.
 */
bookkeeping: number, 
/**
 * Lines that are not what the client writes (torn, damaged).
 */
unreadable: number, };

export type TitleSource = "custom" | "ai" | "summary" | "prompt";

export type Transcript = { 
/**
 * Typed id (UUID).
 */
id: string, 
/**
 * Host that it lies on.
 */
host_id: string, 
/**
 * Session that it belongs to; `null` before that is known.
 */
session_id: string | null, 
/**
 * Coder whose root it lies in.
 */
coder: string, 
/**
 * Absolute path on the host.
 */
path: string, 
/**
 * What it holds.
 */
kind: TranscriptKind, 
/**
 * Archived bytes.
 */
bytes: number, 
/**
 * Archived lines.
 */
lines: number, 
/**
 * Whether the file is still on the host.
 */
state: TranscriptState, 
/**
 * 0 for the first content seen at this path, one more each time the file was replaced or rewritten.
 */
generation: number, 
/**
 * When bytes last arrived, RFC 3339.
 */
updated_at: string, };

export type TranscriptKind = "main" | "subagent" | "workflow" | "tool_result" | "meta";

export type TranscriptState = "live" | "gone";

export type VerifyItem = { 
/**
 * Transcript that was compared.
 */
transcript_id: string, 
/**
 * Name of its host.
 */
host: string, 
/**
 * Path on the host.
 */
path: string, 
/**
 * Bytes compared.
 */
bytes: number, 
/**
 * Outcome.
 */
outcome: VerifyOutcome, 
/**
 * What differs or what hindered, in words; `null` when equal.
 */
remark: string | null, };

export type VerifyOutcome = "equal" | "different" | "kept" | "unchecked";

export type Entry = { 
/**
 * Transcript it stands in.
 */
transcript_id: string, 
/**
 * Line number in the transcript, from 0.
 */
line: number, 
/**
 * Byte offset of the line in the transcript.
 */
offset: number, 
/**
 * Length in bytes, newline included.
 */
bytes: number, 
/**
 * The coder's own word for the line, for example `user`; empty when the line cannot be read.
 */
type: string, 
/**
 * What it is to a reader.
 */
class: EntryClass, 
/**
 * Who speaks, on conversation lines.
 */
role: EntryRole | null, 
/**
 * The line's own id; stays the same in forks and copies.
 */
uuid: string | null, 
/**
 * When it was written, RFC 3339 in UTC.
 */
time: string | null, 
/**
 * Plain text for a reader, at most 2,000 characters. Never HTML.
 */
preview: string, 
/**
 * `preview` was cut.
 */
preview_cut: boolean, 
/**
 * The line that it answers or goes on from, by its id.
 */
parent_uuid?: string, 
/**
 * Model that wrote it.
 */
model?: string, 
/**
 * Its content: where it was asked for (`detail=full`), and in appended lines that are not long.
 */
blocks?: Array<EntryBlock>, };

export type EntryClass = "conversation" | "bookkeeping" | "unreadable";

export type EntryRole = "human" | "assistant" | "tool_use" | "tool_result" | "thinking" | "system";

export type FoundPlace = { 
/**
 * Transcript that it stands in.
 */
transcript_id: string, 
/**
 * Line number in the transcript, from 0.
 */
line: number, 
/**
 * How often the text occurs in it.
 */
count: number, };

export type Turn = { 
/**
 * Transcript that the prompt stands in.
 */
transcript_id: string, 
/**
 * Line of the prompt.
 */
line: number, 
/**
 * Beginning of the prompt, one line.
 */
text: string, 
/**
 * It was typed while the coder was busy.
 */
queued: boolean, 
/**
 * When, RFC 3339.
 */
started_at: string | null, 
/**
 * How long it took, milliseconds; `null` while it runs or where nobody knows.
 */
duration_ms: number | null, 
/**
 * Tool calls in it.
 */
tool_calls: number, 
/**
 * Failed ones among them.
 */
tool_errors: number, 
/**
 * Tokens of all kinds.
 */
tokens: number, 
/**
 * Cost in micro-dollars; `null` where no price is known.
 */
cost_microdollars: number | null, 
/**
 * The turn in whose place it stands: a person went back before that one.
 */
instead_of: TurnPlace | null, 
/**
 * The turn that the conversation went on from instead, when a person went back before this one: the model does not see
 * this one any more.
 */
left_for: TurnPlace | null, };

export type TurnPlace = { 
/**
 * Transcript that it stands in.
 */
transcript_id: string, 
/**
 * Its line.
 */
line: number, };

export type ContextPoint = { 
/**
 * When, RFC 3339.
 */
at: string, 
/**
 * Tokens that were sent, from a cache or not.
 */
tokens: number, 
/**
 * Transcript that the reply stands in.
 */
transcript_id: string, 
/**
 * Its line.
 */
line: number, };

export type ToolCall = { 
/**
 * The coder's id of the use.
 */
id: string, 
/**
 * The tool's name.
 */
name: string, 
/**
 * When it was called, RFC 3339.
 */
started_at: string | null, 
/**
 * How long it took, milliseconds; `null` while there is no outcome.
 */
duration_ms: number | null, 
/**
 * It failed or was refused; `null` while there is no outcome.
 */
is_error: boolean | null, 
/**
 * Subagent that called; `null` for the main conversation.
 */
subagent_id: string | null, 
/**
 * Transcript that the call stands in.
 */
transcript_id: string, 
/**
 * Line of the use.
 */
line: number, 
/**
 * Line of the outcome.
 */
result_line: number | null, 
/**
 * The input that says most, one line.
 */
about: string | null, 
/**
 * The file that it works on.
 */
path: string | null, 
/**
 * It changes that file.
 */
writes: boolean, 
/**
 * Exit code of the program that it ran.
 */
exit_code: number | null, 
/**
 * Lines added to files.
 */
added: number | null, 
/**
 * Lines removed from files.
 */
removed: number | null, 
/**
 * Subagent that the call began.
 */
started_subagent_id: string | null, };

export type Subagent = { 
/**
 * The coder's own id of it.
 */
id: string, 
/**
 * Tool call that began it; `null` for workflow members and where nobody knows.
 */
parent_tool_use_id: string | null, 
/**
 * Subagent that began it; `null` when the main conversation did.
 */
parent_id: string | null, 
/**
 * 1 for what the main conversation began, one more for each further step.
 */
depth: number, 
/**
 * Its type, for example `Explore`.
 */
type: string | null, 
/**
 * What it was begun for.
 */
description: string | null, 
/**
 * Tokens of all kinds that its own conversation used.
 */
tokens: number, 
/**
 * The same by kind.
 */
usage: Tokens, 
/**
 * Cost in micro-dollars; `null` where no price is known.
 */
cost_microdollars: number | null, 
/**
 * Its conversation; `null` when no file of it was found.
 */
transcript_id: string | null, 
/**
 * Workflow run that it belongs to.
 */
workflow_id: string | null, 
/**
 * Model of its latest reply.
 */
model: string | null, 
/**
 * How it is.
 */
state: SubagentState, 
/**
 * The client began it for its own ends (compaction, suggestions, warm-up): hidden unless asked for.
 */
internal: boolean, 
/**
 * First entry, RFC 3339.
 */
started_at: string | null, 
/**
 * From its first entry to its last, milliseconds.
 */
duration_ms: number | null, 
/**
 * Tool calls that it made.
 */
tool_calls: number, 
/**
 * Failed ones among them.
 */
tool_errors: number, 
/**
 * Lines of its transcript.
 */
lines: number, };

export type SubagentState = "running" | "done" | "failed" | "unknown";

export type EntryBlock = { "type": "text", 
/**
 * The words.
 */
text: string, 
/**
 * They were cut; the raw line has them whole.
 */
cut: boolean, } | { "type": "thinking", 
/**
 * The words; empty where the client does not keep them.
 */
text: string, 
/**
 * They were cut.
 */
cut: boolean, 
/**
 * How long it thought.
 */
duration_ms: number | null, } | { "type": "tool_use", 
/**
 * Id that the result names.
 */
id: string, 
/**
 * The tool's name.
 */
name: string, 
/**
 * Its input as the coder wrote it, long strings cut.
 */
input: unknown, 
/**
 * Something in the input was cut.
 */
cut: boolean, } | { "type": "tool_result", 
/**
 * Id of the use.
 */
tool_use_id: string, 
/**
 * It failed or was refused.
 */
is_error: boolean, 
/**
 * The answer in words.
 */
text: string, 
/**
 * The client's own record of the outcome, long strings cut; its shape depends on the tool.
 */
detail: unknown, 
/**
 * Something was cut.
 */
cut: boolean, 
/**
 * Subagent that the use began.
 */
subagent_id: string | null, 
/**
 * Who let the tool run, or did not; `null` where nobody says.
 */
permission: Permission | null, } | { "type": "image", 
/**
 * For example `image/png`.
 */
media_type: string, 
/**
 * Its number among the images of the line, from 0.
 */
index: number, 
/**
 * Its size, bytes.
 */
bytes: number, 
/**
 * Where it lies when it is not in the line.
 */
url: string | null, } | { "type": "document", 
/**
 * Its name.
 */
title: string, 
/**
 * Its words, where the line has them.
 */
text: string, 
/**
 * They were cut.
 */
cut: boolean, } | { "type": "notice", 
/**
 * What it is about.
 */
kind: NoticeKind, 
/**
 * Its words; may be empty.
 */
text: string, 
/**
 * They were cut.
 */
cut: boolean, };

export type NoticeKind = "command" | "command_output" | "turn_end" | "compaction" | "interrupt" | "api_error" | "hook" | "background" | "injected" | "other";

export type Permission = { 
/**
 * It was.
 */
allowed: boolean, 
/**
 * Who decided.
 */
by: Decider, 
/**
 * The decision holds for later calls, too.
 */
lasts: boolean, };

export type Decider = "person" | "settings" | "hook" | "client";

export type Todo = { 
/**
 * What is to be done.
 */
text: string, 
/**
 * `pending`, `active` or `done`.
 */
state: string, };

export type Seam = { 
/**
 * Transcript that goes on.
 */
transcript_id: string, 
/**
 * Host that it lies on.
 */
host_id: string, 
/**
 * First line that is not a copy of what stands before.
 */
line: number, };

export type Tokens = { 
/**
 * Sent, and held by no cache.
 */
input_tokens: number, 
/**
 * Written by the model, thinking included.
 */
output_tokens: number, 
/**
 * Read from the cache.
 */
cache_read_input_tokens: number, 
/**
 * Written to the cache, for 5 minutes and for 1 hour together.
 */
cache_creation_input_tokens: number, 
/**
 * Written to the cache for 5 minutes.
 */
cache_creation_5m_input_tokens: number, 
/**
 * Written to the cache for 1 hour.
 */
cache_creation_1h_input_tokens: number, 
/**
 * Thinking, part of `output_tokens`.
 */
thinking_tokens: number, 
/**
 * Web searches of the model's provider.
 */
web_searches: number, };

export type UsageReport = { 
/**
 * One item for each combination of the asked keys, in the order of the keys.
 */
items: Array<UsageItem>, 
/**
 * Sum over all items.
 */
total: UsageSum, 
/**
 * How the sum came to be.
 */
ledger: Ledger, 
/**
 * Models of the period without a price.
 */
unpriced_models: Array<string>, };

export type UsageItem = { 
/**
 * Day, `2026-11-21`.
 */
day?: string, 
/**
 * Project id; empty for sessions without one.
 */
project?: string, 
/**
 * Host id.
 */
host?: string, 
/**
 * Coder.
 */
coder?: string, 
/**
 * Model.
 */
model?: string, 
/**
 * Session id.
 */
session?: string, 
/**
 * Name of what the keys stand for (project, host, session title), for people.
 */
names: { [key in string]: string }, 
/**
 * Replies, each counted once.
 */
replies: number, 
/**
 * Sessions that they belong to.
 */
sessions: number, 
/**
 * Micro-dollars of the replies whose model has a price; `null` when none has.
 */
cost_microdollars: number | null, 
/**
 * Replies whose model has no price.
 */
unpriced_replies: number, 
/**
 * Sent, and held by no cache.
 */
input_tokens: number, 
/**
 * Written by the model, thinking included.
 */
output_tokens: number, 
/**
 * Read from the cache.
 */
cache_read_input_tokens: number, 
/**
 * Written to the cache, for 5 minutes and for 1 hour together.
 */
cache_creation_input_tokens: number, 
/**
 * Written to the cache for 5 minutes.
 */
cache_creation_5m_input_tokens: number, 
/**
 * Written to the cache for 1 hour.
 */
cache_creation_1h_input_tokens: number, 
/**
 * Thinking, part of `output_tokens`.
 */
thinking_tokens: number, 
/**
 * Web searches of the model's provider.
 */
web_searches: number, };

export type UsageSum = { 
/**
 * Replies, each counted once.
 */
replies: number, 
/**
 * Sessions that they belong to.
 */
sessions: number, 
/**
 * Micro-dollars of the replies whose model has a price; `null` when none has.
 */
cost_microdollars: number | null, 
/**
 * Replies whose model has no price.
 */
unpriced_replies: number, 
/**
 * Sent, and held by no cache.
 */
input_tokens: number, 
/**
 * Written by the model, thinking included.
 */
output_tokens: number, 
/**
 * Read from the cache.
 */
cache_read_input_tokens: number, 
/**
 * Written to the cache, for 5 minutes and for 1 hour together.
 */
cache_creation_input_tokens: number, 
/**
 * Written to the cache for 5 minutes.
 */
cache_creation_5m_input_tokens: number, 
/**
 * Written to the cache for 1 hour.
 */
cache_creation_1h_input_tokens: number, 
/**
 * Thinking, part of `output_tokens`.
 */
thinking_tokens: number, 
/**
 * Web searches of the model's provider.
 */
web_searches: number, };

export type Ledger = { 
/**
 * Lines seen; `null` when a time or a model was asked for, because lines without tokens belong to neither.
 */
lines: number | null, 
/**
 * Lines that tell of no tokens.
 */
without_usage: number | null, 
/**
 * Lines that do.
 */
records: number, 
/**
 * Dropped: another line of the same reply in the same file.
 */
same_reply: number, 
/**
 * Dropped: copied by a fork into another session.
 */
copies: number, 
/**
 * Dropped: the same session's file in another place.
 */
other_hosts: number, 
/**
 * Replies counted.
 */
counted: number, };

export type Price = { 
/**
 * Beginning of the model names that it is for; the longest match counts.
 */
model: string, 
/**
 * First day, `2026-11-21`, UTC.
 */
valid_from: string, 
/**
 * Micro-dollars for a million input tokens.
 */
input: number, 
/**
 * For a million output tokens.
 */
output: number, 
/**
 * For a million tokens read from the cache.
 */
cache_read: number, 
/**
 * For a million tokens written to the cache for 5 minutes.
 */
cache_write_5m: number, 
/**
 * For a million tokens written to the cache for 1 hour.
 */
cache_write_1h: number, 
/**
 * For a thousand web searches.
 */
web_search: number, };

export type UsageWindow = { 
/**
 * Coder.
 */
coder: string, 
/**
 * `5h` or `week`.
 */
window: string, 
/**
 * When the window that is open now began, RFC 3339; `null` when none is open.
 */
started_at: string | null, 
/**
 * When it ends.
 */
ends_at: string | null, 
/**
 * What was used in it.
 */
sum: UsageSum, 
/**
 * Greatest cost of an earlier window of the same length, for comparison.
 */
most_microdollars: number | null, 
/**
 * Greatest number of tokens of an earlier window.
 */
most_tokens: number | null, };

export type SearchPage = { 
/**
 * Hits, best first (or newest first when asked).
 */
items: Array<SearchItem>, 
/**
 * Pass as `cursor` for the next page; `null` on the last one.
 */
next_cursor: string | null, 
/**
 * All hits.
 */
total: number, 
/**
 * Sessions with hits, for what `items` refers to; their titles and places.
 */
sessions: Array<SearchSession>, 
/**
 * Number of all sessions with hits.
 */
total_sessions: number, 
/**
 * Hits by what they are; only on the first page.
 */
facets: SearchFacets | null, 
/**
 * The query as it was understood.
 */
query: Array<SearchTerm>, 
/**
 * What in the query could not be taken as it was written, and what to write instead.
 */
remarks: Array<string>, 
/**
 * The index is being rebuilt: not everything was searched.
 */
partial: SearchProgress | null, 
/**
 * Time in the aggregator, milliseconds.
 */
took_ms: number, };

export type SearchItem = { 
/**
 * Session that it stands in.
 */
session_id: string, 
/**
 * Transcript that it stands in.
 */
transcript_id: string, 
/**
 * Its line there.
 */
line: number, 
/**
 * Hosts on which it stands, that of the transcript first: a conversation that was carried on elsewhere is found once.
 */
host_ids: Array<string>, 
/**
 * `prompt`, `reply`, `thinking`, `tool_input`, `tool_result`, `system`, `title`.
 */
role: string, 
/**
 * Name of the tool, for tool inputs and results.
 */
tool: string | null, 
/**
 * The tool failed.
 */
is_error: boolean, 
/**
 * Subagent in whose conversation it stands.
 */
subagent_id: string | null, 
/**
 * When, RFC 3339.
 */
time: string | null, 
/**
 * Text around the words that were found. Never HTML.
 */
snippet: string, 
/**
 * What to highlight in `snippet`: `[start, end)` in characters (Unicode code points).
 */
highlights: Array<[number, number]>, };

export type SearchSession = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its title.
 */
title: string | null, 
/**
 * Its coder.
 */
coder: string, 
/**
 * Hosts that it lies on.
 */
host_ids: Array<string>, 
/**
 * Its project.
 */
project_id: string | null, 
/**
 * Its project's name.
 */
project_name: string | null, 
/**
 * Latest activity, RFC 3339.
 */
last_activity_at: string | null, 
/**
 * Every file of it is gone from its hosts.
 */
gone: boolean, 
/**
 * Hits in it.
 */
hits: number, };

export type SearchFacets = { 
/**
 * By host id.
 */
host: Array<FacetCount>, 
/**
 * By project id.
 */
project: Array<FacetCount>, 
/**
 * By coder.
 */
coder: Array<FacetCount>, 
/**
 * By role.
 */
role: Array<FacetCount>, 
/**
 * By tool.
 */
tool: Array<FacetCount>, 
/**
 * By day, oldest first, for a small plot.
 */
day: Array<FacetCount>, };

export type FacetCount = { 
/**
 * Value, as a filter takes it.
 */
value: string, 
/**
 * Name for people.
 */
name: string, 
/**
 * Hits.
 */
count: number, };

export type SearchTerm = { 
/**
 * The part as it was written.
 */
text: string, 
/**
 * Name of the filter; `null` for words.
 */
filter: string | null, 
/**
 * Value of the filter, or the words.
 */
value: string, 
/**
 * It excludes.
 */
excludes: boolean, };

export type SearchProgress = { 
/**
 * Archived bytes that are searchable.
 */
done_bytes: number, 
/**
 * Archived bytes.
 */
total_bytes: number, };

export type SavedSearch = { 
/**
 * Typed id (UUID).
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The query.
 */
query: string, };

export type NewSavedSearch = { 
/**
 * Its name.
 */
name: string, 
/**
 * The query.
 */
query: string, };

export type Project = { 
/**
 * Typed id (UUID).
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What makes it one: `remote:HOST/PATH`, `root:COMMIT`, `path:PATH`, or `own:ID` when a person made it.
 */
identity: string, 
/**
 * Its working directories.
 */
paths: Array<ProjectPath>, 
/**
 * Its sessions.
 */
sessions: number, 
/**
 * Latest activity, RFC 3339.
 */
last_activity_at: string | null, };

export type ProjectPath = { 
/**
 * Host.
 */
host_id: string, 
/**
 * Absolute path there.
 */
path: string, 
/**
 * `HOST/PATH` of its repository's address.
 */
remote: string | null, 
/**
 * First commit of its repository.
 */
root_commit: string | null, 
/**
 * Who owns it on the host.
 */
owner: string | null, 
/**
 * A person has chosen its project.
 */
pinned: boolean, };

export type MovePaths = { 
/**
 * Project to move them to; `null` makes a new one of them.
 */
project_id: string | null, 
/**
 * Name of the new project.
 */
name: string | null, 
/**
 * Gives them back to the projects of their repositories instead: undoes what people chose. The two above are left out.
 */
automatic?: boolean, 
/**
 * The working directories.
 */
paths: Array<HostPath>, };

export type HostPath = { 
/**
 * Host.
 */
host_id: string, 
/**
 * Absolute path there.
 */
path: string, };

export type TreeHost = { 
/**
 * Host id.
 */
host_id: string, 
/**
 * Sessions on it.
 */
sessions: number, 
/**
 * Its projects, latest activity first.
 */
projects: Array<TreeProject>, };

export type TreeProject = { 
/**
 * Project id; `null` for sessions without one.
 */
project_id: string | null, 
/**
 * Its name.
 */
name: string, 
/**
 * Its sessions on this host.
 */
sessions: number, 
/**
 * Those among them whose files are all gone from their hosts.
 */
gone: number, 
/**
 * Latest activity, RFC 3339.
 */
last_activity_at: string | null, };

export type ProjectOverview = { 
/**
 * The project.
 */
project: Project, 
/**
 * Day by day: prompts, replies, tool calls, tokens, cost. Days without anything are left out.
 */
days: Array<ProjectDay>, 
/**
 * Usage of the period.
 */
usage: UsageSum, 
/**
 * Sessions of the period.
 */
sessions: number, 
/**
 * Sessions by branch.
 */
branches: Array<FacetCount>, 
/**
 * Calls by tool.
 */
tools: Array<ToolCount>, 
/**
 * Sessions by who ran them: the owner of the working directory on its host.
 */
people: Array<FacetCount>, 
/**
 * Files changed most.
 */
files: Array<FileCount>, 
/**
 * Things to do that no session has finished.
 */
open_todos: Array<OpenTodo>, };

export type ProjectDay = { 
/**
 * `2026-11-21`, UTC.
 */
day: string, 
/**
 * Sessions with activity.
 */
sessions: number, 
/**
 * Prompts of people.
 */
prompts: number, 
/**
 * Tool calls.
 */
tool_calls: number, 
/**
 * Tokens of all kinds.
 */
tokens: number, 
/**
 * Micro-dollars.
 */
cost_microdollars: number | null, };

export type ToolCount = { 
/**
 * The tool's name.
 */
name: string, 
/**
 * Calls.
 */
calls: number, 
/**
 * Failed ones.
 */
errors: number, };

export type FileCount = { 
/**
 * Its path, below the working directory where it lies there.
 */
path: string, 
/**
 * Calls that changed it.
 */
writes: number, 
/**
 * Calls that read it.
 */
reads: number, 
/**
 * Lines added.
 */
added: number, 
/**
 * Lines removed.
 */
removed: number, 
/**
 * Session that worked on it last.
 */
session_id: string, };

export type OpenTodo = { 
/**
 * What is to be done.
 */
text: string, 
/**
 * `pending` or `active`.
 */
state: string, 
/**
 * Session on whose list it stands.
 */
session_id: string, };

export type RetentionRule = { 
/**
 * Typed id (UUID).
 */
id: string, 
/**
 * Host that it is for; `null` for all.
 */
host_id: string | null, 
/**
 * Project that it is for; `null` for all.
 */
project_id: string | null, 
/**
 * Sessions without activity for more days are deleted.
 */
days: number, 
/**
 * It is followed. A rule begins disabled, so that it can be tried first.
 */
enabled: boolean, };

export type NewRetentionRule = { 
/**
 * Host that it is for; `null` for all.
 */
host_id: string | null, 
/**
 * Project that it is for; `null` for all.
 */
project_id: string | null, 
/**
 * Sessions without activity for more days are deleted, 1 to 36,500.
 */
days: number, 
/**
 * It is followed.
 */
enabled: boolean, };

export type RetentionPreview = { 
/**
 * Sessions that it would delete.
 */
sessions: number, 
/**
 * Archived bytes that they hold.
 */
bytes: number, 
/**
 * Some of them, oldest first: id, title and latest activity.
 */
examples: Array<RetentionExample>, };

export type RetentionExample = { 
/**
 * Session id.
 */
session_id: string, 
/**
 * Title.
 */
title: string | null, 
/**
 * Latest activity, RFC 3339.
 */
last_activity_at: string | null, };

export type DeleteSession = { 
/**
 * Why; stands in the audit trail.
 */
reason: string, };

export type Deletion = { 
/**
 * Session id.
 */
session_id: string, 
/**
 * Who deleted it.
 */
deleted_by: string, 
/**
 * When, RFC 3339.
 */
deleted_at: string, 
/**
 * Why.
 */
reason: string, };

export type ExportReview = { 
/**
 * Secrets that look real, in the order of the conversation; the same one is listed once.
 */
findings: Array<Finding>, 
/**
 * Entries that an export would hold.
 */
entries: number, };

export type Finding = { 
/**
 * Name by which an export is told to leave it as it is.
 */
id: string, 
/**
 * Name of the rule, for example `github-pat`.
 */
rule: string, 
/**
 * What the rule finds, in words.
 */
title: string, 
/**
 * Its beginning, the rest as dots.
 */
masked: string, 
/**
 * How often it occurs.
 */
count: number, 
/**
 * Transcript of the first occurrence.
 */
transcript_id: string, 
/**
 * Line of the first occurrence.
 */
line: number, };

export type Progress = { 
/**
 * `views` or `search`.
 */
work: string, 
/**
 * Archived bytes done.
 */
done_bytes: number, 
/**
 * Archived bytes of all.
 */
total_bytes: number, };

export type SessionState = { 
/**
 * Session.
 */
session_id: string, 
/**
 * Whether any of its lines arrived. Until then there is no such session to be asked for: its coder was only started.
 */
has_transcript: boolean, 
/**
 * Who has the turn.
 */
turn: TurnState, 
/**
 * Since when, RFC 3339.
 */
since: string, 
/**
 * Why, in a few words for a person: `Bash`, `thinking`, `permission for Bash: rm -rf build`; `null` when the state
 * says it all.
 */
reason: string | null, 
/**
 * Who says so.
 */
source: StateSource, 
/**
 * When it was said, RFC 3339.
 */
source_at: string, 
/**
 * What every source says, the one that counts first.
 */
sources: Array<StateFact>, 
/**
 * What runs beside the turn.
 */
background: Background, 
/**
 * Tool calls without an outcome, of the session and its subagents, oldest first; at most 20.
 */
running: Array<RunningCall>, 
/**
 * Subagents whose own dialog stands open, by id; empty while the session needs nobody, and without hooks.
 */
waiting_subagents: Array<string>, 
/**
 * Its living processes; two or more write one conversation apart.
 */
processes: Array<CoderProcess>, 
/**
 * What is wrong.
 */
alarms: Array<Alarm>, 
/**
 * When the usage limit that stopped it ends, RFC 3339.
 */
limit_resets_at: string | null, 
/**
 * Size of the model's context in tokens; `null` where unknown.
 */
context_window: number | null, 
/**
 * Tokens of all kinds in the last minute, cache reads left out.
 */
tokens_per_minute: number, };

export type TurnState = "working" | "needs_permission" | "needs_answer" | "your_turn" | "done" | "failed" | "unknown";

export type StateSource = "registry" | "hook" | "transcript" | "process" | "heartbeat";

export type StateFact = { 
/**
 * Source.
 */
source: StateSource, 
/**
 * The state that it speaks for; `null` when it speaks for none.
 */
turn: TurnState | null, 
/**
 * In words: `waiting · permission prompt`, `Bash called, no outcome yet`.
 */
says: string, 
/**
 * When, RFC 3339.
 */
at: string, };

export type Background = { 
/**
 * Subagents that have not ended.
 */
subagents: number, 
/**
 * Commands in the background that have not ended.
 */
shells: number, };

export type RunningCall = { 
/**
 * The coder's id of the use.
 */
id: string, 
/**
 * Tool.
 */
name: string, 
/**
 * The input that says most, one line.
 */
about: string | null, 
/**
 * Since when, RFC 3339.
 */
started_at: string, 
/**
 * Subagent that called; `null` for the main conversation.
 */
subagent_id: string | null, };

export type CoderProcess = { 
/**
 * Names it on its host; for `stop`.
 */
key: string, 
/**
 * Host.
 */
host_id: string, 
/**
 * Process id.
 */
pid: number, 
/**
 * When it began, RFC 3339.
 */
started_at: string, 
/**
 * Working directory.
 */
cwd: string, 
/**
 * Its terminal.
 */
terminal: string | null, 
/**
 * Its tmux pane.
 */
tmux: string | null, 
/**
 * `interactive`, `bg`, `print`; `null` where nothing says.
 */
kind: string | null, 
/**
 * Why it cannot be stopped from here: the host's policy, its agent, its link; `null` when it can.
 */
no_stop: string | null, };

export type Alarm = { 
/**
 * What.
 */
kind: AlarmKind, 
/**
 * Since when, RFC 3339.
 */
since: string, 
/**
 * For a person: `Bash "npm test" called 9 times in a row`.
 */
text: string, };

export type AlarmKind = "loop" | "stuck" | "burn_rate" | "context" | "usage_limit" | "two_writers" | "lagging" | "offline" | "disk" | "clock";

export type AlarmSettings = { 
/**
 * The same call this often, without another between.
 */
loop_calls: number | null, 
/**
 * Working without a line, a hook or a change of the registry for this long, seconds.
 */
stuck_seconds: number | null, 
/**
 * Tokens a minute, cache reads left out.
 */
tokens_per_minute: number | null, 
/**
 * Percent of the model's context.
 */
context_percent: number | null, 
/**
 * What is shown of a host is older, seconds.
 */
lag_seconds: number | null, 
/**
 * Percent of the disk that is free.
 */
disk_free_percent: number | null, 
/**
 * A host's clock and ours differ by more, seconds.
 */
clock_seconds: number | null, };

export type StopSession = { 
/**
 * How hard.
 */
step: StopStep, 
/**
 * [`CoderProcess::key`]; may be left out when the session has one process.
 */
key?: string, };

export type StopStep = "interrupt" | "terminate" | "kill";

export type StopReport = { 
/**
 * It was done.
 */
done: boolean, 
/**
 * How, or why not, for a person.
 */
text: string, };

export type RenameSession = { 
/**
 * Title, one line, at most 200 characters. Must be there: a request without it is a mistake, and changes nothing.
 */
title: string | null, };

export type AgentNode = { 
/**
 * The coder's own id of the subagent; empty for the session itself.
 */
id: string, 
/**
 * Node that began it: empty for the session itself; `null` for the session, and for an orphan.
 */
parent_id: string | null, 
/**
 * Tool call that began it.
 */
parent_tool_use_id: string | null, 
/**
 * Steps from the session; an orphan has 1.
 */
depth: number, 
/**
 * Type of the subagent: `Explore`; `null` for the session and where nobody knows.
 */
role: string | null, 
/**
 * Title of the session, or what the subagent was begun for.
 */
title: string | null, 
/**
 * Model of its latest reply.
 */
model: string | null, 
/**
 * How it is.
 */
state: SubagentState, 
/**
 * It runs on while the conversation that began it goes on.
 */
background: boolean, 
/**
 * Tokens of all kinds that its own conversation used.
 */
tokens: number, 
/**
 * Cost in micro-dollars; `null` where no price is known.
 */
cost_microdollars: number | null, 
/**
 * Tools that it used, most used first.
 */
tools: Array<AgentTool>, 
/**
 * Tool calls without an outcome.
 */
running: Array<RunningCall>, 
/**
 * First entry, RFC 3339.
 */
started_at: string | null, 
/**
 * Latest entry, RFC 3339.
 */
last_at: string | null, 
/**
 * From its first entry to its last, milliseconds.
 */
duration_ms: number | null, 
/**
 * Its conversation; `null` when no file of it was found.
 */
transcript_id: string | null, 
/**
 * Workflow run that it belongs to.
 */
workflow_id: string | null, 
/**
 * Nobody knows what began it.
 */
orphan: boolean, 
/**
 * The call that it makes again and again, in words.
 */
looping: string | null, 
/**
 * The client began it for its own ends: hidden unless asked for.
 */
internal: boolean, };

export type AgentTool = { 
/**
 * Tool.
 */
name: string, 
/**
 * Calls.
 */
calls: number, 
/**
 * Failed ones among them.
 */
errors: number, };

export type TouchedFile = { 
/**
 * Path as the tool calls name it.
 */
path: string, 
/**
 * Calls that changed it.
 */
changes: number, 
/**
 * Calls that read it.
 */
reads: number, 
/**
 * Lines added.
 */
added: number, 
/**
 * Lines removed.
 */
removed: number, 
/**
 * Latest call, RFC 3339.
 */
last_at: string | null, 
/**
 * Where the calls stand that changed it, oldest first; at most the latest 50. The diff is in the entry.
 */
places: Array<CallPlace>, };

export type CallPlace = { 
/**
 * The coder's id of the use.
 */
id: string, 
/**
 * Tool.
 */
name: string, 
/**
 * Transcript.
 */
transcript_id: string, 
/**
 * Line of the use.
 */
line: number, 
/**
 * Line of the outcome.
 */
result_line: number | null, };

export type NoticeRules = { 
/**
 * At all.
 */
enabled: boolean, 
/**
 * Of these states.
 */
turns: Array<TurnState>, 
/**
 * Of these alarms.
 */
alarms: Array<AlarmKind>, 
/**
 * Only of these projects (ids); empty: of all.
 */
projects: Array<string>, 
/**
 * Only of what lasts this long, seconds.
 */
dwell_seconds: number, 
/**
 * Not from this minute of the day (the person's own clock) …
 */
quiet_from: number | null, 
/**
 * … to this one.
 */
quiet_to: number | null, };

export type HookState = "none" | "some" | "all" | "unknown";

export type LiveRequest = { "subscribe": { 
/**
 * Topic to follow.
 */
topic: string, 
/**
 * Last revision that the page holds; `null` for a snapshot.
 */
after: number | null, } } | { "unsubscribe": { 
/**
 * Topic to leave.
 */
topic: string, } };

export type LiveMessage = { 
/**
 * Topic that it belongs to.
 */
topic: string, 
/**
 * Revision after this message; pass it as `after` when coming back.
 */
revision: number, 
/**
 * Everything that the topic shows now.
 */
snapshot?: Snapshot, 
/**
 * What changed.
 */
update?: Update, 
/**
 * `after` was found: nothing is missing, only the updates since then follow.
 */
resumed?: boolean, 
/**
 * The page reads too slowly and was unsubscribed: subscribe again with the last revision it holds.
 */
resubscribe?: boolean, 
/**
 * The subscription was refused, in words.
 */
error?: string, };

export type Snapshot = { 
/**
 * All hosts.
 */
hosts: Array<Host>, 
/**
 * The sessions with the latest activity, latest first, at most 500.
 */
sessions: Array<SessionRow>, 
/**
 * What they are doing, as far as anything is known.
 */
states: Array<SessionState>, } | { 
/**
 * The host.
 */
host: Host, 
/**
 * Its sessions with the latest activity, at most 500.
 */
sessions: Array<SessionRow>, 
/**
 * What they are doing, as far as anything is known.
 */
states: Array<SessionState>, } | { 
/**
 * The session.
 */
session: Session, 
/**
 * What it is doing; `null` when nothing is known, or it ended a while ago.
 */
state: SessionState | null, 
/**
 * Its latest conversation entries in order, at most 200.
 */
entries: Array<Entry>, 
/**
 * There are earlier entries.
 */
has_earlier: boolean, } | { 
/**
 * By whom and when.
 */
deleted: DeletedSession, };

export type Update = { 
/**
 * Topic `session:ID`: appended conversation entries.
 */
entries?: Array<Entry>, 
/**
 * Topic `session:ID`: the session as it is now.
 */
session?: Session, 
/**
 * Topic `session:ID`: it was deleted on purpose; nothing of it is kept.
 */
deleted?: DeletedSession, 
/**
 * Topics `fleet`, `host:ID`: rows that are new or changed.
 */
sessions?: Array<SessionRow>, 
/**
 * All topics: what sessions are doing now, as far as it changed.
 */
states?: Array<SessionState>, 
/**
 * All topics: sessions of which nothing is known any more: they ended a while ago.
 */
ended_states?: Array<string>, 
/**
 * Topics `fleet`, `host:ID`: ids of sessions that are in the archive no more.
 */
removed_sessions?: Array<string>, 
/**
 * Topics `fleet`, `host:ID`: hosts that are new or changed.
 */
hosts?: Array<Host>, 
/**
 * Topic `fleet`: ids of hosts that were removed.
 */
removed_hosts?: Array<string>, 
/**
 * Topics `fleet`, `host:ID`: appends since the last such update (at most four a second).
 */
activity?: Array<Activity>, };

export type Activity = { 
/**
 * Host that wrote.
 */
host_id: string, 
/**
 * Session that grew; `null` for files of none.
 */
session_id: string | null, 
/**
 * Lines appended.
 */
lines: number, 
/**
 * Bytes appended.
 */
bytes: number, };

export type RecentActivity = { 
/**
 * Length of a step, milliseconds.
 */
step_ms: number, 
/**
 * By host.
 */
hosts: Array<HostActivity>, };

export type HostActivity = { 
/**
 * Host.
 */
host_id: string, 
/**
 * Lines of each whole step, oldest first; the last one has just ended.
 */
lines: Array<number>, };

export type DeletedSession = { 
/**
 * Who deleted it, by name; `system` for a retention rule.
 */
by: string, 
/**
 * When, RFC 3339.
 */
at: string, };

export type Role = "viewer" | "member" | "admin";

export type Me = { 
/**
 * The actor.
 */
actor: Actor, 
/**
 * Name shown for this installation.
 */
aggregator_name: string, 
/**
 * Version of the aggregator.
 */
version: string, 
/**
 * A password is still to be set (signed in through the printed link).
 */
needs_password: boolean, };

export type Actor = { 
/**
 * Typed id (UUID).
 */
id: string, 
/**
 * Sign-in name, unique: lower-case letters, digits, `-`, `_`, `.`.
 */
name: string, 
/**
 * Name shown to people.
 */
display_name: string, 
/**
 * What they may do.
 */
role: Role, 
/**
 * When they were added, RFC 3339.
 */
created_at: string, 
/**
 * Last sign-in or token use, RFC 3339.
 */
last_seen_at: string | null, 
/**
 * May not sign in any more.
 */
disabled: boolean, };

export type SignIn = { 
/**
 * Sign-in name.
 */
name: string, 
/**
 * Password.
 */
password: string, } | { 
/**
 * The secret.
 */
link: string, };

export type ChangePassword = { 
/**
 * The present password; not needed after a one-time link.
 */
current?: string, 
/**
 * The new one, 10 characters or more.
 */
new: string, };

export type NewMember = { 
/**
 * Sign-in name.
 */
name: string, 
/**
 * Name shown; the sign-in name unless told.
 */
display_name?: string, 
/**
 * What they may do.
 */
role: Role, };

export type MemberLink = { 
/**
 * The member.
 */
member: Actor, 
/**
 * One-time link to hand over; shown once.
 */
link: string, 
/**
 * When it stops working, RFC 3339.
 */
expires_at: string, };

export type ChangeMember = { 
/**
 * New role.
 */
role?: Role, 
/**
 * Whether they may not sign in any more.
 */
disabled?: boolean, };

export type Token = { 
/**
 * Typed id.
 */
id: string, 
/**
 * What it is for, in the owner's words.
 */
name: string, 
/**
 * First characters of the secret, to tell tokens apart.
 */
prefix: string, 
/**
 * Who it acts as.
 */
actor_name: string, 
/**
 * The most that it may do; never more than its actor.
 */
role: Role, 
/**
 * RFC 3339.
 */
created_at: string, 
/**
 * RFC 3339; `null` when never used.
 */
last_used_at: string | null, 
/**
 * RFC 3339; `null` when it never expires.
 */
expires_at: string | null, };

export type NewToken = { 
/**
 * What it is for.
 */
name: string, 
/**
 * The most that it may do; the caller's role unless told.
 */
role?: Role, 
/**
 * Days until it stops working; for ever unless told.
 */
days?: number, };

export type TokenSecret = { 
/**
 * The token.
 */
token: Token, 
/**
 * Its secret; shown once.
 */
secret: string, };

export type NewHost = { 
/**
 * Name of the host, unique: letters, digits, `-`, `_`, `.`.
 */
name: string, };

export type JoinCommand = { 
/**
 * Name of the host.
 */
name: string, 
/**
 * The command to run on the host; its token works once.
 */
command: string, 
/**
 * When the token stops working, RFC 3339.
 */
expires_at: string, };

export type AuditItem = { 
/**
 * Typed id.
 */
id: string, 
/**
 * RFC 3339.
 */
at: string, 
/**
 * Who did it; `system` for the aggregator itself.
 */
actor_name: string, 
/**
 * What was done, for example `host.add`.
 */
action: string, 
/**
 * To whom or what.
 */
subject: string, 
/**
 * From where: address, or `cli`.
 */
origin: string, };
