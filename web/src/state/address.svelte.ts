import { searchParams } from 'sv-router';

import { SORTS, type Sort } from '../lib/listing';

/** Order of the hits of a search. */
export type Order = 'best' | 'recent';

/** What the address of the archive tells; only what differs from the usual stands in it. */
export interface Address {
  /** What is searched; empty for the list of sessions. */
  readonly query: string;
  readonly order: Order;
  readonly sort: Sort;
  /** Words of titles that the list is narrowed down to. */
  readonly title: string;
  /** Entry that the reader shows, `TRANSCRIPT:LINE`. */
  readonly at: string | null;
  /** Transcript that is read apart, a subagent's. */
  readonly transcript: string | null;
}

const NAMES: Record<keyof Address, string> = {
  query: 'q',
  order: 'order',
  sort: 'sort',
  title: 'title',
  at: 'at',
  transcript: 'transcript',
};
const USUAL: Address = {
  query: '',
  order: 'best',
  sort: 'recent',
  title: '',
  at: null,
  transcript: null,
};

/** Reads the end of an address. */
export function readAddress(query: URLSearchParams): Address {
  const sort = query.get(NAMES.sort) ?? '';
  return {
    query: withScope(query),
    order: query.get(NAMES.order) === 'recent' ? 'recent' : 'best',
    sort: Object.hasOwn(SORTS, sort) ? (sort as Sort) : 'recent',
    title: query.get(NAMES.title) ?? '',
    at: query.get(NAMES.at),
    transcript: query.get(NAMES.transcript),
  };
}

/** Links from elsewhere name a host or project by id beside the query: the same as a filter in it. */
function withScope(query: URLSearchParams): string {
  const scope = (['host', 'project'] as const).flatMap((name) => {
    const id = query.get(name);
    return id ? [`${name}:${id}`] : [];
  });
  return [...scope, query.get(NAMES.query) ?? ''].filter(Boolean).join(' ');
}

/** The end of an address, with its question mark; empty when all is as usual. */
export function writeAddress(address: Address): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(NAMES) as (keyof Address)[]) {
    const value = address[key];
    if (value !== null && value !== USUAL[key]) query.set(NAMES[key], value);
  }
  const text = query.toString().replaceAll('%3A', ':');
  return text && `?${text}`;
}

/** The end of an address that is usual but for this. */
export function addressOf(changes: Partial<Address>): string {
  return writeAddress({ ...USUAL, ...changes });
}

/** The address as it is now. */
export class CurrentAddress {
  readonly now: Address = $derived(readAddress(searchParams.toURLSearchParams()));
}
