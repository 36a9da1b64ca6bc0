import { api, ApiError, isSignedOut } from '../wire/api';
import type { Me, Role, SignIn } from '../wire/types.gen';

const RANK: Record<Role, number> = { viewer: 0, member: 1, admin: 2 };

/** Who is signed in. */
export class Account {
  status = $state<'loading' | 'in' | 'out' | 'failed'>('loading');
  me = $state.raw<Me | null>(null);
  /** Why the status is `failed`. */
  error = $state.raw<ApiError | null>(null);

  /** Asks the aggregator who this is. */
  async load(): Promise<void> {
    try {
      this.#enter(await api.me());
    } catch (error) {
      if (isSignedOut(error)) return this.left();
      this.error = error instanceof ApiError ? error : null;
      this.status = 'failed';
    }
  }

  /** Rejects with `ApiError` when the aggregator says no. */
  async signIn(request: SignIn): Promise<void> {
    this.#enter(await api.signIn(request));
  }

  async signOut(): Promise<void> {
    await api.signOut();
    this.left();
  }

  /** A first password was set. */
  passwordSet(): void {
    if (this.me) this.me = { ...this.me, needs_password: false };
  }

  /** The sign-in ended here or elsewhere. */
  left(): void {
    this.me = null;
    this.status = 'out';
  }

  /** Whether the signed-in actor may do what a role may. */
  may(role: Role): boolean {
    return this.me !== null && RANK[this.me.actor.role] >= RANK[role];
  }

  #enter(me: Me): void {
    this.me = me;
    this.error = null;
    this.status = 'in';
  }
}
