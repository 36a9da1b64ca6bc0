import { recall, remember } from '../lib/remember';

/** Sections of the detail that stand above its last one and have a height of their own. */
export const STACKED = ['agents', 'tools'] as const;
export type Stacked = (typeof STACKED)[number];

/** What the last section of the detail shows. */
export const SHEETS = ['conversation', 'todos', 'files', 'usage', 'archive'] as const;
export type Sheet = (typeof SHEETS)[number];

/** A part of the detail, where there is room for one at a time. */
export type Tab = Stacked | Sheet;

/** Smallest height of a section's content, and what the last section keeps, px. */
export const SMALLEST_SECTION = 72;
export const LAST_SECTION = 160;
const USUAL: Record<Stacked, number> = { agents: 168, tools: 152 };

interface Stored {
  readonly heights: Record<Stacked, number>;
  readonly folded: readonly Stacked[];
  readonly sheet: Sheet;
  readonly tab: Tab;
}

/** Heights of the detail's sections, what is folded and what is in front; remembered in this browser. */
export class Stack {
  heights = $state.raw<Record<Stacked, number>>(USUAL);
  folded = $state.raw<readonly Stacked[]>([]);
  sheet = $state<Sheet>('conversation');
  tab = $state<Tab>('conversation');

  constructor() {
    const stored = recall<Partial<Stored>>('detail', {});
    this.heights = { ...USUAL, ...stored.heights };
    this.folded = (stored.folded ?? []).filter((name) => STACKED.includes(name));
    if (stored.sheet && SHEETS.includes(stored.sheet)) this.sheet = stored.sheet;
    if (stored.tab && [...STACKED, ...SHEETS].includes(stored.tab)) this.tab = stored.tab;
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

  show(sheet: Sheet): void {
    this.sheet = sheet;
    this.#save();
  }

  choose(tab: Tab): void {
    this.tab = tab;
    this.#save();
  }

  #save(): void {
    const { heights, folded, sheet, tab } = this;
    remember('detail', { heights, folded, sheet, tab } satisfies Stored);
  }
}
