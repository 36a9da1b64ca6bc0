import { searchParams } from 'sv-router';

import { dayOf, lastDays, noonOf } from '../lib/days';
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
  /** Today, as of the latest answer: a page stays open over midnight. */
  #today = $state(dayOf(Date.now()));
  readonly days = $derived(lastDays(noonOf(this.#today), this.period));
  overview = $state.raw<ProjectOverview | null>(null);
  problem = $state<string | null>(null);
  #turn = 0;
  #loading = false;

  constructor(id: string) {
    this.id = id;
  }

  choose(days: number): void {
    searchParams.set('days', String(days));
  }

  /** Fetches it. */
  async load(): Promise<void> {
    this.#loading = true;
    await this.again();
  }

  /** Fetches it behind what is shown. A failure leaves that; an answer that came too late is dropped. */
  async again(): Promise<void> {
    this.#today = dayOf(Date.now());
    const turn = ++this.#turn;
    try {
      const overview = await ledger.overview(this.id, this.days[0] ?? '', this.#today);
      if (turn !== this.#turn) return;
      this.overview = overview;
      this.problem = null;
    } catch (error) {
      if (turn === this.#turn && this.#loading) this.problem = inWords(error);
    } finally {
      if (turn === this.#turn) this.#loading = false;
    }
  }
}
