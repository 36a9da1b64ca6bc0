import { afterEach, expect, test, vi } from 'vitest';

import { api, ApiError, isSignedOut } from './api';

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const fetch = vi.fn(async () => new Response(JSON.stringify(body), { status, headers }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error as ApiError,
  );

test('a problem document becomes an error that says what to do', async () => {
  const problem = { code: 'too-many', status: 429, title: 'Too many attempts', detail: 'Wait a little.' };
  answer(429, problem, { 'retry-after': '42' });
  const error = await failureOf(api.me());
  expect(error).toBeInstanceOf(ApiError);
  expect(error?.message).toBe('Too many attempts. Wait a little.');
  expect(error?.retryAfter).toBe(42);
});

test('an answer of a proxy that is no problem document is an error too', async () => {
  vi.stubGlobal('fetch', async () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  const error = await failureOf(api.me());
  expect(error?.status).toBe(502);
  expect(error?.code).toBe('http-502');
});

test('no answer at all is told apart from a lost sign-in', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
  const gone = await failureOf(api.me());
  expect(gone?.status).toBe(0);
  expect(isSignedOut(gone)).toBe(false);
  answer(401, { code: 'sign-in', status: 401, title: 'Not signed in', detail: '' });
  expect(isSignedOut(await failureOf(api.me()))).toBe(true);
});

test('lists are read to their end', async () => {
  const pages = [
    { items: [1, 2], next_cursor: 'a b' },
    { items: [3], next_cursor: null },
  ];
  const fetch = vi.fn(async () => new Response(JSON.stringify(pages.shift())));
  vi.stubGlobal('fetch', fetch);
  expect(await api.hosts()).toEqual([1, 2, 3]);
  expect(fetch.mock.calls.map(([url]: unknown[]) => String(url).split('?')[1])).toEqual([
    'limit=1000',
    'limit=1000&cursor=a%20b',
  ]);
});

test('ids are escaped in addresses', async () => {
  const fetch = answer(200, { items: [], next_cursor: null });
  await api.memberLink('a/b');
  expect(String((fetch.mock.calls as unknown[][])[0]?.[0])).toContain('members/a%2Fb/link');
});
