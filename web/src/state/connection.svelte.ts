import { socketUrl } from '../lib/paths';
import { returned } from '../lib/returns';
import { api, isSignedOut } from '../wire/api';
import { LiveSocket, type LinkPhase, type Receive } from '../wire/socket';

/** Failures in a row after which the page asks whether its sign-in still holds, and again every so many. */
const ASK_EVERY = 4;

/** The live socket as the page sees it. */
export class Connection {
  phase = $state<LinkPhase>('idle');
  /** Since when what is shown may be stale, milliseconds; `null` while all is current. */
  staleSince = $state<number | null>(null);
  /** Everything was current at least once. */
  wasLive = $state(false);

  readonly live = $derived(this.phase === 'live');
  /** Whether a reader must be told that what they see is stale. */
  readonly stale = $derived(this.staleSince !== null);

  #socket = new LiveSocket({ url: socketUrl });
  #signedOut: () => void;

  /** `signedOut` is called when the aggregator no longer knows this sign-in. */
  constructor(signedOut: () => void) {
    this.#signedOut = signedOut;
    this.#socket.onphase = (phase) => this.#enter(phase);
    this.#socket.onfailure = (failures) => void this.#check(failures);
  }

  start(): void {
    this.#socket.start();
  }

  stop(): void {
    this.#socket.stop();
    this.staleSince = null;
    this.wasLive = false;
  }

  /** Tries at once. */
  retry(): void {
    this.#socket.retry();
  }

  subscribe(topic: string, receive: Receive): () => void {
    return this.#socket.subscribe(topic, receive);
  }

  #enter(phase: LinkPhase): void {
    this.phase = phase;
    if (phase === 'live') {
      const wasAway = this.stale;
      this.staleSince = null;
      this.wasLive = true;
      if (wasAway) returned();
    } else if (phase === 'down') {
      this.staleSince ??= Date.now();
    }
  }

  /** A refused upgrade looks like any other failure to a page: only REST tells a lost sign-in apart. */
  async #check(failures: number): Promise<void> {
    if (failures % ASK_EVERY !== 1) return;
    await api.me().catch((error: unknown) => {
      if (isSignedOut(error)) this.#signedOut();
    });
  }
}
