/** Puts changed and new items into a list: changed ones keep their place, new ones come first. */
export function upsert<T extends { readonly id: string }>(list: readonly T[], changed: readonly T[]): T[] {
  const fresh = new Map(changed.map((item) => [item.id, item]));
  const kept = list.map((item) => {
    const next = fresh.get(item.id);
    fresh.delete(item.id);
    return next ?? item;
  });
  return [...fresh.values(), ...kept];
}
