/** Names of filters, with what they narrow down to. */
export const FILTERS = {
  host: 'machine it ran on',
  project: 'project it belongs to',
  coder: 'coding agent',
  role: 'prompt, reply, thinking, tool_input, tool_result',
  tool: 'tool that was called',
  path: 'file that was touched',
  branch: 'git branch',
  model: 'model of the reply',
  client: 'client or its version',
  actor: 'who ran it',
  after: 'from that day on',
  before: 'before that day',
  is: 'error, subagent, gone',
  has: 'image',
  session: 'one session, by its id',
} as const;

/** Name of a filter. */
export type Filter = keyof typeof FILTERS;

/** One part of a query: a filter, a phrase or a word. */
export interface Term {
  /** As it was written. */
  readonly text: string;
  /** Name of the filter; `null` for words. */
  readonly filter: Filter | null;
  /** Value of the filter, or the words, without quotes. */
  readonly value: string;
  readonly quoted: boolean;
  readonly excludes: boolean;
  /** It was ended: by a closing quote, or by what follows it. */
  readonly closed: boolean;
}

/** One part: a sign that excludes, a name, and a value in quotes or up to a space. `--flag` is something to look for. */
const PART = /((?:-(?![-\s]))?)(?:([a-z]+):(?!:|\/\/))?(?:["“”„«»]([^"“”„«»]*)(["“”„«»]?)|(\S*))/giy;

/** The parts of a query. Never fails: what is no filter is words. */
export function parse(query: string): Term[] {
  const terms: Term[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(query[at] ?? '')) at += 1;
    if (at >= query.length) return terms;
    const term = termAt(query, at);
    terms.push(term);
    at += term.text.length;
  }
}

function termAt(query: string, at: number): Term {
  PART.lastIndex = at;
  const match = PART.exec(query);
  const text = match?.[0] ?? '';
  const name = match?.[2]?.toLowerCase();
  const known = name === undefined || isFilter(name);
  if (!match || text === '' || !known) return wordAt(query, at);
  const quoted = match[3] !== undefined;
  return {
    text,
    filter: name !== undefined && isFilter(name) ? name : null,
    value: match[3] ?? match[5] ?? '',
    quoted,
    excludes: match[1] === '-',
    closed: quoted ? match[4] !== '' : at + text.length < query.length,
  };
}

function wordAt(query: string, at: number): Term {
  const text = /^\S+/.exec(query.slice(at))?.[0] ?? '';
  const excludes = /^-[^-]/.test(text);
  const closed = at + text.length < query.length;
  return { text, filter: null, value: excludes ? text.slice(1) : text, quoted: false, excludes, closed };
}

function isFilter(name: string): name is Filter {
  return Object.hasOwn(FILTERS, name);
}

/** A filter as it is written in a query. */
export function filterText(filter: Filter, value: string, excludes = false): string {
  const clean = value.replaceAll('"', '');
  return `${excludes ? '-' : ''}${filter}:${/\s/.test(clean) || clean === '' ? `"${clean}"` : clean}`;
}

/** Terms as one query. */
export function join(terms: readonly Pick<Term, 'text'>[]): string {
  return terms.map(({ text }) => text).join(' ');
}

/** Whether two texts of filters mean the same. */
function same(one: string, other: string): boolean {
  const a = parse(one)[0];
  const b = parse(other)[0];
  if (!a || !b) return one === other;
  return (
    a.filter === b.filter && a.excludes === b.excludes && a.value.toLowerCase() === b.value.toLowerCase()
  );
}

/** Whether a query holds a filter of this text. */
export function holds(query: string, text: string): boolean {
  return parse(query).some((term) => term.filter !== null && same(term.text, text));
}

/** The query with a filter added, or without it when it holds it already. */
export function toggle(query: string, text: string): string {
  const terms = parse(query);
  if (!holds(query, text)) return [...terms.map((term) => term.text), text].join(' ');
  return join(terms.filter((term) => term.filter === null || !same(term.text, text)));
}

/** The query with these filters instead of all of the same names. */
export function replace(query: string, names: readonly Filter[], texts: readonly string[]): string {
  const kept = parse(query).filter((term) => term.filter === null || !names.includes(term.filter));
  return [...texts, ...kept.map((term) => term.text)].join(' ');
}

/** What a reader looks for: words and phrases that are wanted, without the signs for prefixes and fuzziness. */
export function wanted(query: string): string[] {
  return parse(query)
    .filter((term) => term.filter === null && !term.excludes)
    .map((term) =>
      (term.quoted ? term.value : term.value.replace(/[*~]+$/, '').replaceAll(/["“”„«»]/g, '')).trim(),
    )
    .filter((word) => word !== '');
}

/** A query as a field shows it: chips, and the words that are still text. */
export interface Draft {
  readonly chips: readonly Term[];
  readonly rest: string;
}

/**
 * Takes chips out of a text: filters and phrases that are ended, in the order of the text. With `all`, those at the
 * end too: nobody is typing there any more.
 */
export function settle(text: string, all: boolean): Draft {
  const terms = parse(text);
  const isChip = (term: Term) => {
    if (term.filter === null) return term.quoted && term.closed && term.value.trim() !== '';
    return term.value !== '' && (term.closed || (all && !term.quoted));
  };
  const chips = terms.filter(isChip).map((term) => ({ ...term, closed: true }));
  if (chips.length === 0) return { chips, rest: text };
  const rest = join(terms.filter((term) => !isChip(term)));
  const spaced = rest !== '' && /\s$/.test(text) ? `${rest} ` : rest;
  return { chips, rest: spaced };
}

/**
 * What a draft asks for now: a filter whose value is still being typed is not asked for yet, and a phrase without its
 * end is its words.
 */
export function asked({ chips, rest }: Draft): string {
  const words = parse(rest).filter((term) => term.filter === null || (term.closed && term.value !== ''));
  const open = (term: Term) => term.filter === null && term.quoted && !term.closed;
  return join([...chips, ...words.map((term) => (open(term) ? { text: term.value.trim() } : term))]).trim();
}
