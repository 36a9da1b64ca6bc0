/** Keeps the screen on while the page is seen, where the browser can; until the returned function is called. */
export function stayAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;

  async function hold(): Promise<void> {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    try {
      const held = await navigator.wakeLock.request('screen');
      if (over) void held.release();
      else lock = held;
    } catch {
      // The system saves power: the screen may sleep, nothing else changes.
      lock = null;
    }
  }
  /** The browser lets go of it whenever the page is hidden. */
  const again = () => void hold();

  document.addEventListener('visibilitychange', again);
  void hold();
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', again);
    void lock?.release();
  };
}
