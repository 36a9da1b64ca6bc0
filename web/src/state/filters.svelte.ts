import { searchParams } from 'sv-router';

/** What the session list shows; kept in the address, so that a teammate can open the same view. */
export class Filters {
  readonly #query = $derived(searchParams.toURLSearchParams());
  /** Id of a host, or all. */
  readonly host = $derived(this.#query.get('host'));
  /** Path of a project, or all. */
  readonly project = $derived(this.#query.get('project'));
  readonly any = $derived(this.host !== null || this.project !== null);
  /** As the end of a link, with its question mark; empty when nothing is filtered. */
  readonly search = $derived.by(() => {
    const text = this.#query.toString();
    return text ? `?${text}` : '';
  });

  /** Filters by one value, or by none. */
  set(name: 'host' | 'project', value: string | null): void {
    if (value === null) searchParams.delete(name);
    else searchParams.set(name, value);
  }

  /** Filters by a host, or no longer when it is the one already. */
  toggleHost(id: string): void {
    this.set('host', this.host === id ? null : id);
  }

  clear(): void {
    this.set('host', null);
    this.set('project', null);
  }
}
