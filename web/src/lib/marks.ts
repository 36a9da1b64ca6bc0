/** A piece of a text, and whether it is what was looked for. */
export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

/** A text cut at its highlights. Ranges are `[start, end)` in Unicode code points, as the search answers them. */
export function marked(text: string, ranges: readonly (readonly [number, number])[]): Piece[] {
  const points = [...text];
  const pieces: Piece[] = [];
  let at = 0;
  const push = (end: number, hit: boolean) => {
    if (end > at) pieces.push({ text: points.slice(at, end).join(''), hit });
    at = Math.max(at, end);
  };
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    push(Math.min(start, points.length), false);
    push(Math.min(end, points.length), true);
  }
  push(points.length, false);
  return pieces;
}
