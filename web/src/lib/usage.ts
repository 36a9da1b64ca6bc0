/** What a table of usage needs of an item. */
export interface Counted {
  readonly model?: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly sessions: number;
  readonly cost_microdollars: number | null;
  readonly unpriced_replies: number;
}

/** Tokens of all kinds. */
export function allTokens(item: Counted): number {
  return (
    item.input_tokens + item.output_tokens + item.cache_read_input_tokens + item.cache_creation_input_tokens
  );
}

/** Tokens that were sent to a model, from a cache or not. */
export function sentTokens(item: Counted): number {
  return item.input_tokens + item.cache_read_input_tokens + item.cache_creation_input_tokens;
}

/** One line of the table: everything of one key, and its parts by model. */
export interface Row {
  readonly key: string;
  readonly name: string;
  readonly tokens: number;
  readonly sent: number;
  readonly cached: number;
  /** Greatest number of sessions of a part: a session with two models is one. */
  readonly sessions: number;
  readonly cost: number | null;
  readonly unpriced: number;
  readonly parts: readonly { readonly model: string; readonly tokens: number; readonly cost: number }[];
}

/** Lines of the table, greatest cost first. */
export function rowsOf<T extends Counted>(
  items: readonly T[],
  key: (item: T) => string,
  name: (item: T) => string,
): Row[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  const rows = [...groups].map(([of, parts]): Row => {
    const sum = (value: (item: T) => number) => parts.reduce((total, part) => total + value(part), 0);
    const priced = parts.filter((part) => part.cost_microdollars !== null);
    const first = parts[0];
    return {
      key: of,
      name: first ? name(first) : of,
      tokens: sum(allTokens),
      sent: sum(sentTokens),
      cached: sum((part) => part.cache_read_input_tokens),
      sessions: Math.max(...parts.map((part) => part.sessions)),
      cost: priced.length > 0 ? sum((part) => part.cost_microdollars ?? 0) : null,
      unpriced: sum((part) => part.unpriced_replies),
      parts: parts.map((part) => ({
        model: part.model ?? '',
        tokens: allTokens(part),
        cost: part.cost_microdollars ?? 0,
      })),
    };
  });
  return rows.sort((a, b) => (b.cost ?? 0) - (a.cost ?? 0) || b.tokens - a.tokens);
}
