import { recall, remember } from '../lib/remember';

/** Smallest widths of the panes, px: three of Operations, three of Browse. The last of each takes what is left. */
export const SMALLEST = { map: 300, list: 400, detail: 440, tree: 180, hits: 300, reader: 420 } as const;
const USUAL = { map: 369, list: 476, tree: 220, hits: 372 };

/** A pane whose width the reader sets. */
export type Pane = keyof typeof USUAL;

/** The pane that takes the rest of a page, and the others of that page. */
const PAGES: Record<Pane, { readonly rest: keyof typeof SMALLEST; readonly others: readonly Pane[] }> = {
  map: { rest: 'detail', others: ['list'] },
  list: { rest: 'detail', others: ['map'] },
  tree: { rest: 'reader', others: ['hits'] },
  hits: { rest: 'reader', others: ['tree'] },
};

/** Widths of the panes and what is folded; remembered in this browser. */
export class Panes {
  map = $state(USUAL.map);
  list = $state(USUAL.list);
  tree = $state(USUAL.tree);
  hits = $state(USUAL.hits);
  /** `null`: by the width of the window. */
  railOpen = $state<boolean | null>(null);
  /** Whether Browse shows its tree where there is room. */
  treeOpen = $state(true);

  constructor() {
    const stored = recall('panes', {});
    const known = { ...USUAL, railOpen: null as boolean | null, treeOpen: true, ...stored };
    this.map = known.map;
    this.list = known.list;
    this.tree = known.tree;
    this.hits = known.hits;
    this.railOpen = known.railOpen;
    this.treeOpen = known.treeOpen;
  }

  /** Sets the width of a pane within its bounds and what the window leaves beside the panes that are shown. */
  resize(pane: Pane, width: number, total: number, alone = false): void {
    const others = alone ? 0 : PAGES[pane].others.reduce((sum, other) => sum + this[other], 0);
    const most = total - others - SMALLEST[PAGES[pane].rest];
    this[pane] = Math.round(Math.max(SMALLEST[pane], Math.min(width, most)));
    this.#save();
  }

  /** The greatest width that a pane may have when it has `total` to itself and the rest. */
  most(pane: Pane, total: number): number {
    return Math.max(SMALLEST[pane], total - SMALLEST[PAGES[pane].rest]);
  }

  fold(open: boolean): void {
    this.railOpen = open;
    this.#save();
  }

  foldTree(open: boolean): void {
    this.treeOpen = open;
    this.#save();
  }

  reset(): void {
    Object.assign(this, USUAL);
    this.#save();
  }

  #save(): void {
    const { map, list, tree, hits, railOpen, treeOpen } = this;
    remember('panes', { map, list, tree, hits, railOpen, treeOpen });
  }
}
