const BY_ENDING: Readonly<Record<string, string>> = {
  sh: 'bash',
  bash: 'bash',
  zsh: 'bash',
  h: 'c',
  c: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  hpp: 'cpp',
  cs: 'csharp',
  css: 'css',
  scss: 'scss',
  diff: 'diff',
  patch: 'diff',
  go: 'go',
  toml: 'ini',
  ini: 'ini',
  conf: 'ini',
  java: 'java',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  json: 'json',
  jsonl: 'json',
  kt: 'kotlin',
  lua: 'lua',
  mk: 'makefile',
  md: 'markdown',
  php: 'php',
  proto: 'protobuf',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sql: 'sql',
  swift: 'swift',
  ts: 'typescript',
  tsx: 'typescript',
  mts: 'typescript',
  html: 'xml',
  svelte: 'xml',
  svg: 'xml',
  vue: 'xml',
  xml: 'xml',
  yaml: 'yaml',
  yml: 'yaml',
};

const BY_NAME: Readonly<Record<string, string>> = {
  dockerfile: 'dockerfile',
  makefile: 'makefile',
  'cargo.lock': 'ini',
};

/** Language of a file by its name; empty when unknown. */
export function languageOf(path: string): string {
  const name = (path.split(/[\\/]/).pop() ?? '').toLowerCase();
  return BY_NAME[name] ?? BY_ENDING[name.split('.').pop() ?? ''] ?? '';
}
