import { recall, remember } from '../lib/remember';

/** Smallest widths of the three panes of Operations, px. */
export const SMALLEST = { map: 300, list: 400, detail: 440 } as const;
const USUAL = { map: 369, list: 476 };

/** Widths of the panes and whether the rail is folded; remembered in this browser. */
export class Panes {
  map = $state(USUAL.map);
  list = $state(USUAL.list);
  /** `null`: by the width of the window. */
  railOpen = $state<boolean | null>(null);

  constructor() {
    const stored = recall('panes', { ...USUAL, railOpen: null as boolean | null });
    this.map = stored.map;
    this.list = stored.list;
    this.railOpen = stored.railOpen;
  }

  /** Sets the width of a pane within its bounds and what the window leaves. */
  resize(pane: 'map' | 'list', width: number, total: number): void {
    const other = pane === 'map' ? this.list : this.map;
    const most = total - other - SMALLEST.detail;
    this[pane] = Math.round(Math.max(SMALLEST[pane], Math.min(width, most)));
    this.#save();
  }

  fold(open: boolean): void {
    this.railOpen = open;
    this.#save();
  }

  reset(): void {
    this.map = USUAL.map;
    this.list = USUAL.list;
    this.#save();
  }

  #save(): void {
    remember('panes', { map: this.map, list: this.list, railOpen: this.railOpen });
  }
}
