import { coderName } from './coders';
import { FILTERS, filterText, type Filter } from './query';

/** What a field offers to write. */
export interface Suggestion {
  /** What takes the place of the part that is being typed. */
  readonly text: string;
  readonly label: string;
  readonly hint: string;
  readonly kind: 'filter' | 'value' | 'recent';
}

/** Values that are known for filters. */
export interface Values {
  readonly host: readonly string[];
  readonly project: readonly string[];
  readonly coder: readonly string[];
  readonly tool: readonly string[];
  readonly branch: readonly string[];
  readonly model: readonly string[];
  readonly client: readonly string[];
}

/** Most lines offered at once. */
const MOST = 8;

const FIXED: Partial<Record<Filter, readonly (readonly [value: string, hint: string])[]>> = {
  role: [
    ['prompt', 'what a person asked'],
    ['reply', 'what the coder said'],
    ['thinking', 'what it thought'],
    ['tool_input', 'commands, edits and other calls'],
    ['tool_result', 'what tools answered'],
    ['title', 'titles of sessions'],
  ],
  is: [
    ['error', 'the tool failed'],
    ['subagent', 'in a subagent'],
    ['gone', 'deleted on its host, kept here'],
  ],
  has: [['image', 'with an image']],
  after: dates(),
  before: dates(),
};

function dates(): [string, string][] {
  return [
    ['today', ''],
    ['yesterday', ''],
    ['7d', 'seven days ago'],
    ['30d', 'thirty days ago'],
  ];
}

/** The part of a text that is being typed at its end: the last word, or an open quote with its filter. */
export function lastPart(text: string): string {
  return /(?:-?[a-z]+:)?"[^"]*$|\S*$/i.exec(text)?.[0] ?? '';
}

/** What may come next at the end of a text. */
export function suggest(text: string, values: Values, recent: readonly string[]): Suggestion[] {
  const part = lastPart(text);
  if (part === '') return text.trim() === '' ? [...recents(recent), ...names('', false)].slice(0, 14) : [];
  const match = /^(-?)([a-z]+):"?([^"]*)$/i.exec(part);
  if (match) return valuesOf(match[2]?.toLowerCase() ?? '', match[3] ?? '', match[1] === '-', values);
  const excludes = part.startsWith('-');
  const typed = excludes ? part.slice(1) : part;
  // One letter is the beginning of too many things.
  return /^[a-z]{2,}$/i.test(typed) ? [...names(typed, excludes), ...direct(typed, excludes, values)] : [];
}

function recents(recent: readonly string[]): Suggestion[] {
  return recent.slice(0, 4).map((text) => ({ text, label: text, hint: '', kind: 'recent' }));
}

function names(typed: string, excludes: boolean): Suggestion[] {
  return Object.entries(FILTERS)
    .filter(([name]) => name.startsWith(typed.toLowerCase()))
    .map(([name, hint]) => ({
      text: `${excludes ? '-' : ''}${name}:`,
      label: `${excludes ? '-' : ''}${name}:`,
      hint,
      kind: 'filter',
    }));
}

/** Hosts, projects and coders are found by their own names too: nobody needs to know the filter first. */
function direct(typed: string, excludes: boolean, values: Values): Suggestion[] {
  if (typed.length < 2) return [];
  const all = (['host', 'project', 'coder'] as const).flatMap((name) =>
    valuesOf(name, typed, excludes, values).map((found) => ({ ...found, label: found.text })),
  );
  return all.slice(0, MOST);
}

function valuesOf(name: string, typed: string, excludes: boolean, values: Values): Suggestion[] {
  if (!Object.hasOwn(FILTERS, name)) return [];
  const filter = name as Filter;
  const known: (readonly [string, string])[] = Object.hasOwn(values, filter)
    ? values[filter as keyof Values].map(
        (value) => [value, filter === 'coder' ? coderName(value) : ''] as const,
      )
    : [...(FIXED[filter] ?? [])];
  const wanted = typed.toLowerCase();
  const at = (value: string) => value.toLowerCase().indexOf(wanted);
  return known
    .filter(([value]) => at(value) >= 0)
    .sort(([a], [b]) => Math.sign(at(a)) - Math.sign(at(b)))
    .slice(0, MOST)
    .map(([value, hint]) => ({
      text: `${filterText(filter, value, excludes)} `,
      label: value,
      hint,
      kind: 'value',
    }));
}
