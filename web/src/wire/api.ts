import { apiUrl } from '../lib/paths';
import type {
  Actor,
  AuditItem,
  ChangeMember,
  ChangePassword,
  Entry,
  Host,
  JoinCommand,
  Me,
  MemberLink,
  NewMember,
  NewSavedSearch,
  NewToken,
  Page,
  Problem,
  Progress,
  SavedSearch,
  SearchPage,
  SessionRow,
  SignIn,
  Token,
  TokenSecret,
  Transcript,
  TreeHost,
} from './types.gen';

/** An answer that says no, or no answer at all (`status` 0). The message says what happened and what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** Seconds to wait before the next attempt, where the aggregator said so. */
  readonly retryAfter: number | null;

  constructor(problem: Problem, retryAfter: number | null = null) {
    super([problem.title, problem.detail].filter(Boolean).join('. '));
    this.name = 'ApiError';
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.retryAfter = retryAfter;
  }
}

/** Whether an error means that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

const refusals = new Set<() => void>();

/** Calls back when the aggregator refused because nobody is signed in, until the returned function is called. */
export function onRefusal(listener: () => void): () => void {
  refusals.add(listener);
  return () => refusals.delete(listener);
}

const UNREACHABLE: Problem = {
  code: 'unreachable',
  status: 0,
  title: 'The aggregator does not answer',
  detail: 'Check that it runs and that this device reaches it, then try again.',
};

async function problemOf(response: Response): Promise<Problem> {
  const given: Partial<Problem> = await response.json().catch(() => ({}));
  return {
    code: given.code ?? `http-${response.status}`,
    status: response.status,
    title: given.title ?? `The aggregator answered ${response.status}`,
    detail: given.detail ?? '',
  };
}

/** What asks or changes who is signed in. */
const SELF = ['me', 'sign-in', 'sign-out'];

async function send(
  method: string,
  resource: string,
  body?: unknown,
  headers: HeadersInit = {},
  signal?: AbortSignal,
): Promise<Response> {
  const init: RequestInit = { method, headers: { ...headers }, credentials: 'same-origin' };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...headers, 'content-type': 'application/json' };
  }
  const response = await fetch(apiUrl(resource), init).catch((error: unknown) => {
    throw signal?.aborted ? error : new ApiError(UNREACHABLE);
  });
  if (response.ok) return response;
  // Who asks for themselves hears it as the answer.
  if (response.status === 401 && !SELF.includes(resource)) for (const heard of refusals) heard();
  const retryAfter = Number(response.headers.get('retry-after'));
  throw new ApiError(await problemOf(response), retryAfter > 0 ? retryAfter : null);
}

/** One answer. */
export async function ask<T>(method: string, resource: string, body?: unknown): Promise<T> {
  const response = await send(method, resource, body);
  return (await response.json()) as T;
}

/** A change that answers nothing. */
export async function tell(method: string, resource: string, body?: unknown): Promise<void> {
  await send(method, resource, body);
}

const id = encodeURIComponent;

/** Parameters of a list; those that are `null` or `undefined` are left out. */
export type Params = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The end of an address with its parameters; empty for none. */
function withParams(params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

/** Reads a resource; rejects with the signal's reason once it is aborted. */
async function read<T>(resource: string, params: Params, signal?: AbortSignal): Promise<T> {
  const response = await send('GET', resource + withParams(params), undefined, {}, signal);
  return (await response.json()) as T;
}

/** Every item of a list, page by page. */
export async function all<T>(resource: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const mark = resource.includes('?') ? '&' : '?';
    const query: string = `${mark}limit=1000${cursor ? `&cursor=${id(cursor)}` : ''}`;
    const page: Page<T> = await ask('GET', resource + query);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

/** The REST surface, one function a route. Each rejects with `ApiError`. */
export const api = {
  signIn: (request: SignIn) => ask<Me>('POST', 'sign-in', request),
  signOut: () => tell('POST', 'sign-out'),
  me: () => ask<Me>('GET', 'me'),
  changePassword: (request: ChangePassword) => tell('POST', 'me/password', request),

  members: () => all<Actor>('members'),
  addMember: (request: NewMember) => ask<MemberLink>('POST', 'members', request),
  changeMember: (member: string, request: ChangeMember) =>
    ask<Actor>('PATCH', `members/${id(member)}`, request),
  memberLink: (member: string) => ask<MemberLink>('POST', `members/${id(member)}/link`),

  tokens: () => all<Token>('tokens'),
  addToken: (request: NewToken) => ask<TokenSecret>('POST', 'tokens', request),
  revokeToken: (token: string) => tell('DELETE', `tokens/${id(token)}`),

  hosts: () => all<Host>('hosts'),
  addHost: (name: string) => ask<JoinCommand>('POST', 'hosts', { name }),
  removeHost: (host: string) => tell('DELETE', `hosts/${id(host)}`),

  audit: (cursor: string | null) =>
    ask<Page<AuditItem>>('GET', `audit?limit=100${cursor ? `&cursor=${id(cursor)}` : ''}`),

  /** Sessions by filters and order, page by page. */
  sessions: (params: Params, signal?: AbortSignal) => read<Page<SessionRow>>('sessions', params, signal),
  search: (params: Params, signal?: AbortSignal) => read<SearchPage>('search', params, signal),
  tree: () => all<TreeHost>('tree'),
  searches: () => all<SavedSearch>('searches'),
  saveSearch: (request: NewSavedSearch) => ask<SavedSearch>('POST', 'searches', request),
  progress: () => all<Progress>('progress'),
  forgetSearch: (search: string) => tell('DELETE', `searches/${id(search)}`),

  /** Where a transcript's bytes can be fetched. */
  rawUrl: (transcript: Transcript) => apiUrl(`transcripts/${id(transcript.id)}/raw`),

  /** The archived bytes of one line, as text. */
  rawLine: async (entry: Entry) => {
    const range = `bytes=${entry.offset}-${entry.offset + entry.bytes - 1}`;
    const response = await send('GET', `transcripts/${id(entry.transcript_id)}/raw`, undefined, { range });
    return response.text();
  },
};
