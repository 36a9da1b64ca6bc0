/** How long after its last append a session still counts as active, milliseconds. */
export const ACTIVE_MS = 60_000;

/** Sections of the live session list, in their order. */
export const SECTIONS = ['needs', 'working', 'yours', 'recent'] as const;
/** A section of the live session list. */
export type SectionName = (typeof SECTIONS)[number];

/** What sections are called. */
export const SECTION_NAMES: Readonly<Record<SectionName, string>> = {
  needs: 'Needs you',
  working: 'Working',
  yours: 'Your turn',
  recent: 'Recent',
};

/** What the order of the list depends on. */
export interface Placed {
  /** Id of the session. */
  readonly id: string;
  readonly section: SectionName;
  /** Rank among the needs, permission first; 0 elsewhere. */
  readonly rank: number;
  /** Since when it stands in its section, milliseconds; for recent ones the time of the last append. */
  readonly since: number;
  /** Key and name of its group; `null` when the list is not grouped. */
  readonly group: Group | null;
}

/** What sessions of a list have in common. */
export interface Group {
  readonly key: string;
  readonly name: string;
}

/** A run of rows under one head. */
export interface Block {
  /** Section, or `group:` and the key of a group. */
  readonly key: string;
  readonly name: string;
  /** The section that it is; `null` for a group. */
  readonly section: SectionName | null;
  readonly ids: readonly string[];
}

/**
 * In a section, rows stand by when they came into it, not by their last append: rows that all grow many times a second
 * would otherwise change places all the time. Who needs someone waits in line: what blocks first, then the longest.
 */
function before(a: Placed, b: Placed): number {
  const bySection = SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section);
  if (bySection !== 0) return bySection;
  const byTime = a.section === 'needs' ? a.since - b.since : b.since - a.since;
  return a.rank - b.rank || byTime || a.id.localeCompare(b.id);
}

/** The list, cut into sections; or into groups, behind those that need someone. Empty blocks are left out. */
export function arrange(sessions: readonly Placed[]): Block[] {
  const sorted = [...sessions].sort(before);
  const blocks = new Map<string, { name: string; section: SectionName | null; ids: string[] }>();
  for (const name of SECTIONS) {
    for (const { id, section, group } of sorted) {
      if (section !== name) continue;
      const grouped = group && section !== 'needs';
      const key = grouped ? `group:${group.key}` : section;
      const block = blocks.get(key) ?? {
        name: grouped ? group.name : SECTION_NAMES[section],
        section: grouped ? null : section,
        ids: [],
      };
      block.ids.push(id);
      blocks.set(key, block);
    }
  }
  const all = [...blocks].map(([key, block]) => ({ key, ...block }));
  const groups = all.filter(({ section }) => section === null).sort((a, b) => a.name.localeCompare(b.name));
  return [...all.filter(({ section }) => section !== null), ...groups];
}

/** All rows in the order of the list. */
export function rowsOf(blocks: readonly Block[]): string[] {
  return blocks.flatMap(({ ids }) => ids);
}

/**
 * Keeps rows in their places while the pointer is among them: what is there stays, what is new is counted. `moved` are
 * the held rows that belong elsewhere by now.
 */
export function hold(
  held: readonly Block[],
  fresh: readonly Block[],
): { blocks: Block[]; waiting: number; moved: number } {
  const home = new Map(fresh.flatMap(({ key, ids }) => ids.map((id) => [id, key] as const)));
  const known = new Set(rowsOf(held));
  let moved = 0;
  const blocks = held.flatMap((block) => {
    const ids = block.ids.filter((id) => home.has(id));
    moved += ids.filter((id) => home.get(id) !== block.key).length;
    return ids.length > 0 ? [{ ...block, ids }] : [];
  });
  return { blocks, waiting: [...home.keys()].filter((id) => !known.has(id)).length, moved };
}
