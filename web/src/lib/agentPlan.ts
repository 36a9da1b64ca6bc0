import type { TreeItem } from './agentTree';

/** Sizes of the graph, px. */
export interface Measures {
  /** Width of the session's own card, and of the others. */
  readonly first: number;
  readonly other: number;
  readonly height: number;
  /** Space between two columns. */
  readonly gap: number;
  /** From one row to the next. */
  readonly row: number;
}

/** Whoever began many stands beside the first of them, not so far down that these are out of sight; rows. */
const LOWEST = 2;

/** Children further up or down than this are reached by a trunk, px. */
const FAR = 160;

/** A card of the graph. */
export interface Spot {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** A curve from a card to one that hangs on it. */
export interface Curve {
  readonly key: string;
  readonly path: string;
  /** Where it lies between top and bottom. */
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** Its end, where the child begins. */
  readonly x: number;
  readonly y: number;
}

/** Where everything stands. */
export interface Plan {
  readonly spots: ReadonlyMap<string, Spot>;
  readonly curves: readonly Curve[];
  readonly width: number;
  readonly height: number;
}

/** Left edge of a column. */
function columnX(depth: number, { first, other, gap }: Measures): number {
  return depth === 0 ? 0 : first + gap + (depth - 1) * (other + gap);
}

/** Lays a tree out in columns by depth: leaves below each other, everyone else beside the middle of their own. */
export function planOf<T>(items: readonly TreeItem<T>[], measures: Measures): Plan {
  const rows = new Map<string, number>();
  let next = 0;
  for (const item of items) if (item.children.length === 0) rows.set(item.key, next++);
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (!item || item.children.length === 0) continue;
    const first = rows.get(item.children[0] ?? '') ?? 0;
    const last = rows.get(item.children.at(-1) ?? '') ?? first;
    rows.set(item.key, Math.min((first + last) / 2, first + LOWEST));
  }
  const spots = new Map<string, Spot>();
  let width = 0;
  for (const { key, depth } of items) {
    const spot = {
      key,
      x: columnX(depth, measures),
      y: (rows.get(key) ?? 0) * measures.row,
      width: depth === 0 ? measures.first : measures.other,
    };
    spots.set(key, spot);
    width = Math.max(width, spot.x + spot.width);
  }
  const height = Math.max(0, next - 1) * measures.row + measures.height;
  const curves = items.flatMap(({ key, parent }) => {
    const [from, to] = [parent === null ? undefined : spots.get(parent), spots.get(key)];
    return from && to ? [curve(from, to, measures)] : [];
  });
  return { spots, curves, width, height: items.length === 0 ? 0 : height };
}

const bow = (x1: number, y1: number, x2: number, y2: number, bend: number) =>
  `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;

/** A way down one trunk that all far children share: hundreds of bows would be a fan of lines. */
function elbow(x1: number, y1: number, x2: number, y2: number): string {
  const trunk = (x1 + x2) / 2;
  const turn = Math.sign(y2 - y1) * 14;
  return `M${x1} ${y1}Q${trunk} ${y1} ${trunk} ${y1 + turn}V${y2 - turn}Q${trunk} ${y2} ${x2} ${y2}`;
}

function curve(from: Spot, to: Spot, { height, gap }: Measures): Curve {
  const [x1, y1] = [from.x + from.width, from.y + height / 2];
  const [x2, y2] = [to.x, to.y + height / 2];
  return {
    key: to.key,
    path: Math.abs(y2 - y1) > FAR ? elbow(x1, y1, x2, y2) : bow(x1, y1, x2, y2, gap * 0.6),
    top: Math.min(y1, y2),
    bottom: Math.max(y1, y2),
    left: x1,
    right: x2,
    x: x2,
    y: y2,
  };
}
