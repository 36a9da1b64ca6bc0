import { api } from '../wire/api';
import type { Progress } from '../wire/types.gen';

/** How often work that goes on is asked about, and how often whether any does, milliseconds. */
const BUSY_MS = 2_000;
const IDLE_MS = 30_000;

/** Work on the whole archive that goes on in the background: reading it anew, building the index. */
export class Works {
  items = $state.raw<readonly Progress[]>([]);

  /** Follows it until the returned function is called. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const look = async () => {
      // That nothing can be told is no news: the connection's own banner tells of failures.
      const items = await api.progress().catch(() => []);
      if (ended) return;
      this.items = items.filter(({ done_bytes, total_bytes }) => done_bytes < total_bytes);
      timer = setTimeout(() => void look(), this.items.length > 0 ? BUSY_MS : IDLE_MS);
    };
    void look();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }
}
