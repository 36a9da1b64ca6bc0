import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

/** Rooms and what each may import: arrows only downwards. */
const floors = {
  lib: [],
  ui: ['lib'],
  wire: ['lib'],
  state: ['wire', 'lib'],
  parts: ['ui', 'state', 'wire', 'lib'],
  pages: ['parts', 'ui', 'state', 'wire', 'lib'],
};

const floorRules = Object.entries(floors).map(([room, below]) => ({
  files: [`src/${room}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: Object.keys(floors)
          .filter((other) => other !== room && !below.includes(other))
          .map((other) => ({ group: [`../${other}/*`], message: `${room} must not import ${other}.` })),
      },
    ],
  },
}));

export default ts.config(
  { ignores: ['dist', 'test-results', 'src/wire/types.gen.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { extraFileExtensions: ['.svelte'], parser: ts.parser, svelteConfig } },
    rules: {
      // The links of this app are built base-aware by `lib/paths.ts`; this rule knows only SvelteKit's resolver.
      'svelte/no-navigation-without-resolve': 'off',
      // Maps and sets here are either replaced whole, and reactive by their holder, or not meant to be followed.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    files: ['**/*.svelte.ts', '**/*.ts', '**/*.svelte'],
    rules: { 'no-undef': 'off', eqeqeq: 'error', 'svelte/no-at-html-tags': 'error' },
  },
  ...floorRules,
);
