import { lookOf } from '../../lib/tools';
import type { Call } from '../reader/calls';
import { outcomeOf } from '../reader/calls';
import { commandOf, outputOf, plainOutput, reasonOf, viewOf } from '../reader/tooling';

/** Lines of a failure's end that are shown by themselves. */
const MOST_LINES = 3;
const MOST_CHARS = 400;

/** A failed call in two lines: what it was given, and what went wrong. */
export interface Brief {
  readonly given: string;
  readonly outcome: string;
}

/** A failure in brief: programs say at their end what went wrong, tools at their beginning. */
export function briefOf(call: Call): Brief {
  const result = outcomeOf(call);
  const command = lookOf(call.use.name) === 'command';
  const given = command ? commandOf(call.use.input).trim() : viewOf(call).about;
  if (!result) return { given, outcome: '' };
  const lines = (command ? outputOf(result) : plainOutput(result.text))
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '');
  const told = command ? lines.slice(-MOST_LINES) : [reasonOf(result)];
  return { given: given.split('\n', 1)[0] ?? '', outcome: told.join('\n').slice(0, MOST_CHARS) };
}
