/** How well a text fits what was typed: 0 not at all; higher is better. All words must occur. */
export function fits(text: string, typed: string): number {
  const target = text.toLowerCase();
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  let score = 1;
  for (const word of words) {
    const at = target.indexOf(word);
    if (at < 0) return 0;
    score += at === 0 ? 4 : /[\s/._-]/.test(target[at - 1] ?? '') ? 3 : 1;
  }
  return score;
}
