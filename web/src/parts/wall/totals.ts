import { shortCount } from '../../lib/format';
import { money } from '../../lib/money';
import type { App } from '../../state/app.svelte';

/** A figure of the fleet, to be read from afar. */
export interface Total {
  readonly value: string;
  /** Beside the value, smaller; empty for nothing. */
  readonly of: string;
  readonly label: string;
}

/** What the fleet does and costs. */
export function totals(app: App): Total[] {
  const { working } = app.lineup;
  const { cost } = app.figures;
  return [
    {
      value: String(working),
      of: `of ${app.fleet.states.size}`,
      label: `session${working === 1 ? '' : 's'} working`,
    },
    { value: shortCount(app.fleet.tokensPerMinute), of: '', label: 'tokens a minute' },
    { value: cost === null ? '–' : money(cost), of: '', label: 'cost today' },
  ];
}
