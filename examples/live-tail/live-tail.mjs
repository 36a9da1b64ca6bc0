// Prints what coding agents say on any host, as they say it. A whole client of Muster in one file, no packages.
//
//   node live-tail.mjs URL TOKEN            (Node 22; on Node 20 add --experimental-websocket)
//   node live-tail.mjs http://127.0.0.1:4600 "$(cat ~/.local/share/muster/owner.token)"

const [url, token] = process.argv.slice(2);
if (!url || !token) {
  console.error("usage: node live-tail.mjs URL TOKEN");
  process.exit(2);
}

// A topic's revision is the cursor: after a break, "everything after N" is all there is to ask.
const after = new Map();
const titles = new Map();
let socket;

function subscribe(topic) {
  socket.send(JSON.stringify({ subscribe: { topic, after: after.get(topic) ?? null } }));
}

// New sessions are followed as soon as the fleet topic names them.
function follow(sessions) {
  for (const session of sessions) {
    titles.set(session.id, session.title ?? session.id);
    const topic = `session:${session.id}`;
    if (!after.has(topic)) {
      after.set(topic, null);
      subscribe(topic);
    }
  }
}

function print(topic, entries) {
  for (const entry of entries) {
    const title = titles.get(topic.slice("session:".length)) ?? topic;
    console.log(`${entry.time ?? ""} [${title}] ${entry.role ?? entry.type}: ${entry.preview.split("\n")[0]}`);
  }
}

function receive(message) {
  if (message.error) return console.error(`${message.topic}: ${message.error}`);
  if (message.resubscribe) return subscribe(message.topic);
  after.set(message.topic, message.revision);
  const news = message.snapshot ?? message.update;
  if (!news) return;
  if (message.topic === "fleet") return follow(news.sessions ?? []);
  // The snapshot's entries were written before we came.
  if (message.update) print(message.topic, news.entries ?? []);
}

function connect(waitMs) {
  const address = new URL("api/v1/live", url.endsWith("/") ? url : `${url}/`);
  address.protocol = address.protocol.replace("http", "ws");
  socket = new WebSocket(address, { headers: { Authorization: `Bearer ${token}` } });
  socket.onopen = () => {
    waitMs = 250;
    subscribe("fleet");
    for (const topic of after.keys()) if (topic !== "fleet") subscribe(topic);
  };
  socket.onmessage = (event) => receive(JSON.parse(event.data));
  socket.onclose = () => setTimeout(() => connect(Math.min(waitMs * 2, 10_000)), waitMs * (0.5 + Math.random()));
}

connect(250);
