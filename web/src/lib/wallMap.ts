import type { Layout, Place, Side } from './topology';

/** Sizes on a map of this height, px; on others they grow and shrink with it. */
const DRAWN = { height: 720, radius: 44, dense: 17, half: 64, gap: 90, bulge: 46, margin: 84, pitch: 176 };
/** Bounds of that scale. */
const SCALE = { least: 0.5, most: 1.4 };
/** Up to this many hosts keep their facts. */
const FACTS_MOST = 12;
/** Least distance between hosts that show their name alone, as drawn, px. */
const DENSE_PITCH = 44;
/** Between a ring and its label, and a label and the edge of the map, together, px. */
const LABEL_GAPS = 40;

/** How much larger or smaller than drawn. */
export function wallScale(height: number): number {
  return Math.max(SCALE.least, Math.min(SCALE.most, height / DRAWN.height));
}

/** Hosts on both sides of the aggregator, to be read from afar: the first on the right, from the top. */
export function wallMap(ids: readonly string[], width: number, height: number): Layout {
  const scale = wallScale(height);
  const dense = ids.length > FACTS_MOST;
  const radius = scale * (dense ? DRAWN.dense : DRAWN.radius);
  const half = scale * DRAWN.half;
  const aggregator = { x: width / 2, y: height / 2 };
  const sides: Record<Side, string[]> = { right: [], left: [] };
  ids.forEach((id, i) => sides[i % 2 === 0 ? 'right' : 'left'].push(id));

  const fan = (side: Side): Place[] => {
    const all = sides[side];
    const room = height - 2 * scale * DRAWN.margin;
    const pitch = Math.min(scale * DRAWN.pitch, room / Math.max(1, all.length - 1));
    return all.map((id, i) => {
      const off = all.length > 1 ? (i / (all.length - 1)) * 2 - 1 : 0;
      const away = half + scale * (DRAWN.gap + DRAWN.bulge * (1 - off * off)) + radius;
      const labelWidth = width / 2 - away - radius - LABEL_GAPS;
      const y = aggregator.y + (i - (all.length - 1) / 2) * pitch;
      return { id, side, x: aggregator.x + (side === 'right' ? away : -away), y, labelWidth };
    });
  };
  const columns = (side: Side): Place[] => {
    const all = sides[side];
    const most = Math.max(1, Math.floor((height - 2 * radius) / (scale * DENSE_PITCH)));
    const count = Math.ceil(all.length / most);
    const rows = Math.ceil(all.length / count);
    const near = half + scale * DRAWN.gap * 0.6;
    const column = (width / 2 - near) / count;
    const pitch = Math.min(scale * DRAWN.pitch, (height - 2 * radius - 16) / Math.max(1, rows));
    return all.map((id, i) => {
      const away = near + Math.floor(i / rows) * column + radius;
      const y = aggregator.y + ((i % rows) - (rows - 1) / 2) * pitch;
      const labelWidth = column - 2 * radius - LABEL_GAPS / 2;
      return { id, side, x: aggregator.x + (side === 'right' ? away : -away), y, labelWidth };
    });
  };
  const stand = dense ? columns : fan;
  const places = [...stand('right'), ...stand('left')];
  return { aggregator, places, radius, half, dense, height };
}
