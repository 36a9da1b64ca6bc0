/** What keys do in the reader. */
export type Action =
  | 'find'
  | 'next-prompt'
  | 'previous-prompt'
  | 'next-failure'
  | 'previous-failure'
  | 'next-entry'
  | 'previous-entry'
  | 'start'
  | 'end'
  | 'time'
  | 'thinking'
  | 'tools'
  | 'subagents'
  | 'records'
  | 'outline'
  | 'export'
  | 'copy-turn'
  | 'link'
  | 'copy'
  | 'raw'
  | 'keys';

/** Keys that work wherever on the page, unless one is typing: nothing else uses them. */
const ANYWHERE: Readonly<Record<string, Action>> = {
  n: 'next-prompt',
  p: 'previous-prompt',
  ']': 'next-prompt',
  '[': 'previous-prompt',
  e: 'next-failure',
  E: 'previous-failure',
};

/** Keys that the reader takes while the focus is in it. */
const INSIDE: Readonly<Record<string, Action>> = {
  ...ANYWHERE,
  '/': 'find',
  j: 'next-entry',
  k: 'previous-entry',
  Home: 'start',
  End: 'end',
  '@': 'time',
  '1': 'thinking',
  '2': 'tools',
  '3': 'subagents',
  '4': 'records',
  o: 'outline',
  x: 'export',
  y: 'copy-turn',
  l: 'link',
  c: 'copy',
  r: 'raw',
  '?': 'keys',
};

/** Names for people, in the order of the list. */
export const KEY_LIST: readonly [readonly string[], string][] = [
  [['n', 'p'], 'Next prompt, prompt before'],
  [[']', '['], 'The same'],
  [['e', 'E'], 'Next failure, failure before'],
  [['j', 'k'], 'Next entry, entry before'],
  [['Home', 'End'], 'First entry, latest entry'],
  [['/'], 'Find in this session'],
  [['@'], 'Go to a time'],
  [['l'], 'Copy a link to the entry'],
  [['c'], 'Copy the entry as Markdown'],
  [['y'], 'Copy the turn or the session'],
  [['r'], 'Show the line as archived'],
  [['1', '2', '3', '4'], 'Thinking, tools, subagents, records'],
  [['o'], 'Outline'],
  [['x'], 'Export'],
  [['?'], 'These keys'],
];

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** What a key does here; nothing while one types, except for finding. */
export function actionOf(event: Key, inside: boolean, typing: boolean): Action | null {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') return 'find';
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return null;
  return (inside ? INSIDE : ANYWHERE)[event.key] ?? null;
}
