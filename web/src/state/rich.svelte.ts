type Tools = Pick<typeof import('../lib/markdown'), 'markdown'> &
  Pick<typeof import('../lib/highlight'), 'tokenLines'>;

/** What turns texts into formatted ones. It is large and comes a moment after the page: until then texts are plain. */
class Rich {
  tools = $state.raw<Tools | null>(null);
  #asked = false;

  /** Asks for it, once. */
  load(): void {
    if (this.#asked) return;
    this.#asked = true;
    Promise.all([import('../lib/markdown'), import('../lib/highlight')]).then(
      ([{ markdown }, { tokenLines }]) => (this.tools = { markdown, tokenLines }),
      // Plain text can be read too; the next reader asks again.
      () => (this.#asked = false),
    );
  }
}

export const rich = new Rich();
