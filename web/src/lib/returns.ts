const waiting = new Set<() => void>();

/** Acts each time the aggregator is back after it could not be reached, until the returned function is called. */
export function onReturn(act: () => void): () => void {
  waiting.add(act);
  return () => waiting.delete(act);
}

/** Tells whoever waits that the aggregator is back. */
export function returned(): void {
  for (const act of [...waiting]) act();
}
