import { placeKey, type Lines } from '../../wire/lines';
import type { Turn, TurnPlace } from '../../wire/types.gen';

/** A turn and its number in the session, from 1. */
export interface Numbered {
  readonly number: number;
  readonly turn: Turn;
  /** Number of the turn in whose place it stands. */
  readonly insteadOf: number | null;
  /** Number of the turn that the conversation went on from instead: the model does not see this one any more. */
  readonly leftFor: number | null;
}

const keyOf = ({ transcript_id: transcript, line }: TurnPlace) => placeKey({ transcript, line });

/** The turns of a session, by where their prompts stand. */
export function numbered(turns: readonly Turn[]): ReadonlyMap<string, Numbered> {
  const numbers = new Map(turns.map((turn, at) => [keyOf(turn), at + 1]));
  const number = (place: TurnPlace | null) => (place && numbers.get(keyOf(place))) ?? null;
  return new Map(
    turns.map((turn, at) => [
      keyOf(turn),
      { number: at + 1, turn, insteadOf: number(turn.instead_of), leftFor: number(turn.left_for) },
    ]),
  );
}

/** From which line on which turn runs, in the order of the lines. */
export type Course = readonly { readonly index: number; readonly turn: Numbered }[];

export function courseOf(turns: Iterable<Numbered>, lines: Lines): Course {
  const course = [];
  for (const turn of turns) {
    const index = lines.index({ transcript: turn.turn.transcript_id, line: turn.turn.line });
    if (index !== null) course.push({ index, turn });
  }
  return course.sort((a, b) => a.index - b.index);
}

/** The turn that runs at a line. */
export function turnAt(course: Course, index: number): Numbered | null {
  let [low, high] = [0, course.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((course[middle]?.index ?? 0) <= index) low = middle + 1;
    else high = middle;
  }
  return course[low - 1]?.turn ?? null;
}
