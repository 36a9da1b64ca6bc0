import { api, ApiError, isSignedOut, onRefusal } from '../wire/api';
import type { Me, Role, SignIn } from '../wire/types.gen';

const RANK: Record<Role, number> = { viewer: 0, member: 1, admin: 2 };

/** Where the tabs of a browser tell each other that somebody signed in or out: they share one sign-in. */
const CHANNEL = 'muster.account';

/** Who is signed in. */
export class Account {
  status = $state<'loading' | 'in' | 'out' | 'failed'>('loading');
  me = $state.raw<Me | null>(null);
  /** Why the status is `failed`. */
  error = $state.raw<ApiError | null>(null);
  /** The sign-in ended while the page was open, and not by it: its reader is told. */
  ended = $state(false);
  /** Id of who is signed in; `null` for nobody. */
  readonly actor = $derived(this.status === 'in' ? (this.me?.actor.id ?? null) : null);

  #channel: BroadcastChannel | null = null;

  /** Hears of what other tabs do, and of refusals, until the returned function is called. */
  start(): () => void {
    const leave = onRefusal(() => void this.#look());
    if ('BroadcastChannel' in window) {
      this.#channel = new BroadcastChannel(CHANNEL);
      this.#channel.onmessage = () => void this.#look();
    }
    return () => {
      leave();
      this.#channel?.close();
      this.#channel = null;
    };
  }

  /** Asks the aggregator who this is. */
  async load(): Promise<void> {
    try {
      this.#enter(await api.me());
    } catch (error) {
      if (isSignedOut(error)) return this.#out();
      this.error = error instanceof ApiError ? error : null;
      this.status = 'failed';
    }
  }

  /** Rejects with `ApiError` when the aggregator says no. */
  async signIn(request: SignIn): Promise<void> {
    this.#enter(await api.signIn(request));
    this.#channel?.postMessage('in');
  }

  async signOut(): Promise<void> {
    await api.signOut();
    this.#out();
    this.#channel?.postMessage('out');
  }

  /** A first password was set. */
  passwordSet(): void {
    if (this.me) this.me = { ...this.me, needs_password: false };
  }

  /** The sign-in ended elsewhere: in another tab, or because it was taken away. */
  left(): void {
    if (this.status === 'in') this.ended = true;
    this.#out();
  }

  /** Whether the signed-in actor may do what a role may. */
  may(role: Role): boolean {
    return this.me !== null && RANK[this.me.actor.role] >= RANK[role];
  }

  #enter(me: Me): void {
    this.me = me;
    this.error = null;
    this.ended = false;
    this.status = 'in';
  }

  #out(): void {
    this.me = null;
    this.status = 'out';
  }

  /** Looks who it is now: nobody any more perhaps, or somebody else. Without an answer all stays as it is. */
  async #look(): Promise<void> {
    if (this.status === 'loading') return;
    try {
      const me = await api.me();
      if (this.me?.actor.id !== me.actor.id) this.#enter(me);
    } catch (error) {
      if (isSignedOut(error)) this.left();
    }
  }
}
