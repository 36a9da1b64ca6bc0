/** A piece of text with one look. */
export interface Piece {
  readonly text: string;
  readonly look: 'plain' | 'strong' | 'code';
}

/** `code` and **strong**, the two marks that coders use in every other sentence. Neither spans lines. */
const MARKS = /(?<!`)`([^`\n]+)`(?!`)|\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*/g;

/** Cuts a text into pieces by its marks. All of it stays text: nothing here can become markup. */
export function pieces(text: string): Piece[] {
  const result: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(MARKS)) {
    if (match.index > end) result.push({ text: text.slice(end, match.index), look: 'plain' });
    const [whole, code, strong] = match;
    result.push(code !== undefined ? { text: code, look: 'code' } : { text: strong ?? '', look: 'strong' });
    end = match.index + whole.length;
  }
  if (end < text.length) result.push({ text: text.slice(end), look: 'plain' });
  return result;
}
