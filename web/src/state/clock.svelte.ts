const TICK_MS = 1000;

/** The time, for everything that shows an age. One timer for the whole page. */
export class Clock {
  /** Milliseconds since the epoch, changed once a second. */
  now = $state(Date.now());

  #timer: ReturnType<typeof setInterval> | undefined;
  #listeners = new Set<(now: number) => void>();

  start(): () => void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    const wake = () => document.visibilityState === 'visible' && this.#tick();
    document.addEventListener('visibilitychange', wake);
    return () => {
      clearInterval(this.#timer);
      document.removeEventListener('visibilitychange', wake);
    };
  }

  /** Calls back with every tick until the returned function is called. */
  each(listener: (now: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tick(): void {
    this.now = Date.now();
    for (const listener of this.#listeners) listener(this.now);
  }
}
