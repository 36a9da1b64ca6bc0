/** Names of the two highlights that app.css colours. */
const ALL = 'hit';
const CURRENT = 'hit-current';
/** More ranges than this are not drawn: the view cannot show them. */
const MOST = 2000;

/** Takes texts, but nothing of what only stands around a conversation: figures of a turn, names of them. */
function said(node: Node): number {
  if (node instanceof Text) return NodeFilter.FILTER_ACCEPT;
  return (node as HTMLElement).dataset['unsaid'] === undefined
    ? NodeFilter.FILTER_SKIP
    : NodeFilter.FILTER_REJECT;
}

/** Ranges of a text below an element. Nothing is put into the page: the browser paints them. */
export function rangesOf(root: Node, words: readonly string[], exact: boolean): Range[] {
  const wanted = words.map((word) => (exact ? word : word.toLowerCase())).filter((word) => word.length > 0);
  const ranges: Range[] = [];
  if (wanted.length === 0) return ranges;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, said);
  for (let node = walker.nextNode(); node && ranges.length < MOST; node = walker.nextNode()) {
    const whole = node.nodeValue ?? '';
    const text = exact ? whole : whole.toLowerCase();
    // A few letters change their length with their case: then places in one text are not places in the other.
    if (text.length !== whole.length) continue;
    for (const word of wanted) {
      for (
        let at = text.indexOf(word);
        at >= 0 && ranges.length < MOST;
        at = text.indexOf(word, at + word.length)
      ) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        ranges.push(range);
      }
    }
  }
  return ranges;
}

/** Paints ranges; where the browser cannot, the text stays as it is. */
export function paint(ranges: readonly Range[], current: Range | null): void {
  if (!('highlights' in CSS)) return;
  CSS.highlights.set(ALL, new Highlight(...ranges));
  if (current) {
    const top = new Highlight(current);
    top.priority = 1;
    CSS.highlights.set(CURRENT, top);
  } else CSS.highlights.delete(CURRENT);
}

/** Takes all marks away. */
export function unpaint(): void {
  if (!('highlights' in CSS)) return;
  CSS.highlights.delete(ALL);
  CSS.highlights.delete(CURRENT);
}
