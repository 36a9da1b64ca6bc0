import { searchParams } from 'sv-router';

import { dayOf, lastDays } from '../lib/days';
import { ledger } from '../wire/ledger';
import type { ProjectOverview } from '../wire/types.gen';
import { inWords } from './list.svelte';
import { PERIODS } from './usage.svelte';

/** What happened in a project, for the period of the address. */
export class ProjectView {
  readonly id: string;
  readonly #query = $derived(searchParams.toURLSearchParams());
  readonly period = $derived.by(() => {
    const asked = Number(this.#query.get('days'));
    return PERIODS.find((days) => days === asked) ?? 30;
  });
  readonly days = $derived(lastDays(Date.now(), this.period));
  overview = $state.raw<ProjectOverview | null>(null);
  problem = $state<string | null>(null);
  #turn = 0;

  constructor(id: string) {
    this.id = id;
  }

  choose(days: number): void {
    searchParams.set('days', String(days));
  }

  /** Fetches it; an answer that came too late is dropped. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const overview = await ledger.overview(this.id, this.days[0] ?? '', dayOf(Date.now()));
      if (turn !== this.#turn) return;
      this.overview = overview;
      this.problem = null;
    } catch (error) {
      if (turn === this.#turn) this.problem = inWords(error);
    }
  }
}
