// Prints what every coding agent of the fleet is doing, as it changes: who needs you, and why. One file, no packages.
//
//   node states.mjs URL TOKEN               (Node 22; on Node 20 add --experimental-websocket)
//   node states.mjs http://127.0.0.1:4600 "$(cat ~/.local/share/muster/owner.token)"

const [url, token] = process.argv.slice(2);
if (!url || !token) {
  console.error("usage: node states.mjs URL TOKEN");
  process.exit(2);
}

const titles = new Map();
let after = null;

function describe(state) {
  const { subagents, shells } = state.background;
  const beside = [subagents && `${subagents} subagents`, shells && `${shells} shells`].filter(Boolean).join(", ");
  const why = [state.reason, beside, ...state.alarms.map((alarm) => alarm.text)].filter(Boolean).join("; ");
  const title = titles.get(state.session_id) ?? state.session_id;
  return `${new Date().toISOString()} [${title}] ${state.turn}${why ? ` (${why})` : ""} says the ${state.source}`;
}

function receive(socket, message) {
  if (message.error) return console.error(`${message.topic}: ${message.error}`);
  if (message.resubscribe) return subscribe(socket);
  after = message.revision;
  const news = message.snapshot ?? message.update ?? {};
  for (const session of news.sessions ?? []) titles.set(session.id, session.title ?? session.id);
  for (const state of news.states ?? []) console.log(describe(state));
}

function subscribe(socket) {
  socket.send(JSON.stringify({ subscribe: { topic: "fleet", after } }));
}

function connect(waitMs) {
  const address = new URL("api/v1/live", url.endsWith("/") ? url : `${url}/`);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address, { headers: { Authorization: `Bearer ${token}` } });
  socket.onopen = () => {
    waitMs = 250;
    subscribe(socket);
  };
  socket.onmessage = (event) => receive(socket, JSON.parse(event.data));
  socket.onclose = () => setTimeout(() => connect(Math.min(waitMs * 2, 10_000)), waitMs * (0.5 + Math.random()));
}

connect(250);
