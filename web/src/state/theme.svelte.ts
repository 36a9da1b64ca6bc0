/** What the reader chose. */
export type ThemeChoice = 'system' | 'dark' | 'light';

const STORED = 'muster.theme';
const ORDER: readonly ThemeChoice[] = ['system', 'dark', 'light'];

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(STORED);
    return value === 'dark' || value === 'light' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** Dark or light: as the system says, or as chosen. `public/theme.js` applies the same rule before the first paint. */
export class Theme {
  choice = $state<ThemeChoice>(stored());
  #systemLight = $state(false);

  readonly shown = $derived.by(() => {
    if (this.choice !== 'system') return this.choice;
    return this.#systemLight ? 'light' : 'dark';
  });

  start(): () => void {
    const query = matchMedia('(prefers-color-scheme: light)');
    const follow = () => {
      this.#systemLight = query.matches;
      this.#apply();
    };
    follow();
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    try {
      if (choice === 'system') localStorage.removeItem(STORED);
      else localStorage.setItem(STORED, choice);
    } catch {
      // Storage is blocked: the choice lasts until the page is left.
    }
    this.#apply();
  }

  /** From system to dark to light and around. */
  next(): void {
    this.choose(ORDER[(ORDER.indexOf(this.choice) + 1) % ORDER.length] ?? 'system');
  }

  #apply(): void {
    document.documentElement.dataset['theme'] = this.shown;
  }
}
