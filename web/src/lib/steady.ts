/** The items in the order that somebody looks at; those that were not there stand behind them. `null`: as they are. */
export function inOrderOf<T>(
  items: readonly T[],
  before: readonly string[] | null,
  key: (item: T) => string,
): readonly T[] {
  if (before === null) return items;
  const places = new Map(before.map((name, at) => [name, at]));
  const place = (item: T) => places.get(key(item)) ?? before.length;
  return [...items].sort((a, b) => place(a) - place(b));
}
