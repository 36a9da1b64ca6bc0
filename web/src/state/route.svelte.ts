import { createContext } from 'svelte';

/** What the address asks for, as far as pages need it. */
export interface Route {
  /** Id of the session that is open; `null` for none. */
  readonly session: string | null;
  /** Id of the project whose page is open; `null` elsewhere. */
  readonly project: string | null;
  /** Section of the settings; `null` elsewhere. */
  readonly section: string | null;
}

export const [useRoute, provideRoute] = createContext<Route>();
