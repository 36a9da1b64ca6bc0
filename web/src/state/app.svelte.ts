import { createContext } from 'svelte';

import { Account } from './account.svelte';
import { Burdens } from './burdens.svelte';
import { Clock } from './clock.svelte';
import { Connection } from './connection.svelte';
import { Figures } from './figures.svelte';
import { Filters } from './filters.svelte';
import { Fleet } from './fleet.svelte';
import { Front } from './front.svelte';
import { Glance } from './glance.svelte';
import { Lineup } from './lineup.svelte';
import { Notes } from './notes.svelte';
import { Notices } from './notices.svelte';
import { Panes } from './panes.svelte';
import { Strays } from './strays';
import { Theme } from './theme.svelte';
import { Viewport } from './viewport.svelte';

/** Where a page sends the reader. `replace` leaves no step back. */
export type Go = (href: string, options?: { replace?: boolean }) => void;

/** Everything that pages share. */
export class App {
  readonly account = new Account();
  readonly clock = new Clock();
  readonly connection = new Connection(() => this.account.left());
  readonly notes = new Notes();
  readonly panes = new Panes();
  readonly theme = new Theme();
  readonly filters = new Filters();
  readonly front = new Front(this.filters);
  readonly glance = new Glance();
  readonly viewport = new Viewport();
  /** What the top bar calls this page, and where in it the reader is. */
  heading = $state.raw<{ title: string; trail: string | null }>({ title: 'Muster', trail: null });
  /** What is open on the page, for the title of the tab; `null` for nothing. */
  subject = $state<string | null>(null);
  /** Made anew at each sign-in: nobody sees what the one before them saw. */
  fleet = $state.raw(new Fleet());
  /** Which sessions the list shows, and in which order. */
  readonly lineup = new Lineup(() => this.fleet, this.filters);
  /** What lies over the page. */
  overlay = $state<'palette' | 'shortcuts' | 'add-host' | null>(null);
  /** Puts the cursor into the search field of the page; `null` where the page has none. */
  focusSearch = $state.raw<(() => void) | null>(null);
  /** A search was begun elsewhere: its field takes the cursor when it is there. */
  seeking = $state(false);
  /** Figures over the time that the page is open; made anew with the fleet. */
  figures = $state.raw(new Figures(this.fleet, () => 0));
  /** Notices of this browser; made anew with the fleet. */
  notices = $state.raw(new Notices(this.fleet, () => undefined));
  /** What hosts carry. */
  readonly burdens = new Burdens(() => this.fleet);
  readonly go: Go;

  constructor(go: Go) {
    this.go = go;
  }

  /** Runs while the page is open. */
  start(): () => void {
    const ends = [this.account.start(), this.clock.start(), this.theme.start(), this.viewport.start()];
    return () => ends.forEach((end) => end());
  }

  /** Goes to a search. Where there are keys, whoever begins one there goes on typing, or enters what was found. */
  search(href: string): void {
    this.seeking = !this.viewport.phone;
    this.go(href);
  }

  /** Signs out; says so when the aggregator cannot be told. */
  async signOut(): Promise<void> {
    try {
      await this.account.signOut();
    } catch {
      this.notes.say('Signing out failed: the aggregator does not answer', 'failed');
    }
  }

  /** Closes this overlay, unless another has taken its place: a dialog tells of its end a moment late. */
  closeOverlay(which: NonNullable<App['overlay']>): void {
    if (this.overlay === which) this.overlay = null;
  }

  /** Runs while someone is signed in. */
  enter(): () => void {
    this.fleet = new Fleet();
    const fleet = this.fleet;
    const figures = (this.figures = new Figures(fleet, () => this.lineup.working));
    const notices = (this.notices = new Notices(fleet, this.go));
    const strays = new Strays(fleet);
    const tick = (now: number) => {
      fleet.tick(now);
      figures.tick(now);
      notices.tick(now);
      strays.tick();
    };
    const ends = [fleet.follow(this.connection), this.clock.each(tick), notices.start()];
    this.connection.start();
    return () => {
      ends.forEach((end) => end());
      this.connection.stop();
      this.overlay = null;
    };
  }
}

export const [useApp, provideApp] = createContext<App>();
