import type { Reading } from '../../state/reader.svelte';
import { placeKey } from '../../wire/lines';
import { reading as wire } from '../../wire/reader';
import type { Turn } from '../../wire/types.gen';

/** Lines that are near enough to be asked for at once. */
const NEAR = 150;
/** Halvings: enough for a million lines. */
const MOST_STEPS = 16;

/** A time as an input of the kind `datetime-local` takes it. */
export function localTime(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** Time of the first line at or after a number that has one, and that line's number. */
async function timeFrom(reading: Reading, index: number): Promise<{ index: number; time: number } | null> {
  const place = reading.lines.place(index);
  if (!place) return null;
  const page = await wire.entries(reading.id, {
    around: placeKey(place),
    transcript: reading.transcript,
    limit: 40,
    detail: 'preview',
  });
  for (const entry of page.items) {
    const own = reading.lines.index({ transcript: entry.transcript_id, line: entry.line });
    const time = entry.time === null ? NaN : Date.parse(entry.time);
    if (own !== null && own >= index && !Number.isNaN(time)) return { index: own, time };
  }
  return null;
}

/** Number of the first line at or after a time: between two turns, then by halving. */
export async function seek(reading: Reading, turns: readonly Turn[], wanted: number): Promise<number> {
  let [low, high] = [0, Math.max(0, reading.lines.total - 1)];
  for (const turn of turns) {
    const index = reading.lines.index({ transcript: turn.transcript_id, line: turn.line });
    const time = turn.started_at === null ? NaN : Date.parse(turn.started_at);
    if (index === null || Number.isNaN(time)) continue;
    if (time <= wanted) low = Math.max(low, index);
    else high = Math.min(high, index);
  }
  for (let step = 0; step < MOST_STEPS && high - low > NEAR; step += 1) {
    const middle = (low + high) >> 1;
    const found = await timeFrom(reading, middle);
    if (found && found.time < wanted && found.index > low) low = found.index;
    else high = middle;
  }
  await reading.jump(low);
  const after = reading.entries.findIndex((entry, at) => {
    return reading.first + at >= low && entry.time !== null && Date.parse(entry.time) >= wanted;
  });
  return after < 0 ? high : reading.first + after;
}
