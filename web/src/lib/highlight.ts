import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import dockerfile from 'highlight.js/lib/languages/dockerfile';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import lua from 'highlight.js/lib/languages/lua';
import makefile from 'highlight.js/lib/languages/makefile';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import protobuf from 'highlight.js/lib/languages/protobuf';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import scss from 'highlight.js/lib/languages/scss';
import shell from 'highlight.js/lib/languages/shell';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

/** Longer code is shown without colours: colouring it would hold the page up. */
const MOST_CHARS = 40_000;

const LANGUAGES = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  makefile,
  markdown,
  php,
  protobuf,
  python,
  ruby,
  rust,
  scss,
  shell,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(['svelte', 'vue', 'astro'], { languageName: 'xml' });
hljs.registerAliases(['jsonl', 'jsonc', 'json5'], { languageName: 'json' });
hljs.registerAliases(['proto'], { languageName: 'protobuf' });

/** A piece of code with one look: `''`, or the name of a class such as `keyword`. */
export interface Token {
  readonly text: string;
  readonly look: string;
}

/** Whether code in this language gets colours. */
export function knows(language: string): boolean {
  return hljs.getLanguage(language) !== undefined;
}

/** Code as HTML with colours; all of its own characters escaped. `null` when it is shown plain. */
export function colouredHtml(code: string, language: string): string | null {
  if (code.length > MOST_CHARS || !knows(language)) return null;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
};

/** Code as pieces with looks, for components that write it as text. */
export function tokens(code: string, language: string): Token[] {
  const html = colouredHtml(code, language);
  if (html === null) return [{ text: code, look: '' }];
  const found: Token[] = [];
  const open: string[] = [];
  for (const [part] of html.matchAll(/<span class="[^"]*">|<\/span>|[^<]+/g)) {
    if (part === '</span>') open.pop();
    else if (part.startsWith('<span')) open.push(/hljs-([\w-]+)/.exec(part)?.[1] ?? open.at(-1) ?? '');
    else found.push({ text: part.replace(/&[#\w]+;/g, (it) => ENTITIES[it] ?? it), look: open.at(-1) ?? '' });
  }
  return found;
}

/** The same, line by line: what began on one line goes on in the next. */
export function tokenLines(code: string, language: string): Token[][] {
  const lines: Token[][] = [[]];
  for (const { text, look } of tokens(code, language)) {
    text.split('\n').forEach((part, at) => {
      if (at > 0) lines.push([]);
      if (part) lines.at(-1)?.push({ text: part, look });
    });
  }
  return lines;
}
