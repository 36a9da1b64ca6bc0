/** Reads what this browser remembers under a name; the fallback when there is nothing, or storage is blocked. */
export function recall<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`muster.${name}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Remembers a value in this browser. Blocked or full storage only means that it is forgotten on reload. */
export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`muster.${name}`, JSON.stringify(value));
  } catch {
    return;
  }
}
