import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, test } from 'vitest';

import TipInList from './TipInList.svelte';

let end: () => void = () => undefined;
afterEach(() => end());

function show() {
  const props = $state({ rows: ['one', 'two'], there: true });
  const target = document.body.appendChild(document.createElement('div'));
  const shown = mount(TipInList, { target, props });
  flushSync();
  end = () => {
    void unmount(shown);
    target.remove();
  };
  const link = target.querySelector('a');
  if (!link) throw new Error('no link');
  return { props, link, target };
}

/** Takes an element away as Chromium does: it tells the one that had the focus before the call is over. */
function blursWhenRemoved(link: HTMLElement): unknown[] {
  const thrown: unknown[] = [];
  const gone = (event: ErrorEvent) => thrown.push(event.error);
  link.remove = () => {
    addEventListener('error', gone);
    link.dispatchEvent(new FocusEvent('blur'));
    removeEventListener('error', gone);
    Element.prototype.remove.call(link);
  };
  return thrown;
}

test.each([
  ['its row', { rows: ['two'] }],
  ['the list', { there: false }],
])('a link with a tip that has the focus goes quietly with %s', (_, change) => {
  const { props, link, target } = show();
  link.focus();
  const thrown = blursWhenRemoved(link);
  Object.assign(props, change);
  flushSync();
  expect(thrown).toEqual([]);
  expect(target.contains(link)).toBe(false);
});
