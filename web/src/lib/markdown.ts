import DOMPurify from 'dompurify';
import MarkdownIt from 'markdown-it';

import { colouredHtml } from './highlight';

/**
 * Markdown of coders → HTML that cannot harm. Raw HTML in the text stays text; then a second, independent wall lets only
 * the tags and attributes through that the renderer itself writes. Nothing is ever fetched by what a transcript says:
 * images become links.
 */

/** Longer texts are shown as they stand: no page needs half a megabyte of prose at once. */
const MOST_CHARS = 200_000;
/** Rendered texts that are kept, so that scrolling back costs nothing. */
const KEPT = 300;
const KEPT_CHARS = 20_000;

const OUTSIDE = /^(?:https?|mailto):/i;

const ALLOWED = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'hr', 'strong', 'em', 's', 'code', 'pre', 'a', 'span', 'div', 'button', 'blockquote'],
    ...['ul', 'ol', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  ALLOWED_ATTR: ['href', 'title', 'class', 'target', 'rel', 'tabindex', 'type', 'start', 'data-copy'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: OUTSIDE,
};

const reader = new MarkdownIt({ html: false, linkify: true, typographer: false });
reader.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
const escape = (text: string) => reader.utils.escapeHtml(text);
/** An attribute of a piece of the text, as a text. */
const attribute = (pieces: ReturnType<typeof reader.parse>, at: number, name: string) =>
  String(pieces[at]?.attrGet(name) ?? '');

/** A link leads outside, in a page of its own, and tells nobody where it came from; a path in a project is no link. */
reader.renderer.rules.link_open = (all, at) => {
  const href = attribute(all, at, 'href');
  if (OUTSIDE.test(href)) {
    return `<a href="${escape(href)}" title="${escape(href)}" target="_blank" rel="noopener noreferrer">`;
  }
  return `<span class="path" title="${escape(href)}">`;
};
reader.renderer.rules.link_close = (all, at) => {
  let depth = 0;
  for (let back = at; back >= 0; back -= 1) {
    const type = all[back]?.type;
    if (type === 'link_close') depth += 1;
    if (type === 'link_open') depth -= 1;
    if (depth === 0) return OUTSIDE.test(attribute(all, back, 'href')) ? '</a>' : '</span>';
  }
  return '</a>';
};
reader.renderer.rules.image = (all, at) => {
  const source = attribute(all, at, 'src');
  const name = escape(all[at]?.content || 'image');
  if (!/^https?:/i.test(source)) return `<span class="path" title="${escape(source)}">${name}</span>`;
  const words = 'title="An image from elsewhere, not loaded here: open it in a page of its own"';
  return `<a class="image" href="${escape(source)}" ${words} target="_blank" rel="noopener noreferrer">${name}</a>`;
};

/** A block of code with its language and a button that copies it. */
function code(text: string, language: string): string {
  const inside = colouredHtml(text, language) ?? escape(text);
  const head = `<div class="code-head"><span>${escape(language)}</span><button type="button" data-copy="">Copy</button></div>`;
  return `<div class="code">${head}<pre tabindex="0"><code>${inside}</code></pre></div>`;
}
reader.renderer.rules.fence = (all, at) => {
  const language = (all[at]?.info ?? '').trim().split(/\s+/, 1)[0]?.toLowerCase() ?? '';
  return code((all[at]?.content ?? '').replace(/\n$/, ''), language.slice(0, 40));
};
reader.renderer.rules.code_block = (all, at) => code((all[at]?.content ?? '').replace(/\n$/, ''), '');
reader.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>';
reader.renderer.rules.table_close = () => '</table></div>';

const kept = new Map<string, string>();

/** HTML of a text in Markdown, safe to be put into a page. */
export function markdown(text: string): string {
  const before = kept.get(text);
  if (before !== undefined) return before;
  const whole = text.length > MOST_CHARS ? code(text, '') : reader.render(text);
  const html = DOMPurify.sanitize(whole, ALLOWED);
  if (text.length <= KEPT_CHARS) {
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '');
    kept.set(text, html);
  }
  return html;
}
