import { searchParams } from 'sv-router';

import { dayOf, daysBefore, lastDays, noonOf } from '../lib/days';
import { ledger, type UsageQuery } from '../wire/ledger';
import type { UsageReport, UsageWindow } from '../wire/types.gen';
import { inWords } from './list.svelte';

/** Periods that are offered, days. */
export const PERIODS = [7, 30, 90] as const;

/** What the table can be grouped by. */
export const GROUPS = ['project', 'host', 'coder', 'model', 'session', 'day'] as const;
export type Group = (typeof GROUPS)[number];

/** What usage can be narrowed to. */
export const NARROWINGS = ['host', 'project', 'coder', 'model'] as const;
export type Narrowing = (typeof NARROWINGS)[number];

interface Loaded {
  /** What it answers: the same one as long as nobody asks for something else. */
  readonly asked: UsageQuery;
  readonly days: readonly string[];
  readonly daily: UsageReport;
  readonly before: UsageReport;
  readonly table: UsageReport;
  readonly group: Group;
}

/** The usage page: what its address asks for, and the answers. */
export class UsageView {
  readonly #query = $derived(searchParams.toURLSearchParams());
  readonly period = $derived.by(() => {
    const asked = Number(this.#query.get('days'));
    return PERIODS.find((days) => days === asked) ?? 30;
  });
  readonly group: Group = $derived.by(() => {
    const asked = this.#query.get('by');
    return GROUPS.find((group) => group === asked) ?? 'project';
  });
  readonly narrowed = $derived(
    Object.fromEntries(NARROWINGS.map((name) => [name, this.#query.get(name)])) as Record<
      Narrowing,
      string | null
    >,
  );
  /** Today, as of the latest answer: a page stays open over midnight. */
  #today = $state(dayOf(Date.now()));
  readonly days = $derived(lastDays(noonOf(this.#today), this.period));
  /** What everything on the page is asked for. */
  readonly asked: UsageQuery = $derived({ from: this.days[0] ?? '', to: this.#today, ...this.narrowed });

  loaded = $state.raw<Loaded | null>(null);
  windows = $state.raw<readonly UsageWindow[]>([]);
  loading = $state(false);
  problem = $state<string | null>(null);
  #turn = 0;

  /** Chooses one value of the address, or the usual one again. */
  choose(name: 'days' | 'by' | Narrowing, value: string | number | null): void {
    if (value === null) searchParams.delete(name);
    else searchParams.set(name, String(value));
  }

  /** Fetches everything. */
  async load(): Promise<void> {
    this.loading = true;
    await this.again();
  }

  /** Fetches everything behind what is shown. A failure leaves that; an answer that came too late is dropped. */
  async again(): Promise<void> {
    this.#today = dayOf(Date.now());
    const turn = ++this.#turn;
    const { asked, days, group, period } = this;
    const first = days[0] ?? '';
    const earlier = { ...asked, from: daysBefore(first, period), to: daysBefore(first, 1) };
    try {
      const [daily, before, table, windows] = await Promise.all([
        ledger.usage({ ...asked, group_by: 'day,model' }),
        ledger.usage(earlier),
        ledger.usage({ ...asked, group_by: group === 'model' ? 'model' : `${group},model` }),
        ledger.windows(),
      ]);
      if (turn !== this.#turn) return;
      this.loaded = { asked, days, daily, before, table, group };
      this.windows = windows.items;
      this.problem = null;
    } catch (error) {
      if (turn === this.#turn && this.loading) this.problem = inWords(error);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}
