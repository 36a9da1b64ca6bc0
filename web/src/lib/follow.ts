/** Where a reader is in a list that grows at its end. */
export interface Follow {
  /** New items scroll into view. */
  readonly following: boolean;
  /** Items that arrived while the reader was elsewhere. */
  readonly unseen: number;
}

/** A reader who sees the newest item. */
export const AT_EDGE: Follow = { following: true, unseen: 0 };

/** Distance from the end that still counts as being there: rounding, and a thumb's imprecision. */
const EDGE_PX = 32;

/** What moved the list: the reader, who may want either or one direction only, or the page itself. */
export type Mover = 'reader' | 'reader-up' | 'reader-down' | 'page';

/**
 * After the list moved by some pixels, down being positive. Only the reader comes to the edge or leaves it: the page
 * itself moves the list too, when entries are measured or put in, and such moves must change nothing.
 */
export function scrolled(follow: Follow, mover: Mover, movedBy: number, distanceToEnd: number): Follow {
  const atEnd = distanceToEnd <= EDGE_PX;
  const [mayCome, mayLeave] = [
    mover === 'reader' || mover === 'reader-down',
    mover === 'reader' || mover === 'reader-up',
  ];
  if (mayCome && movedBy > 0 && atEnd) return AT_EDGE;
  if (mayLeave && movedBy < 0 && !atEnd && follow.following) return left();
  return follow;
}

/** After the reader turned the wheel upwards: what the page does next is not to pull them back. */
export function left(): Follow {
  return { following: false, unseen: 0 };
}

/** After items were appended. */
export function appended(follow: Follow, items: number): Follow {
  if (follow.following || items <= 0) return follow;
  return { ...follow, unseen: follow.unseen + items };
}
