import { expect, test } from 'vitest';

import { asked, filterText, holds, join, parse, replace, settle, toggle, wanted } from './query';

const short = (query: string) =>
  parse(query).map(({ filter, value, quoted, excludes }) =>
    [excludes ? '-' : '', filter ? `${filter}=` : '', quoted ? `"${value}"` : value].join(''),
  );

test('a query is filters, phrases and words', () => {
  expect(short('host:mac tool:Bash "exact words" later -is:gone -noise project:"my app"')).toEqual([
    'host=mac',
    'tool=Bash',
    '"exact words"',
    'later',
    '-is=gone',
    '-noise',
    'project="my app"',
  ]);
});

test('what only looks like a filter is words', () => {
  expect(short('https://x.org foo::bar src/a.rs:12 path::new nosuch:thing -')).toEqual([
    'https://x.org',
    'foo::bar',
    'src/a.rs:12',
    'path::new',
    'nosuch:thing',
    '-',
  ]);
});

test('any text is parsed, and nothing of it is lost', () => {
  for (const query of ['"', 'host:', 'host:"', '"a"b', '- "x', 'a"b c"d', '  ', '-"', 'IS:Error', '""']) {
    expect(join(parse(query)).replaceAll(/\s/g, '')).toBe(query.replaceAll(/\s/g, ''));
  }
});

test('a flag is looked for, and quotes of notes and chats are quotes', () => {
  expect(short('--force -x “so it is”')).toEqual(['--force', '-x', '"so it is"']);
});

test('a lone quote is open until it is closed', () => {
  expect(parse('"rate lim')[0]).toMatchObject({ quoted: true, closed: false, value: 'rate lim' });
  expect(parse('"rate limit"')[0]).toMatchObject({ quoted: true, closed: true });
});

test('a filter is written with quotes only where it needs them', () => {
  expect(filterText('host', 'mac')).toBe('host:mac');
  expect(filterText('project', 'my "own" app', true)).toBe('-project:"my own app"');
});

test('a click adds a filter, and another takes it away', () => {
  const once = toggle('rate limit', 'tool:Bash');
  expect(once).toBe('rate limit tool:Bash');
  expect(holds(once, 'tool:bash')).toBe(true);
  expect(toggle(once, 'tool:Bash')).toBe('rate limit');
  expect(holds('tool:Bash', '-tool:Bash')).toBe(false);
});

test('a range of days takes the place of the one before', () => {
  const query = replace('x after:2026-01-01 is:error', ['after', 'before'], ['after:7d']);
  expect(query).toBe('after:7d x is:error');
});

test('a reader looks for the words, not for the filters', () => {
  expect(wanted('host:mac "rate limit" tok* retri~ -noise -"not this" is:error')).toEqual([
    'rate limit',
    'tok',
    'retri',
  ]);
});

test('filters and phrases become chips once they are ended', () => {
  expect(settle('host:mac rate', false)).toMatchObject({ chips: [{ text: 'host:mac' }], rest: 'rate' });
  expect(settle('rate host:ma', false)).toMatchObject({ chips: [], rest: 'rate host:ma' });
  expect(settle('rate host:mac', true)).toMatchObject({ chips: [{ text: 'host:mac' }], rest: 'rate' });
  expect(settle('rate "so it is"', false)).toMatchObject({ chips: [{ text: '"so it is"' }], rest: 'rate' });
  expect(settle('host: ', true).chips).toEqual([]);
  expect(settle('host:mac two words ', false).rest).toBe('two words ');
});

test('a filter that is being typed is not asked for yet', () => {
  expect(asked(settle('is:error rate host:ma', false))).toBe('is:error rate');
  expect(asked(settle('rate "lim', false))).toBe('rate lim');
  expect(asked(settle('"', false))).toBe('');
  expect(asked(settle('rate host:', true))).toBe('rate');
});
