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

/** After the reader scrolled. */
export function scrolled(follow: Follow, distanceToEnd: number): Follow {
  if (distanceToEnd <= EDGE_PX) return AT_EDGE;
  return follow.following ? { following: false, unseen: 0 } : follow;
}

/** After items were appended. */
export function appended(follow: Follow, items: number): Follow {
  if (follow.following || items <= 0) return follow;
  return { ...follow, unseen: follow.unseen + items };
}
