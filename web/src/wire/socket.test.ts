import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { LiveSocket, type LinkPhase } from './socket';
import type { LiveMessage, LiveRequest } from './types.gen';

/** A socket whose other end is the test. */
class FakeSocket {
  static all: FakeSocket[] = [];
  readyState: number = WebSocket.CONNECTING;
  sent: LiveRequest[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor() {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as LiveRequest);
  }
  close() {
    this.readyState = WebSocket.CLOSED;
  }
  accept() {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }
  say(message: Partial<LiveMessage>) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  cut() {
    this.close();
    this.onclose?.();
  }
}

const SNAPSHOT = { hosts: [], sessions: [], states: [] };
let socket: LiveSocket;
let phases: LinkPhase[];

const last = () => FakeSocket.all.at(-1) as FakeSocket;
const asked = () =>
  last().sent.map((request) => ('subscribe' in request ? request.subscribe : request.unsubscribe));

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  phases = [];
  socket = new LiveSocket({
    url: () => 'ws://test',
    open: () => new FakeSocket() as unknown as WebSocket,
    random: () => 1,
  });
  socket.onphase = (phase) => phases.push(phase);
});
afterEach(() => {
  socket.stop();
  vi.useRealTimers();
});

function goLive(topic: string, revision = 10): LiveMessage[] {
  const got: LiveMessage[] = [];
  socket.subscribe(topic, (messages) => got.push(...messages));
  socket.start();
  last().accept();
  last().say({ topic, revision, snapshot: SNAPSHOT });
  return got;
}

test('it is live when every topic is current', () => {
  goLive('fleet');
  expect(phases).toEqual(['connecting', 'catching-up', 'live']);
  expect(asked()).toEqual([{ topic: 'fleet', after: null }]);
});

test('after a loss it asks every topic from the last revision it holds', () => {
  goLive('fleet');
  last().say({ topic: 'fleet', revision: 12, update: {} });
  last().cut();
  vi.advanceTimersByTime(250);
  last().accept();
  expect(asked()).toEqual([{ topic: 'fleet', after: 12 }]);
  expect(phases.at(-1)).toBe('catching-up');
  last().say({ topic: 'fleet', revision: 15, resumed: true });
  expect(phases.at(-1)).toBe('live');
});

test('a loss between `resumed` and the missed updates skips none of them', () => {
  goLive('fleet');
  last().cut();
  vi.advanceTimersByTime(250);
  last().accept();
  last().say({ topic: 'fleet', revision: 20, resumed: true });
  last().cut();
  vi.advanceTimersByTime(250);
  last().accept();
  expect(asked()).toEqual([{ topic: 'fleet', after: 10 }]);
});

test('attempts become rarer up to ten seconds, and are quick again after success', () => {
  goLive('fleet');
  last().cut();
  const waits: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    const before = FakeSocket.all.length;
    let waited = 0;
    while (FakeSocket.all.length === before) {
      vi.advanceTimersByTime(50);
      waited += 50;
    }
    waits.push(waited);
    last().cut();
  }
  expect(waits.slice(0, 4)).toEqual([250, 500, 1000, 2000]);
  expect(waits.at(-1)).toBe(10_000);

  vi.advanceTimersByTime(10_000);
  last().accept();
  last().say({ topic: 'fleet', revision: 11, resumed: true });
  last().cut();
  const before = FakeSocket.all.length;
  vi.advanceTimersByTime(250);
  expect(FakeSocket.all.length).toBe(before + 1);
});

test('an aggregator that accepts and hangs up at once is not asked without a pause', () => {
  goLive('fleet');
  last().cut();
  for (let i = 0; i < 40; i += 1) {
    vi.advanceTimersByTime(250);
    if (last().readyState === WebSocket.CONNECTING) {
      last().accept();
      last().cut();
    }
  }
  expect(FakeSocket.all.length).toBeLessThan(10);
});

test('coming online tries at once, going offline says so at once', () => {
  goLive('fleet');
  dispatchEvent(new Event('offline'));
  expect(phases.at(-1)).toBe('down');
  const before = FakeSocket.all.length;
  dispatchEvent(new Event('online'));
  expect(FakeSocket.all.length).toBe(before + 1);
});

test('the first message arrives at once, and those before the next frame together', () => {
  const batches: number[] = [];
  socket.subscribe('fleet', (messages) => batches.push(messages.length));
  socket.start();
  last().accept();
  last().say({ topic: 'fleet', revision: 1, snapshot: SNAPSHOT });
  for (let i = 2; i < 52; i += 1) last().say({ topic: 'fleet', revision: i, update: {} });
  expect(batches).toEqual([1]);
  vi.advanceTimersByTime(300);
  expect(batches).toEqual([1, 50]);
  last().say({ topic: 'fleet', revision: 52, update: {} });
  expect(batches).toEqual([1, 50, 1]);
});

test('a page that was cut off for reading slowly subscribes again', () => {
  goLive('fleet');
  last().say({ topic: 'fleet', revision: 12, update: {} });
  last().say({ topic: 'fleet', revision: 12, resubscribe: true });
  expect(asked().at(-1)).toEqual({ topic: 'fleet', after: 12 });
});

test('a cut cable is noticed by silence', () => {
  goLive('fleet');
  vi.advanceTimersByTime(20_000);
  expect(asked().at(-1)).toEqual({ topic: 'fleet', after: 10 });
  vi.advanceTimersByTime(8_000);
  expect(phases.at(-1)).toBe('down');
});

test('silence with an answer is just quiet', () => {
  goLive('fleet');
  for (let i = 0; i < 5; i += 1) {
    vi.advanceTimersByTime(20_000);
    last().say({ topic: 'fleet', revision: 10, resumed: true });
  }
  expect(phases.at(-1)).toBe('live');
});

test('leaving a topic tells the aggregator, and its messages are no longer handed on', () => {
  goLive('fleet');
  const leave = socket.subscribe('session:claude-1', () => expect.unreachable());
  leave();
  expect(last().sent.at(-1)).toEqual({ unsubscribe: { topic: 'session:claude-1' } });
  last().say({ topic: 'session:claude-1', revision: 3, update: {} });
  vi.advanceTimersByTime(300);
});

test('a refused topic does not keep the page from being live', () => {
  socket.subscribe('session:gone', () => undefined);
  socket.start();
  last().accept();
  last().say({ topic: 'session:gone', revision: 0, error: 'There is no such session.' });
  expect(phases.at(-1)).toBe('live');
});

test('noise on the wire is ignored', () => {
  goLive('fleet');
  for (const data of ['', '{', 'null', '[]', '{"topic":7}', '{"topic":"other","revision":1}']) {
    last().onmessage?.({ data });
  }
  expect(phases.at(-1)).toBe('live');
});
