import type { App } from './app.svelte';
import { Fresh } from './fresh.svelte';

/** What a page counted is counted anew not more often than this, milliseconds. */
const REST_MS = 15_000;

/**
 * Counts anew what a page shows: while the fleet spends and the page is seen, and once sessions were deleted. Nothing
 * spent, nothing asked. Called while a component is made; ends with it.
 */
export function followSpending(app: App, again: () => Promise<void>): void {
  const counted = new Fresh(again, REST_MS);
  $effect(() => {
    if (app.fleet.loaded) counted.depends(String(app.fleet.spent), { known: true });
  });
  $effect(() => app.fleet.afterRemoved(() => void counted.again()));
  $effect(() => () => counted.end());
}
