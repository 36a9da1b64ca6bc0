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

export type HostState = "new" | "online" | "lagging" | "offline";

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
 * Transcripts of subagents that belong to it.
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
preview_cut: boolean, };

export type EntryClass = "conversation" | "bookkeeping" | "unreadable";

export type EntryRole = "human" | "assistant" | "tool_use" | "tool_result" | "thinking" | "system";

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
sessions: Array<SessionRow>, } | { 
/**
 * The host.
 */
host: Host, 
/**
 * Its sessions with the latest activity, at most 500.
 */
sessions: Array<SessionRow>, } | { 
/**
 * The session.
 */
session: Session, 
/**
 * Its latest conversation entries in order, at most 200.
 */
entries: Array<Entry>, 
/**
 * There are earlier entries.
 */
has_earlier: boolean, };

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
 * Topics `fleet`, `host:ID`: rows that are new or changed.
 */
sessions?: Array<SessionRow>, 
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
