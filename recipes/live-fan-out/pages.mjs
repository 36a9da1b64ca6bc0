// Pages without a browser: each follows one session as the web app does, and goes away and comes back on demand.
//
//   node pages.mjs URL TOKEN SESSION PAGES        then, line by line on standard input:  drop | return | done
//
// Prints what the pages hold as JSON when it is done.

import { createInterface } from "node:readline";

const [url, token, session, count] = process.argv.slice(2);
const topic = `session:${session}`;
const address = new URL("api/v1/live", url.endsWith("/") ? url : `${url}/`);
address.protocol = address.protocol.replace("http", "ws");

class Page {
  constructor(number) {
    this.number = number;
    this.lines = new Map();
    this.after = null;
    this.snapshots = 0;
    this.resumed = 0;
    this.again = 0;
  }

  connect() {
    this.socket = new WebSocket(address, { headers: { Authorization: `Bearer ${token}` } });
    this.socket.onopen = () => this.socket.send(JSON.stringify({ subscribe: { topic, after: this.after } }));
    this.socket.onclose = () => console.log(`page ${this.number} is away`);
    this.socket.onmessage = (event) => this.take(JSON.parse(event.data));
  }

  take(message) {
    if (message.error) throw new Error(message.error);
    if (this.after !== null && message.revision < this.after) throw new Error("a revision went back");
    this.after = message.revision;
    if (message.snapshot) this.snapshots += 1;
    if (message.resumed) this.resumed += 1;
    for (const entry of (message.snapshot ?? message.update)?.entries ?? []) this.keep(entry);
    console.log(`page ${this.number} holds ${this.lines.size}`);
  }

  // Applying something twice is harmless: an entry is named by its transcript and line.
  keep(entry) {
    const name = `${entry.transcript_id}:${entry.line}`;
    if (this.lines.has(name)) this.again += 1;
    this.lines.set(name, entry.preview);
  }
}

const pages = Array.from({ length: Number(count) }, (_, number) => new Page(number));
const last = pages.at(-1);
for (const page of pages) page.connect();
for await (const order of createInterface({ input: process.stdin })) {
  if (order === "drop") last.socket.close();
  if (order === "return") last.connect();
  if (order === "done") break;
}
const held = pages.map(({ lines, snapshots, resumed, again }) => ({ lines: [...lines.values()], snapshots, resumed, again }));
console.log(JSON.stringify(held));
process.exit(0);
