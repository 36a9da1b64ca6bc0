/** How a plan is looked at: screen = plan × scale + (x, y). */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const SMALLEST_SCALE = 0.3;
export const GREATEST_SCALE = 2;
/** A plan that fits at this scale is shown at its size. */
const NEARLY = 0.96;
/** Space around the plan, px. */
const MARGIN = 16;

const between = (low: number, value: number, high: number) => Math.max(low, Math.min(high, value));

/** Keeps the plan in view: in the middle where it fits, else no edge of it comes further in than the margin. */
export function held(camera: Camera, plan: Size, view: Size): Camera {
  const axis = (at: number, length: number, room: number) => {
    const long = length * camera.scale;
    const spare = room - long;
    return spare >= 2 * MARGIN ? spare / 2 : between(spare - MARGIN, at, MARGIN);
  };
  const wide = plan.width * camera.scale + 2 * MARGIN <= view.width;
  return {
    scale: camera.scale,
    // Columns grow to the right: what fits begins at the left.
    x: wide ? MARGIN : axis(camera.x, plan.width, view.width),
    y: axis(camera.y, plan.height, view.height),
  };
}

/** Zooms so that what is at a point of the view stays there. */
export function zoomed(camera: Camera, factor: number, at: { x: number; y: number }): Camera {
  const scale = between(SMALLEST_SCALE, camera.scale * factor, GREATEST_SCALE);
  const by = scale / camera.scale;
  return { scale, x: at.x - (at.x - camera.x) * by, y: at.y - (at.y - camera.y) * by };
}

/** Shows the whole plan, never larger than it is; of one that is too large for that, what is around a height. */
export function fitted(plan: Size, view: Size, aroundY: number): Camera {
  const room = { width: view.width - 2 * MARGIN, height: view.height - 2 * MARGIN };
  const wanted = Math.min(room.width / Math.max(1, plan.width), room.height / Math.max(1, plan.height));
  const scale = between(SMALLEST_SCALE, wanted, 1);
  return held({ scale, x: MARGIN, y: view.height / 2 - aroundY * scale }, plan, view);
}

/** Shows a plan at its size as far as its width allows, around a height: what a small pane begins with. */
export function readable(plan: Size, view: Size, aroundY: number): Camera {
  const wanted = (view.width - 2 * MARGIN) / Math.max(1, plan.width);
  // A few pixels too wide is not worth letters that are no longer sharp.
  const scale = wanted > NEARLY ? 1 : Math.max(0.8, wanted);
  return held({ scale, x: MARGIN, y: view.height / 2 - aroundY * scale }, plan, view);
}

/** Moves as little as possible so that a box of the plan is in view. */
export function revealed(camera: Camera, box: Box, plan: Size, view: Size): Camera {
  const axis = (at: number, from: number, to: number, room: number) => {
    const [low, high] = [from * camera.scale + at, to * camera.scale + at];
    if (low < MARGIN) return at + MARGIN - low;
    return high > room - MARGIN ? at - (high - room + MARGIN) : at;
  };
  const x = axis(camera.x, box.left, box.right, view.width);
  const y = axis(camera.y, box.top, box.bottom, view.height);
  return held({ scale: camera.scale, x, y }, plan, view);
}

/** The part of the plan that is in view, with a little around it. */
export function inView(camera: Camera, view: Size, around = 120): Box {
  const plan = (px: number, at: number) => (px - at) / camera.scale;
  return {
    left: plan(-around, camera.x),
    top: plan(-around, camera.y),
    right: plan(view.width + around, camera.x),
    bottom: plan(view.height + around, camera.y),
  };
}

/** Whether two boxes have something in common. */
export function meet(a: Box, b: Box): boolean {
  return a.left <= b.right && a.right >= b.left && a.top <= b.bottom && a.bottom >= b.top;
}
