import { readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';

import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Page,
  Route,
  WebSocketRoute,
} from 'playwright-core';

import type { LiveMessage, LiveRequest, Update } from '../../src/wire/types.gen.ts';
import type { Scene } from './fleet.ts';

const DIST = resolve(import.meta.dirname, '../../dist');
/** Nothing listens there: every request is answered by the stage. A secure context, as notices need one. */
const ORIGIN = 'http://localhost:9';
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const ME = {
  actor: {
    id: 'jw',
    name: 'jonas',
    display_name: 'Jonas Weber',
    role: 'admin',
    created_at: '2026-11-01T00:00:00Z',
    last_seen_at: null,
    disabled: false,
  },
  aggregator_name: 'muster',
  version: '0.1.0',
  needs_password: false,
};

/** Answers with the built app, as an aggregator does. */
async function fulfil(route: Route): Promise<void> {
  const { pathname } = new URL(route.request().url());
  const file = extname(pathname) ? pathname : '/index.html';
  const body = await readFile(join(DIST, file));
  await route.fulfill({ body, contentType: TYPES[extname(file)] ?? 'application/octet-stream' });
}

/** Shows the app in `dist` instead of the one that an aggregator has inside. */
export async function serveDist(context: BrowserContext, origin: string): Promise<void> {
  await context.route(
    (url) => url.origin === origin && !url.pathname.startsWith('/api/'),
    (route) => fulfil(route),
  );
}

/** The built app on a fleet that a test tells, so that it can be shown what no real fleet does on demand. */
export class Stage {
  readonly context: BrowserContext;
  /** Answers of the REST surface by resource; what is not told is an empty list. Changes made by pages are kept. */
  readonly answers = new Map<string, unknown>([['me', ME]]);
  /** Whether a live socket is accepted. */
  reachable = true;
  #scene: Scene;
  #sockets = new Set<WebSocketRoute>();
  #revision = 1;

  private constructor(context: BrowserContext, scene: Scene) {
    this.context = context;
    this.#scene = scene;
  }

  static async open(browser: Browser, scene: Scene, options: BrowserContextOptions = {}): Promise<Stage> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(15_000);
    const stage = new Stage(context, scene);
    await context.route(`${ORIGIN}/**`, (route) => stage.#answer(route));
    await context.routeWebSocket(/\/api\/v1\/live$/, (socket) => stage.#accept(socket));
    return stage;
  }

  /** A page of the app, connected. */
  async page(path = '/'): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(ORIGIN + path);
    return page;
  }

  /** Tells all pages what changed. */
  update(change: Update): void {
    this.#revision += 1;
    this.#toAll({ topic: 'fleet', revision: this.#revision, update: change });
  }

  /** Replaces what pages see when they come back. */
  set(scene: Scene): void {
    this.#scene = scene;
  }

  /** Cuts every page off, until `reachable` is set again. */
  cut(): void {
    this.reachable = false;
    for (const socket of this.#sockets) void socket.close();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  #toAll(message: LiveMessage): void {
    const text = JSON.stringify(message);
    for (const socket of this.#sockets) socket.send(text);
  }

  #accept(socket: WebSocketRoute): void {
    if (!this.reachable) return void socket.close();
    this.#sockets.add(socket);
    socket.onClose(() => this.#sockets.delete(socket));
    socket.onMessage((text) => {
      const request = JSON.parse(String(text)) as LiveRequest;
      if ('subscribe' in request) socket.send(JSON.stringify(this.#snapshot(request.subscribe.topic)));
    });
  }

  #snapshot(topic: string): LiveMessage {
    const revision = this.#revision;
    if (topic === 'fleet') return { topic, revision, snapshot: { ...this.#scene } };
    const id = topic.slice('session:'.length);
    const row = this.#scene.sessions.find((session) => session.id === id);
    if (!row) return { topic, revision, error: 'There is no such session.' };
    const session = {
      ...row,
      title_source: 'ai' as const,
      project_name: null,
      assistant_messages: 9,
      transcripts: [],
      pull_requests: [],
      todos: [],
      compactions: 0,
      mode: null,
    };
    const state = this.#scene.states.find(({ session_id }) => session_id === id) ?? null;
    const snapshot = { session, state, entries: [], has_earlier: false };
    return { topic, revision, snapshot } as unknown as LiveMessage;
  }

  async #answer(route: Route): Promise<void> {
    const request = route.request();
    const resource = new URL(request.url()).pathname.split('/api/v1/')[1];
    if (resource !== undefined) return this.#rest(route, request.method(), resource);
    await fulfil(route);
  }

  async #rest(route: Route, method: string, resource: string): Promise<void> {
    if (method === 'PUT' || method === 'PATCH') this.answers.set(resource, route.request().postDataJSON());
    const json = this.answers.get(resource) ?? { items: [], next_cursor: null };
    await route.fulfill({ json });
  }
}
