/** How much room there is: phone, one pane with overlays, two panes, three panes. */
export type Room = 'phone' | 'narrow' | 'middle' | 'wide';

/** Widths at which the layout changes, px. */
const PHONE_BELOW = 768;
const NARROW_TO = 1024;
const MIDDLE_BELOW = 1280;
const RAIL_OPEN_FROM = 1600;

/** The window's size, and what fits in it. */
export class Viewport {
  width = $state(innerWidth);

  readonly room: Room = $derived.by(() => {
    if (this.width < PHONE_BELOW) return 'phone';
    if (this.width <= NARROW_TO) return 'narrow';
    return this.width < MIDDLE_BELOW ? 'middle' : 'wide';
  });
  readonly phone = $derived(this.room === 'phone');
  /** Whether the rail shows its labels unless the reader chose. */
  readonly railOpens = $derived(this.width >= RAIL_OPEN_FROM);

  start(): () => void {
    const measure = () => (this.width = innerWidth);
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }
}
