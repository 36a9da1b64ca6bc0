/** A line of a diff as it is shown. */
export interface DiffRow {
  readonly sign: ' ' | '+' | '-' | '@';
  /** Its number: in the new file, or in the old one when it was removed; `null` where nobody knows. */
  readonly number: number | null;
  readonly text: string;
  /** What changed in it: `[start, end)`. */
  readonly marks: readonly [number, number][];
}

/** More lines than this are not compared one by one: they are all removed and all added. */
const MOST_LINES = 1500;
const MOST_WORDS = 160;
/** Lines of an unchanged beginning or end that stay around a change. */
const CONTEXT = 3;

/** Length of the longest common beginning. */
function commonStart<T>(a: readonly T[], b: readonly T[]): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

/** Which items of two lists stay, by the longest common subsequence: pairs of places. */
function common<T>(a: readonly T[], b: readonly T[]): [number, number][] {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const down = table[(i + 1) * width + j] ?? 0;
      const right = table[i * width + j + 1] ?? 0;
      const both = (table[(i + 1) * width + j + 1] ?? 0) + 1;
      table[i * width + j] = a[i] === b[j] ? both : Math.max(down, right);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return pairs;
}

const wordsOf = (text: string) => text.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? [];

/** Places of the words that do not stay, joined where only space lies between. */
function changed(words: readonly string[], stays: ReadonlySet<number>): [number, number][] {
  const marks: [number, number][] = [];
  let at = 0;
  words.forEach((word, number) => {
    const last = marks.at(-1);
    if (!stays.has(number) && word.trim()) {
      if (last && /^\s*$/.test(words.join('').slice(last[1], at))) last[1] = at + word.length;
      else marks.push([at, at + word.length]);
    }
    at += word.length;
  });
  return marks;
}

/** What changed between two lines; nothing is marked where the lines have little in common. */
export function wordMarks(before: string, after: string): [[number, number][], [number, number][]] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return [[], []];
  const pairs = common(a, b);
  const kept = pairs.reduce((sum, [i]) => sum + (a[i]?.trim().length ?? 0), 0);
  if (kept * 3 < Math.max(before.trim().length, after.trim().length)) return [[], []];
  return [changed(a, new Set(pairs.map(([i]) => i))), changed(b, new Set(pairs.map(([, j]) => j)))];
}

type Bare = Pick<DiffRow, 'sign' | 'number' | 'text'>;

/** Marks the words of removed lines that are followed by as many added ones. */
function withMarks(rows: readonly Bare[]): DiffRow[] {
  const marked: DiffRow[] = rows.map((row) => ({ ...row, marks: [] }));
  for (let at = 0; at < marked.length;) {
    let removed = at;
    while (marked[removed]?.sign === '-') removed += 1;
    let added = removed;
    while (marked[added]?.sign === '+') added += 1;
    for (let k = 0; k < Math.min(removed - at, added - removed); k += 1) {
      const [one, two] = [marked[at + k], marked[removed + k]];
      if (!one || !two) continue;
      const [before, after] = wordMarks(one.text, two.text);
      marked[at + k] = { ...one, marks: before };
      marked[removed + k] = { ...two, marks: after };
    }
    at = Math.max(added, at + 1);
  }
  return marked;
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Compares two texts line by line. `from` is the number of the first line; `null` when nobody knows it. */
export function diffTexts(before: string, after: string, from: number | null = null): DiffRow[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  const start = commonStart(a, b);
  const end = Math.min(commonStart([...a].reverse(), [...b].reverse()), Math.min(a.length, b.length) - start);
  const [midA, midB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const pairs = midA.length > MOST_LINES || midB.length > MOST_LINES ? [] : common(midA, midB);
  const number = (place: number) => (from === null ? null : from + place);
  const rows: Bare[] = [];
  const first = Math.max(0, start - CONTEXT);
  for (let at = first; at < start; at += 1) rows.push({ sign: ' ', number: number(at), text: b[at] ?? '' });
  let [i, j] = [0, 0];
  for (const [toA, toB] of [...pairs, [midA.length, midB.length] as const]) {
    for (; i < toA; i += 1) rows.push({ sign: '-', number: number(start + i), text: midA[i] ?? '' });
    for (; j < toB; j += 1) rows.push({ sign: '+', number: number(start + j), text: midB[j] ?? '' });
    if (i < midA.length) rows.push({ sign: ' ', number: number(start + j), text: midB[j] ?? '' });
    i += 1;
    j += 1;
  }
  const tail = b.length - end;
  for (let at = tail; at < Math.min(b.length, tail + CONTEXT); at += 1) {
    rows.push({ sign: ' ', number: number(at), text: b[at] ?? '' });
  }
  return withMarks(rows);
}

/** A hunk as clients write it: `lines` begin with their sign. */
export interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

/** Rows of hunks, with a separator between two of them. */
export function diffHunks(hunks: readonly Hunk[]): DiffRow[] {
  const rows: Bare[] = [];
  hunks.forEach((hunk, number) => {
    if (number > 0) rows.push({ sign: '@', number: null, text: '' });
    let [before, after] = [hunk.oldStart, hunk.newStart];
    for (const line of hunk.lines) {
      const sign = line[0];
      const text = line.slice(1);
      if (sign === '+') rows.push({ sign, number: after++, text });
      else if (sign === '-') rows.push({ sign, number: before++, text });
      else if (sign !== '\\') {
        rows.push({ sign: ' ', number: after++, text });
        before += 1;
      }
    }
  });
  return withMarks(rows);
}

/** Change of one file in a patch. */
export interface FilePatch {
  readonly path: string;
  readonly rows: DiffRow[];
}

const HEADER = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** Rows of a unified diff; line numbers where its headers give them. */
export function diffUnified(text: string): DiffRow[] {
  const rows: Bare[] = [];
  let [before, after]: [number | null, number | null] = [null, null];
  for (const line of linesOf(text)) {
    const header = HEADER.exec(line);
    if (line.startsWith('@@')) {
      [before, after] = header ? [Number(header[1]), Number(header[2])] : [null, null];
      if (rows.length > 0) rows.push({ sign: '@', number: null, text: '' });
    } else if (line.startsWith('+')) {
      rows.push({ sign: '+', number: after, text: line.slice(1) });
      if (after !== null) after += 1;
    } else if (line.startsWith('-')) {
      rows.push({ sign: '-', number: before, text: line.slice(1) });
      if (before !== null) before += 1;
    } else if (!line.startsWith('\\')) {
      rows.push({ sign: ' ', number: after, text: line.slice(1) });
      if (after !== null) after += 1;
      if (before !== null) before += 1;
    }
  }
  return withMarks(rows);
}

/** Files of a patch as Codex writes it (`*** Update File: …`). */
export function patchFiles(patch: string): FilePatch[] {
  const files: { path: string; lines: string[] }[] = [];
  for (const line of linesOf(patch)) {
    const file = /^\*\*\* (?:Add|Update|Delete) File: (.+)$/.exec(line);
    if (file) files.push({ path: file[1] ?? '', lines: [] });
    else if (!line.startsWith('*** ')) files.at(-1)?.lines.push(line);
  }
  return files.map(({ path, lines }) => ({ path, rows: diffUnified(lines.join('\n')) }));
}

/** Lines added and removed. */
export function changes(rows: readonly DiffRow[]): { added: number; removed: number } {
  const of = (sign: string) => rows.filter((row) => row.sign === sign).length;
  return { added: of('+'), removed: of('-') };
}
