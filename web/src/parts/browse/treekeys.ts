import type { TreeRow } from '../../state/tree.svelte';
import { titleOf } from '../../wire/titles';

/** What a key of a tree does: go to another line, or open or fold this one. */
export type TreeStep = { readonly to: number; readonly open?: undefined } | { readonly open: boolean };

/** The words of a line. */
export function labelOf(row: TreeRow): string {
  if (row.kind === 'host') return row.name;
  if (row.kind === 'project') return row.project.name;
  return row.kind === 'session' ? titleOf(row.session) : '';
}

/** What a key does on the line `at`; `null` when it is none of the tree's. As the ARIA practices for trees say. */
export function stepInTree(key: string, rows: readonly TreeRow[], at: number): TreeStep | null {
  const row = rows[at];
  if (!row) return null;
  const open = row.kind === 'host' || row.kind === 'project' ? row.open : null;
  switch (key) {
    case 'ArrowDown':
      return { to: Math.min(rows.length - 1, at + 1) };
    case 'ArrowUp':
      return { to: Math.max(0, at - 1) };
    case 'Home':
      return { to: 0 };
    case 'End':
      return { to: rows.length - 1 };
    case 'ArrowRight':
      if (open === false) return { open: true };
      return { to: open && rows[at + 1]?.parent === row.key ? at + 1 : at };
    case 'ArrowLeft': {
      if (open) return { open: false };
      const parent = rows.findIndex((other) => other.key === row.parent);
      return { to: parent < 0 ? at : parent };
    }
    default:
      return null;
  }
}
