import { add, advance, isSilent, silent, type Bars } from '../lib/activity';

/** Appends of one session or host in the last minute. A cell of its own, so that a row re-renders for itself only. */
export class Pulse {
  lines = $state.raw<Bars>(silent(0));
  bytes = $state.raw<Bars>(silent(0));
  /** Number of updates with an append so far; each is one pulse on the map. */
  beats = $state(0);
  /** Lines so far; nothing renders by it. */
  total = 0;

  add(lines: number, bytes: number, now: number): void {
    this.lines = add(this.lines, lines, now);
    this.bytes = add(this.bytes, bytes, now);
    this.beats += 1;
    this.total += lines;
  }

  /** Moves the bars along. Silent ones stay as they are: nobody sees the difference. */
  tick(now: number): void {
    if (!isSilent(this.lines)) this.lines = advance(this.lines, now);
    if (!isSilent(this.bytes)) this.bytes = advance(this.bytes, now);
  }
}
