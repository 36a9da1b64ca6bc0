/** What a facet counts. */
export interface FacetLike {
  readonly value: string;
  readonly count: number;
}

const ROLES: Record<string, string> = {
  prompt: 'prompt',
  reply: 'reply',
  thinking: 'thinking',
  tool_input: 'call',
  tool_result: 'output',
  system: 'notice',
  title: 'title',
};

/** Where in a conversation a hit stands, in a word. */
export function roleName(role: string): string {
  return ROLES[role] ?? role;
}
