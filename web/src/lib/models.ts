const COLOURS = ['var(--m1)', 'var(--m2)', 'var(--m3)', 'var(--m4)'];

/** Colour of the series at a place, greatest first. */
export function colourOf(place: number): string {
  return COLOURS[place % COLOURS.length] ?? 'var(--m1)';
}

/** A model's name for people: `claude-opus-4-5-20251101` is `Opus 4.5`. What is not known stays as it is. */
export function modelName(model: string): string {
  if (!model) return 'unknown model';
  const claude = /^claude-(opus|sonnet|haiku|fable)-(\d+)(?:-(\d{1,2}))?(?:-\d{8})?$/.exec(model);
  if (!claude) return model;
  const [, family = '', major = '', minor] = claude;
  return `${family[0]?.toUpperCase()}${family.slice(1)} ${minor ? `${major}.${minor}` : major}`;
}
