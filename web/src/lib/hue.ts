/** Hues for hosts. Red, amber and the accent are left out, so that a host never reads as a state. */
const HOST_HUES = [50, 115, 135, 158, 180, 200, 222, 245, 300, 322, 345, 358] as const;

const CODER_HUES: Record<string, number> = { claude: 40, codex: 175 };

/** FNV-1a: small, and the same on every machine. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  // Neighbouring ids differ in their last characters only: spread those over all bits.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}

function paint(hue: number): string {
  return `oklch(var(--hue-l) var(--hue-c) ${hue})`;
}

/** Colour of a host, from its id. */
export function hostColour(id: string): string {
  return paint(HOST_HUES[hash(id) % HOST_HUES.length] ?? 200);
}

/** Colour of a coder, from its name. */
export function coderColour(coder: string): string {
  return paint(CODER_HUES[coder] ?? HOST_HUES[hash(coder) % HOST_HUES.length] ?? 200);
}

/** Colour of a person, from their id. */
export function actorColour(id: string): string {
  return paint(HOST_HUES[hash(id) % HOST_HUES.length] ?? 245);
}

/** One or two letters that stand for a person. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters =
    words.length > 1 ? [words[0], words[words.length - 1]].map((word) => word?.[0]) : [...name].slice(0, 2);
  return letters.join('').toUpperCase();
}
