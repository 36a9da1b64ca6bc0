import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { api } from '../wire/api';
import { Account } from './account.svelte';

/** Who the browser's sign-in belongs to, as the aggregator knows it; `null` for nobody. */
let signedIn: string | null;
/** Tabs that hear each other. */
let tabs: Account[];
let ends: (() => void)[];

class Channel {
  static all = new Set<Channel>();
  onmessage: (() => void) | null = null;
  constructor() {
    Channel.all.add(this);
  }
  postMessage() {
    for (const other of Channel.all) if (other !== this) other.onmessage?.();
  }
  close() {
    Channel.all.delete(this);
  }
}

function answer(resource: string, body: string): Response {
  if (resource.endsWith('/sign-out')) {
    signedIn = null;
    return new Response(null, { status: 204 });
  }
  if (resource.endsWith('/sign-in')) signedIn = (JSON.parse(body) as { name: string }).name;
  if (signedIn === null) return Response.json({ title: 'Sign in first' }, { status: 401 });
  const actor = { id: signedIn, name: signedIn, role: 'member' };
  return Response.json(resource.endsWith('/tokens') ? { items: [], next_cursor: null } : { actor });
}

beforeEach(async () => {
  signedIn = 'ann';
  vi.stubGlobal('BroadcastChannel', Channel);
  vi.stubGlobal('fetch', (input: URL | string, init: RequestInit) =>
    Promise.resolve(answer(String(input), String(init.body))),
  );
  tabs = [new Account(), new Account()];
  ends = tabs.map((tab) => tab.start());
  for (const tab of tabs) await tab.load();
});
afterEach(() => {
  for (const end of ends) end();
  vi.unstubAllGlobals();
});

const [HERE, THERE] = [0, 1];

test('who signs out in one tab is signed out in the others, which say so', async () => {
  await tabs[HERE]?.signOut();
  await vi.waitFor(() => expect(tabs[THERE]?.status).toBe('out'));
  expect([tabs[HERE]?.ended, tabs[THERE]?.ended]).toEqual([false, true]);
  await tabs[HERE]?.signIn({ name: 'ann', password: 'p' });
  await vi.waitFor(() => expect(tabs[THERE]?.status).toBe('in'));
  expect(tabs[THERE]?.ended).toBe(false);
});

test('somebody else who signs in in one tab is who the others belong to', async () => {
  await tabs[HERE]?.signIn({ name: 'bob', password: 'p' });
  await vi.waitFor(() => expect(tabs[THERE]?.actor).toBe('bob'));
});

test('a page whose sign-in was taken away leaves with its first refusal', async () => {
  signedIn = null;
  await expect(api.tokens()).rejects.toThrow('Sign in first');
  await vi.waitFor(() => expect(tabs[HERE]?.status).toBe('out'));
  expect(tabs[HERE]?.ended).toBe(true);
});

test('who was never signed in is not told of an end', async () => {
  signedIn = null;
  const fresh = new Account();
  await fresh.load();
  expect([fresh.status, fresh.ended]).toEqual(['out', false]);
});
