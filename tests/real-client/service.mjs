// A stand-in for the vendor's service, enough for the real client to hold a conversation offline. No packages.
//
//   node service.mjs            prints the port that it listens on, on loopback
//
// The newest words of a person decide what the model does; how often it has spoken since decides the step.

import { createServer } from "node:http";

const call = (name, input) => ({ type: "tool_use", name, input });
const say = (text) => ({ type: "text", text });
const store = {
  question: "Which store should the limiter use?",
  header: "Store",
  multiSelect: false,
  options: [
    { label: "Redis", description: "Shared between hosts" },
    { label: "Memory", description: "Local to one process" },
  ],
};
const SCENES = [
  ["Remove the build cache", [[say("I will remove it."), call("Bash", { command: "rm -rf build-cache", description: "Remove" })], [say("It is gone.")]]],
  ["Ask me which store", [[call("AskUserQuestion", { questions: [store] })], [say("Noted.")]]],
  ["Run the long build", [[call("Bash", { command: "python3 -c 'import time; time.sleep(60)'", description: "Build" })], [say("Built.")]]],
];

let number = 0;
const id = (kind) => `${kind}_01mock${String((number += 1)).padStart(18, "0")}`;

function words(message) {
  if (typeof message.content === "string") return message.content;
  return message.content.filter((block) => block.type === "text").map((block) => block.text).join("\n");
}

// What stands between these marks is the client's, not a person's.
const plain = (text) => text.replace(/<system-reminder>[\s\S]*?<\/system-reminder>/g, "").trim();

function answer({ messages = [], tools = [] }) {
  let step = 0;
  for (const message of messages.toReversed()) {
    if (message.role === "assistant") step += 1;
    const text = message.role === "user" ? plain(words(message)) : "";
    if (!text) continue;
    const scene = tools.length ? SCENES.find(([prompt]) => text.includes(prompt)) : undefined;
    return scene?.[1][step] ?? [say("ok")];
  }
  return [say("ok")];
}

function* events(model, blocks) {
  const usage = { input_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 1200, output_tokens: 12 };
  const message = { id: id("msg"), type: "message", role: "assistant", model, content: [], stop_reason: null, stop_sequence: null, usage };
  yield { type: "message_start", message };
  for (const [index, block] of blocks.entries()) {
    const isCall = block.type === "tool_use";
    const empty = isCall ? { ...block, id: id("toolu"), input: {} } : { type: "text", text: "" };
    yield { type: "content_block_start", index, content_block: empty };
    const delta = isCall ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) } : { type: "text_delta", text: block.text };
    yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index };
  }
  const stop_reason = blocks.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn";
  yield { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage };
  yield { type: "message_stop" };
}

function whole(model, blocks) {
  const [first, ...rest] = [...events(model, blocks)];
  const content = blocks.map((block) => (block.type === "tool_use" ? { ...block, id: id("toolu") } : block));
  return { ...first.message, content, stop_reason: rest.at(-2).delta.stop_reason };
}

function reply(response, body) {
  const blocks = answer(body);
  if (!body.stream) return json(response, 200, whole(body.model, blocks));
  response.writeHead(200, { "content-type": "text/event-stream", "request-id": id("req") });
  for (const event of events(body.model, blocks)) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

function json(response, status, value) {
  response.writeHead(status, { "content-type": "application/json", "request-id": id("req") });
  response.end(JSON.stringify(value));
}

const server = createServer(async (request, response) => {
  let text = "";
  for await (const part of request) text += part;
  const path = request.url.split("?")[0];
  if (request.method === "POST" && path.endsWith("/count_tokens")) return json(response, 200, { input_tokens: text.length >> 2 });
  if (request.method === "POST" && path.endsWith("/v1/messages")) return reply(response, JSON.parse(text));
  json(response, 404, { type: "error", error: { type: "not_found_error", message: "there is nothing here" } });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
