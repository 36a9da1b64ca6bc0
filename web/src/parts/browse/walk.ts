/** Where keys belong to something else than the list of results. */
const ELSEWHERE = 'input, textarea, select, dialog, [role=menu], [role=tree], [data-reader]';

/** How far a key moves in the list of results; `null` when it does not. Arrows count only inside the list. */
export function stepOf(event: KeyboardEvent, list: HTMLElement | undefined): number | null {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return null;
  const target = event.target as Element;
  if (target.closest(ELSEWHERE)) return null;
  if (event.key === 'j') return 1;
  if (event.key === 'k') return -1;
  if (!list?.contains(target)) return null;
  if (event.key === 'ArrowDown') return 1;
  return event.key === 'ArrowUp' ? -1 : null;
}

/** Focuses the row of a key once it is drawn. */
export function focusRow(list: HTMLElement | undefined, key: string): void {
  requestAnimationFrame(() =>
    list?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)?.focus({ preventScroll: true }),
  );
}
