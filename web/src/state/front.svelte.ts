import { searchParams } from 'sv-router';

import { paths } from '../lib/paths';
import type { Filters } from './filters.svelte';
import { PARTS, type Part } from './stack.svelte';

/** Names in the address. */
const AGENT = 'agent';
const PART = 'show';
/** What is in front unless the address tells. */
const USUAL: Part = 'conversation';

/** What of a session is in front; kept in the address, so that a teammate can open the same view. */
export class Front {
  readonly #query = $derived(searchParams.toURLSearchParams());
  /** Id of the agent that is looked at; empty for the session itself. */
  readonly agent = $derived(this.#query.get(AGENT) ?? '');
  readonly part: Part = $derived(PARTS.find((part) => part === this.#query.get(PART)) ?? USUAL);
  readonly #filters: Filters;

  constructor(filters: Filters) {
    this.#filters = filters;
  }

  /** Shows a part. `replace` leaves no step back. */
  show(part: Part, { replace = false } = {}): void {
    if (part === this.part) return;
    if (part === USUAL) searchParams.delete(PART, undefined, { replace });
    else searchParams.set(PART, part, { replace });
  }

  /** Looks at an agent: its conversation, its calls. */
  look(agent: string): void {
    if (agent === this.agent) return;
    if (agent === '') searchParams.delete(AGENT);
    else searchParams.set(AGENT, agent);
  }

  /** Link to another session beside the same list: the same part of it is in front. */
  beside(session: string): string {
    const query = new URLSearchParams(this.#filters.search);
    if (this.part !== USUAL) query.set(PART, this.part);
    return paths.session(session, asSearch(query));
  }

  /** Link to a session as it is looked at now, for somebody else. */
  link(session: string): string {
    const query = new URLSearchParams();
    if (this.agent) query.set(AGENT, this.agent);
    if (this.part !== USUAL) query.set(PART, this.part);
    return paths.session(session, asSearch(query));
  }
}

function asSearch(query: URLSearchParams): string {
  const text = query.toString();
  return text && `?${text}`;
}
