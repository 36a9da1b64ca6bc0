import { recall, remember } from '../lib/remember';

/** Sections of the detail that stand above its last one and have a height of their own. */
export const STACKED = ['agents', 'tools'] as const;
export type Stacked = (typeof STACKED)[number];

/** What the last section of the detail shows: one of these. */
export const SHEETS = ['conversation', 'todos', 'files', 'usage', 'archive'] as const;
export type Sheet = (typeof SHEETS)[number];

/** What the last section shows while a part is in front: the sections above it are there anyway. */
export const sheetOf = (part: Part): Sheet => SHEETS.find((sheet) => sheet === part) ?? 'conversation';

/** The parts of the detail; where there is room for one at a time, it is one of these. */
export const PARTS = [...STACKED, ...SHEETS] as const;
export type Part = (typeof PARTS)[number];

/** Smallest height of a section's content, and what the last section keeps, px. */
export const SMALLEST_SECTION = 72;
export const LAST_SECTION = 160;
const USUAL: Record<Stacked, number> = { agents: 168, tools: 152 };

interface Stored {
  readonly heights: Record<Stacked, number>;
  readonly folded: readonly Stacked[];
}

/** Heights of the detail's sections, and what is folded; remembered in this browser. */
export class Stack {
  heights = $state.raw<Record<Stacked, number>>(USUAL);
  folded = $state.raw<readonly Stacked[]>([]);

  constructor() {
    const stored = recall<Partial<Stored>>('detail', {});
    this.heights = { ...USUAL, ...stored.heights };
    this.folded = (stored.folded ?? []).filter((name) => STACKED.includes(name));
  }

  /** Sets the height of a section within what the pane has room for. */
  resize(name: Stacked, height: number, most: number): void {
    const held = Math.round(Math.max(SMALLEST_SECTION, Math.min(height, most)));
    this.heights = { ...this.heights, [name]: held };
    this.#save();
  }

  reset(name: Stacked): void {
    this.heights = { ...this.heights, [name]: USUAL[name] };
    this.#save();
  }

  fold(name: Stacked, folded: boolean): void {
    this.folded = folded ? [...this.folded, name] : this.folded.filter((it) => it !== name);
    this.#save();
  }

  #save(): void {
    const { heights, folded } = this;
    remember('detail', { heights, folded } satisfies Stored);
  }
}
