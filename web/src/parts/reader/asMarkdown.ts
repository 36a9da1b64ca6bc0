import type { Entry, EntryBlock } from '../../wire/types.gen';
import { lookOf } from '../../lib/tools';
import { joinCalls, outcomeOf, type Call } from './calls';
import { commandOf, filesOf, outputOf, pathOf } from './tooling';

/** A fence that the text itself does not hold. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

function callText(call: Call): string {
  const look = lookOf(call.use.name);
  const result = outcomeOf(call);
  const parts = [`**${call.use.name}**${pathOf(call.use.input) ? ` \`${pathOf(call.use.input)}\`` : ''}`];
  if (look === 'command') parts.push(fenced(commandOf(call.use.input), 'sh'));
  else if (look === 'edit') {
    for (const { rows } of filesOf(call, result)) {
      parts.push(fenced(rows.map(({ sign, text }) => sign + text).join('\n'), 'diff'));
    }
  } else parts.push(fenced(JSON.stringify(call.use.input, null, 2), 'json'));
  if (result && look !== 'edit') parts.push(fenced(look === 'command' ? outputOf(result) : result.text));
  return parts.join('\n\n');
}

function blockText(block: EntryBlock, calls: ReadonlyMap<string, Call>): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'thinking':
      return block.text.trim() ? `> ${block.text.trim().replaceAll('\n', '\n> ')}` : '';
    case 'tool_use': {
      const call = calls.get(block.id);
      return call ? callText(call) : '';
    }
    case 'tool_result':
      return calls.has(block.tool_use_id) ? '' : fenced(block.text);
    case 'image':
      return `*image, ${block.media_type}*`;
    case 'document':
      return `*${block.title}*\n\n${fenced(block.text)}`;
    case 'notice':
      return block.text.trim() ? `*${block.text.trim()}*` : '';
  }
}

const NAMES: Partial<Record<NonNullable<Entry['role']>, string>> = { human: 'Person', system: 'System' };

/** Entries as Markdown, for pasting elsewhere. */
export function asMarkdown(entries: readonly Entry[]): string {
  const { calls } = joinCalls(entries);
  const parts: string[] = [];
  let before = '';
  for (const entry of entries) {
    const text = (entry.blocks ?? [])
      .map((block) => blockText(block, calls))
      .filter(Boolean)
      .join('\n\n');
    if (!text) continue;
    const name = (entry.role && NAMES[entry.role]) ?? 'Coder';
    if (entries.length > 1 && name !== before) parts.push(`### ${name}`);
    before = name;
    parts.push(text);
  }
  return parts.join('\n\n');
}
