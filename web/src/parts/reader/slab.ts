/** Height of a row that nobody has measured yet, px. */
const UNMEASURED = 56;
/** Height that a line outside of the window is taken to have; less where it would make the page too tall for a browser. */
const PER_LINE = 36;
const MOST_PX = 8_000_000;
/** Free space that must stay above a window that does not begin at the first line, px. */
const SPARE = 400;

/** What is at the window's edges, in lines. */
export interface Extent {
  /** Number of the window's first line. */
  readonly first: number;
  /** Number of the line after it. */
  readonly end: number;
  /** Lines of the conversation. */
  readonly total: number;
}

/**
 * Where the rows of a window lie on a page as tall as the whole conversation. Rows that are measured, put in or dropped
 * above the reader move the window's top and never what the reader sees: no scroll position is touched for that.
 */
export class Slab {
  /** Position of the first row, px. */
  top = 0;
  #keys: readonly string[] = [];
  #heights = new Map<string, number>();
  /** Offsets of the rows below `top`; one more than there are rows. */
  #offsets: number[] = [0];
  #extent: Extent = { first: 0, end: 0, total: 0 };

  get rows(): number {
    return this.#keys.length;
  }

  /** Height of the window, px. */
  get height(): number {
    return this.#offsets.at(-1) ?? 0;
  }

  get perLine(): number {
    return Math.min(PER_LINE, MOST_PX / Math.max(1, this.#extent.total));
  }

  /** Height of the page, px. */
  get space(): number {
    const below = Math.max(0, this.#extent.total - this.#extent.end) * this.perLine;
    return this.top + this.height + below;
  }

  /** Position of a row, px. */
  y(row: number): number {
    return this.top + (this.#offsets[Math.max(0, Math.min(row, this.rows))] ?? 0);
  }

  /** Position of a line, px: of its row when the window holds it, else where it is taken to be. */
  yOfLine(index: number, row: number): number {
    const { first, end } = this.#extent;
    if (index >= first && index < end && this.rows > 0) return this.y(row);
    return index < first
      ? index * (this.top / Math.max(1, first))
      : this.top + this.height + (index - end) * this.perLine;
  }

  /** The row at a position: the last one that begins at or above it. */
  rowAt(px: number): number {
    const wanted = px - this.top;
    let [low, high] = [0, this.rows - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#offsets[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Number of the line at a position outside of the window; `null` when the window is there. */
  lineAt(px: number, viewport: number): number | null {
    const { first, end, total } = this.#extent;
    if (px + viewport < this.top && first > 0) return Math.floor((px / Math.max(1, this.top)) * first);
    const below = px - this.top - this.height;
    if (below >= 0 && end < total) return Math.min(total - 1, end + Math.floor(below / this.perLine));
    return null;
  }

  /** Takes new rows; the row that was at `px` stays there. True when rows of before are still among them. */
  place(keys: readonly string[], extent: Extent, px: number): boolean {
    const number = new Map(keys.map((key, at) => [key, at]));
    let stays: { old: number; now: number } | null = null;
    const anchor = this.rowAt(px);
    for (let away = 0; away < this.rows && !stays; away += 1) {
      for (const old of [anchor + away, anchor - away]) {
        const now = number.get(this.#keys[old] ?? '');
        if (now !== undefined) stays ??= { old, now };
      }
    }
    const y = stays && this.y(stays.old);
    this.#keys = keys;
    this.#extent = extent;
    this.#sum();
    if (stays && y !== null) this.top = y - (this.#offsets[stays.now] ?? 0);
    else this.top = extent.first * this.perLine;
    this.#forget(number);
    return stays !== null;
  }

  /** Takes measured heights; what is at `px` stays there. */
  measure(heights: Iterable<readonly [string, number]>, px: number): void {
    const anchor = this.rowAt(px);
    const before = this.#offsets[anchor] ?? 0;
    for (const [key, height] of heights) this.#heights.set(key, height);
    this.#sum();
    this.top += before - (this.#offsets[anchor] ?? 0);
  }

  /** How far the page must move so that the window lies where its lines are: at the top when it begins there. */
  drift(): number {
    const { first } = this.#extent;
    if (first === 0) return -this.top;
    return this.top < SPARE ? first * this.perLine - this.top : 0;
  }

  /** Moves the window; whoever looks at it moves along. */
  shift(px: number): void {
    this.top += px;
  }

  #sum(): void {
    const offsets = [0];
    let sum = 0;
    for (const key of this.#keys) offsets.push((sum += this.#heights.get(key) ?? UNMEASURED));
    this.#offsets = offsets;
  }

  /** Heights of rows that are far away are forgotten, so that they do not pile up. */
  #forget(held: ReadonlyMap<string, number>): void {
    if (this.#heights.size <= 2 * held.size + 200) return;
    for (const key of this.#heights.keys()) if (!held.has(key)) this.#heights.delete(key);
  }
}
