/** A point on the map, px. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a host stands. */
export interface Place extends Point {
  readonly id: string;
  /** Side of the aggregator. Its label lies on the outer side of its ring. */
  readonly side: Side;
  /** Room for its label, px. */
  readonly labelWidth: number;
}

/** A side of the aggregator. */
export type Side = 'left' | 'right';

/** The whole map. */
export interface Layout {
  readonly aggregator: Point;
  readonly places: readonly Place[];
  /** Of every ring, px. */
  readonly radius: number;
  /** Half of the aggregator's square, px. */
  readonly half: number;
  /** Label with facts, or the name alone. */
  readonly dense: boolean;
  /** May exceed the given height: then the map scrolls. */
  readonly height: number;
}

/** Half of the aggregator's square. */
export const AGGREGATOR_HALF = 26;
/** Up to this many hosts stand in one fan, with all their facts. */
export const FAN_MOST = 10;
const FAN = { radius: 20, least: 60, pitch: 78, bulge: 26 };
const DENSE = { radius: 12, pitch: 29, rowsWanted: 20, gap: 28 };
const MARGIN = 44;

/** Places for hosts in a pane. */
export function layout(ids: readonly string[], width: number, height: number): Layout {
  return ids.length <= FAN_MOST ? fan(ids, width, height) : columns(ids, width, height);
}

function fan(ids: readonly string[], width: number, height: number): Layout {
  const pitch = Math.max(FAN.least, Math.min(FAN.pitch, (height - 2 * MARGIN) / Math.max(1, ids.length - 1)));
  const total = Math.max(height, (ids.length - 1) * pitch + 2 * MARGIN);
  const middle = (ids.length - 1) / 2;
  const places = ids.map((id, i) => {
    const off = middle === 0 ? 0 : (i - middle) / middle;
    const x = width * 0.5 + FAN.bulge * (1 - off * off);
    const labelWidth = width - x - FAN.radius - 16;
    return { id, x, y: total / 2 + (i - middle) * pitch, side: 'right' as const, labelWidth };
  });
  return {
    aggregator: { x: aggregatorX(width), y: total / 2 },
    places,
    radius: FAN.radius,
    half: AGGREGATOR_HALF,
    dense: false,
    height: total,
  };
}

function columns(ids: readonly string[], width: number, height: number): Layout {
  const count = ids.length <= DENSE.rowsWanted ? 1 : ids.length <= 2 * DENSE.rowsWanted ? 2 : 3;
  const rows = Math.ceil(ids.length / count);
  const total = Math.max(height, rows * DENSE.pitch + MARGIN);
  const pitch = Math.min(DENSE.pitch * 1.25, (total - MARGIN) / rows);
  const left = aggregatorX(width) + AGGREGATOR_HALF + DENSE.gap;
  const columnWidth = (width - left - 4) / count;
  const places = ids.map((id, i) => ({
    id,
    x: left + Math.floor(i / rows) * columnWidth + DENSE.radius,
    y: total / 2 + ((i % rows) - (rows - 1) / 2) * pitch,
    side: 'right' as const,
    labelWidth: columnWidth - 2 * DENSE.radius - 9,
  }));
  return {
    aggregator: { x: aggregatorX(width), y: total / 2 },
    places,
    radius: DENSE.radius,
    half: AGGREGATOR_HALF,
    dense: true,
    height: total,
  };
}

function aggregatorX(width: number): number {
  return Math.max(48, Math.min(120, width * 0.13));
}

/** Distance between the ends of neighbouring edges at the aggregator's side, px. */
const PORT_PITCH = 6;

/** A cubic Bézier curve: its ends, and the points that it leaves one and comes to the other by. */
export interface Curve {
  readonly from: Point;
  readonly out: Point;
  readonly in: Point;
  readonly to: Point;
}

/** The edge from a host to the aggregator: pulses travel along it in the direction of the data. */
export function edge(place: Place, all: Layout): Curve {
  const same = all.places.filter(({ side }) => side === place.side);
  const spread = Math.min(
    (PORT_PITCH * all.half) / AGGREGATOR_HALF,
    (2 * all.half - 8) / Math.max(1, same.length - 1),
  );
  const sign = place.side === 'right' ? 1 : -1;
  const from = { x: place.x - sign * (all.radius + 3), y: place.y };
  const to = {
    x: all.aggregator.x + sign * (all.half + 5),
    y: all.aggregator.y + (same.indexOf(place) - (same.length - 1) / 2) * spread,
  };
  const reach = sign * Math.max(24, Math.abs(from.x - to.x) * 0.62);
  return { from, out: { x: from.x - reach, y: from.y }, in: { x: to.x + reach, y: to.y }, to };
}

/** A curve as SVG writes it. */
export function drawn(curve: Curve): string {
  const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return `M${at(curve.from)}C${at(curve.out)} ${at(curve.in)} ${at(curve.to)}`;
}

/** The point of a curve at a share of its way, 0 to 1. */
export function along(curve: Curve, share: number): Point {
  const rest = 1 - share;
  const [a, b, c, d] = [rest ** 3, 3 * rest * rest * share, 3 * rest * share * share, share ** 3];
  const mix = (axis: 'x' | 'y') =>
    a * curve.from[axis] + b * curve.out[axis] + c * curve.in[axis] + d * curve.to[axis];
  return { x: mix('x'), y: mix('y') };
}

/** Width of an edge by its rate, px. */
export function edgeWidth(linesPerSecond: number): number {
  return Math.max(1.25, Math.min(5.5, 1 + 1.02 * Math.sqrt(linesPerSecond)));
}
