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

/**
 * After the list moved by some pixels, down being positive. Only a move towards the end comes to the edge and only one
 * away from it leaves: growth below the view, and scroll events that come late, are no reader's doing.
 */
export function scrolled(follow: Follow, movedBy: number, distanceToEnd: number): Follow {
  const atEnd = distanceToEnd <= EDGE_PX;
  if (movedBy > 0 && atEnd) return AT_EDGE;
  if (movedBy < 0 && !atEnd && follow.following) return left();
  return follow;
}

/** After the reader turned the wheel upwards: what the list does next is not to pull them back. */
export function left(): Follow {
  return { following: false, unseen: 0 };
}

/** After items were appended. */
export function appended(follow: Follow, items: number): Follow {
  if (follow.following || items <= 0) return follow;
  return { ...follow, unseen: follow.unseen + items };
}
