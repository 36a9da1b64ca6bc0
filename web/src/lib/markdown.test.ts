import { describe, expect, test } from 'vitest';

import { markdown } from './markdown';

/** What of a text would run, load or pretend, once it stands in a page. */
function dangers(html: string): string[] {
  const root = document.createElement('div');
  root.innerHTML = html;
  const found: string[] = [];
  for (const element of root.querySelectorAll('*')) {
    const tag = element.tagName.toLowerCase();
    if (/^(script|style|iframe|object|embed|img|svg|math|link|meta|base|form|input|video|audio)$/.test(tag))
      found.push(tag);
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on') || name === 'style' || name === 'src' || name === 'id')
        found.push(`${tag} ${name}`);
      if (name === 'href' && !/^(https?|mailto):/i.test(value)) found.push(`${tag} ${name}=${value}`);
    }
  }
  return found;
}

const ATTACKS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)><animate onbegin=alert(1)></svg>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java&#115;cript:alert(1))',
  '[x](&#x6A;avascript:alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](vbscript:msgbox(1))',
  '[x](file:///etc/passwd)',
  '[x](//evil.example/)',
  '[x](blob:https://evil.example/1)',
  '![x](javascript:alert(1))',
  '![x](https://evil.example/pixel.png)',
  '![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)',
  '![x" onerror="alert(1)](https://evil.example/a)',
  '[a](https://x.example/"onmouseover="alert(1))',
  '[a](https://x.example/ "t\\" onmouseover=\\"alert(1)")',
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  '```js\n</code></pre><script>alert(1)</script>\n```',
  '`<img src=x onerror=alert(1)>`',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form action="https://evil.example"><input name=password></form>',
  '<style>*{display:none}</style>',
  '<div style="position:fixed;inset:0">over</div>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<javascript:alert(1)>',
  'https://x.example/<script>alert(1)</script>',
  '| a |\n|---|\n| <img src=x onerror=alert(1)> |',
  '# <svg/onload=alert(1)>',
  '> <object data=x></object>',
  '\u0000<script>alert(1)</script>',
];

describe('nothing in a text harms', () => {
  test.each(ATTACKS)('%s', (text) => {
    expect(dangers(markdown(text))).toEqual([]);
  });
});

test('what is HTML in a transcript is read as text', () => {
  const root = document.createElement('div');
  root.innerHTML = markdown('<b>bold</b> **strong**');
  expect(root.textContent.trim()).toBe('<b>bold</b> strong');
  expect(root.querySelector('b')).toBeNull();
  expect(root.querySelector('strong')?.textContent).toBe('strong');
});

test('a link leads outside without a trace, a path is no link', () => {
  const root = document.createElement('div');
  root.innerHTML = markdown('[docs](https://x.example/a) and [main](src/main.rs)');
  const links = root.querySelectorAll('a');
  expect(links).toHaveLength(1);
  expect(links[0]?.getAttribute('rel')).toBe('noopener noreferrer');
  expect(links[0]?.getAttribute('target')).toBe('_blank');
  expect(root.querySelector('.path')?.textContent).toBe('main');
});

test('an image is named and not loaded', () => {
  const html = markdown('![the plan](https://x.example/plan.png)');
  expect(html).toContain('the plan</a>');
  expect(html).not.toContain('<img');
});

test('code says its language, keeps its characters and can be copied', () => {
  const root = document.createElement('div');
  root.innerHTML = markdown('```rust\nlet a = b < c && d; // "x"\n```');
  expect(root.querySelector('code')?.textContent).toBe('let a = b < c && d; // "x"');
  expect(root.querySelector('.code-head span')?.textContent).toBe('rust');
  expect(root.querySelector('button')?.hasAttribute('data-copy')).toBe(true);
  expect(root.querySelector('.hljs-keyword')?.textContent).toBe('let');
});
