/** How long a note stays, milliseconds. */
const STAY_MS = 3200;

/** One short message at the foot of the page. */
export interface Note {
  readonly text: string;
  readonly kind: 'done' | 'failed';
}

/** Short messages that confirm what was just done. The newest replaces the one before. */
export class Notes {
  shown = $state.raw<Note | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string, kind: Note['kind'] = 'done'): void {
    clearTimeout(this.#timer);
    this.shown = { text, kind };
    this.#timer = setTimeout(() => (this.shown = null), STAY_MS);
  }

  /** Copies a text and says so. */
  async copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.say(`${what} copied`);
    } catch {
      this.say(`${what} could not be copied: select it and copy it by hand`, 'failed');
    }
  }
}
