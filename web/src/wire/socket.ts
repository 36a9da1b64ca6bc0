import type { LiveMessage, LiveRequest } from './types.gen';

/** Waits between attempts: doubled each time, and spread so that many pages do not come back at once. */
const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 10_000;
/** An attempt that has not opened by then is given up. */
const OPEN_TIMEOUT_MS = 8_000;
/** Silence after which the page asks whether anyone is still there: a cut cable closes no socket. */
const SILENCE_MS = 20_000;
/** How long the answer to that may take. */
const ANSWER_MS = 8_000;
/** Pages in the background get no animation frames: there messages are handed on at this pace. */
const HIDDEN_FLUSH_MS = 250;

/** What the link to the aggregator is doing. `catching-up`: open, but not every topic is current again. */
export type LinkPhase = 'idle' | 'connecting' | 'catching-up' | 'live' | 'down';

/** What a follower of a topic gets: everything that arrived since it last got something, in order. */
export type Receive = (messages: LiveMessage[]) => void;

interface Topic {
  readonly receivers: Set<Receive>;
  /** Last revision that the followers hold; `null` before the first snapshot. */
  revision: number | null;
  /** Nothing is missing since the present socket opened. */
  current: boolean;
  queue: LiveMessage[];
  /** Something was handed on since the last frame. */
  handed: boolean;
}

/** Parts of the outside world, replaced in tests. */
export interface SocketWorld {
  readonly url: () => string;
  readonly open: (url: string) => WebSocket;
  readonly random: () => number;
}

const BROWSER: Omit<SocketWorld, 'url'> = {
  open: (url) => new WebSocket(url),
  random: Math.random,
};

/**
 * The one owner of the WebSocket. Followers subscribe to topics; after a loss it comes back by itself and asks every
 * topic from the last revision that the page holds.
 */
export class LiveSocket {
  /** Told of every change of phase. */
  onphase: (phase: LinkPhase) => void = () => undefined;
  /** Told when an attempt failed, with the number of failures in a row. */
  onfailure: (failures: number) => void = () => undefined;

  #world: SocketWorld;
  #topics = new Map<string, Topic>();
  #socket: WebSocket | null = null;
  #phase: LinkPhase = 'idle';
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #flush: { cancel: () => void } | null = null;

  constructor(world: Pick<SocketWorld, 'url'> & Partial<SocketWorld>) {
    this.#world = { ...BROWSER, ...world };
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    if (this.#phase !== 'idle') return;
    addEventListener('online', this.#retryNow);
    addEventListener('offline', this.#lose);
    this.#connect();
  }

  /** Closes and forgets everything. */
  stop(): void {
    removeEventListener('online', this.#retryNow);
    removeEventListener('offline', this.#lose);
    clearTimeout(this.#retry);
    this.#flush?.cancel();
    this.#flush = null;
    this.#drop();
    this.#topics.clear();
    this.#failures = 0;
    this.#enter('idle');
  }

  /** Follows a topic until the returned function is called. A first follower gets a snapshot. */
  subscribe(name: string, receive: Receive): () => void {
    const topic = this.#topics.get(name) ?? this.#add(name);
    topic.receivers.add(receive);
    return () => {
      topic.receivers.delete(receive);
      if (topic.receivers.size > 0 || this.#topics.get(name) !== topic) return;
      this.#topics.delete(name);
      this.#send({ unsubscribe: { topic: name } });
      this.#settle();
    };
  }

  /** Tries at once instead of waiting for the next attempt. */
  retry(): void {
    this.#retryNow();
  }

  #add(name: string): Topic {
    const topic: Topic = { receivers: new Set(), revision: null, current: false, queue: [], handed: false };
    this.#topics.set(name, topic);
    if (this.#isOpen()) this.#ask(name, topic);
    return topic;
  }

  #connect(): void {
    clearTimeout(this.#retry);
    if (this.#phase === 'idle') this.#enter('connecting');
    const socket = this.#world.open(this.#world.url());
    this.#socket = socket;
    this.#expect(OPEN_TIMEOUT_MS, () => this.#lose());
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => socket === this.#socket && this.#received(String(event.data));
    socket.onclose = () => socket === this.#socket && this.#lose();
  }

  #opened(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#enter('catching-up');
    for (const [name, topic] of this.#topics) this.#ask(name, topic);
    this.#listen();
    this.#settle();
  }

  #lose = (): void => {
    if (this.#phase === 'idle') return;
    this.#drop();
    for (const topic of this.#topics.values()) topic.current = false;
    this.#enter('down');
    this.#failures += 1;
    this.onfailure(this.#failures);
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (this.#failures - 1));
    const wait = BACKOFF_MIN_MS + this.#world.random() * (ceiling - BACKOFF_MIN_MS);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), wait);
  };

  #retryNow = (): void => {
    if (this.#phase !== 'down') return;
    this.#drop();
    this.#connect();
  };

  #drop(): void {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #received(text: string): void {
    this.#listen();
    const message = parse(text);
    const topic = message && this.#topics.get(message.topic);
    if (!message || !topic) return;
    if (message.resubscribe) {
      topic.current = false;
      this.#ask(message.topic, topic);
      return;
    }
    topic.queue.push(message);
    // `resumed` names the revision after the updates that are still to come: a loss before them must not skip them.
    if (message.snapshot || message.update) topic.revision = message.revision;
    if (!message.update && !topic.current) {
      topic.current = true;
      this.#settle();
    }
    this.#schedule(topic);
  }

  /**
   * Hands on what arrived on a topic: the first at once, so that its work is done when the next frame is drawn; what
   * comes before that frame waits for it, however much it is.
   */
  #schedule(topic: Topic): void {
    const hidden = document.visibilityState === 'hidden';
    if (!hidden && !topic.handed) {
      topic.handed = true;
      hand(topic);
    }
    if (this.#flush) return;
    const deliver = () => {
      this.#flush = null;
      for (const each of this.#topics.values()) {
        each.handed = false;
        if (each.queue.length > 0) hand(each);
      }
    };
    if (hidden) {
      const timer = setTimeout(deliver, HIDDEN_FLUSH_MS);
      this.#flush = { cancel: () => clearTimeout(timer) };
    } else {
      // The timer stands in when the page is hidden before the frame comes.
      const timer = setTimeout(() => run(), HIDDEN_FLUSH_MS);
      const frame = requestAnimationFrame(() => run());
      const cancel = () => {
        clearTimeout(timer);
        cancelAnimationFrame(frame);
      };
      const run = () => {
        cancel();
        deliver();
      };
      this.#flush = { cancel };
    }
  }

  /** Starts the wait for the next word from the aggregator. */
  #listen(): void {
    this.#expect(SILENCE_MS, () => {
      const first = this.#topics.entries().next().value;
      if (!first) return this.#listen();
      this.#ask(...first);
      this.#expect(ANSWER_MS, () => this.#lose());
    });
  }

  #expect(ms: number, otherwise: () => void): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(otherwise, ms);
  }

  #ask(name: string, topic: Topic): void {
    this.#send({ subscribe: { topic: name, after: topic.revision } });
  }

  #send(request: LiveRequest): void {
    if (this.#isOpen()) this.#socket?.send(JSON.stringify(request));
  }

  #isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Enters `live` as soon as every topic is current on the present socket. */
  #settle(): void {
    if (this.#phase !== 'catching-up') return;
    if ([...this.#topics.values()].some((topic) => !topic.current)) return;
    this.#failures = 0;
    this.#enter('live');
  }

  #enter(phase: LinkPhase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.onphase(phase);
  }
}

function parse(text: string): LiveMessage | null {
  try {
    const message = JSON.parse(text) as Partial<LiveMessage> | null;
    const valid = typeof message?.topic === 'string' && typeof message.revision === 'number';
    return valid ? (message as LiveMessage) : null;
  } catch {
    return null;
  }
}

function hand(topic: Topic): void {
  const messages = topic.queue;
  topic.queue = [];
  for (const receive of topic.receivers) receive(messages);
}
