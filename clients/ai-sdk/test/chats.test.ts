/** Chats of the real AI SDK with a scripted model, on the server that the environment names. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  convertToModelMessages,
  generateId,
  simulateReadableStream,
  stepCountIs,
  streamText,
  tool,
  type UIMessage,
  validateUIMessages,
} from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { z } from "zod";

import { ChatStore, DialogueDBError } from "../src/index.js";

const endpoint = process.env["DIALOGUEDB_ENDPOINT"] ?? "";
const apiKey = process.env["DIALOGUEDB_API_KEY"] ?? "";
const store = new ChatStore({ endpoint, apiKey });

type Chunk = Awaited<
  ReturnType<MockLanguageModelV3["doStream"]>
>["stream"] extends ReadableStream<infer Part>
  ? Part
  : never;

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

function spoken(text: string): Chunk[] {
  const finishReason = { unified: "stop" as const, raw: "stop" };
  return [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: text },
    { type: "text-end", id: "t" },
    { type: "finish", finishReason, usage },
  ];
}

function called(input: string): Chunk[] {
  const finishReason = { unified: "tool-calls" as const, raw: "tool_calls" };
  return [
    { type: "stream-start", warnings: [] },
    { type: "tool-call", toolCallId: generateId(), toolName: "look", input },
    { type: "finish", finishReason, usage },
  ];
}

const look = tool({
  description: "Look somewhere",
  inputSchema: z.object({ at: z.string() }),
  execute: async ({ at }) => ({ found: `saffron at the ${at}` }),
});

/** Goes on with a chat as a route does: load, ask the model, and save what came of it. */
async function ask(chatId: string, text: string, answers: Chunk[][], chats = store) {
  const before = await chats.loadChat(chatId);
  const question: UIMessage = { id: generateId(), role: "user", parts: [{ type: "text", text }] };
  const messages = await validateUIMessages({ messages: [...before, question] });
  let at = 0;
  const model = new MockLanguageModelV3({
    doStream: async () => ({
      stream: simulateReadableStream({ chunks: answers[at++] ?? [] }),
    }),
  });
  const result = streamText({
    model,
    messages: await convertToModelMessages(messages),
    tools: { look },
    stopWhen: stepCountIs(5),
  });
  const stream = result.toUIMessageStream({
    originalMessages: messages,
    generateMessageId: generateId,
    onFinish: ({ messages }) => chats.saveChat({ chatId, messages }),
  });
  for await (const _ of stream);
  return chats.loadChat(chatId);
}

async function sent(path: string, method = "GET", body?: unknown): Promise<any> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const text = body === undefined ? null : JSON.stringify(body);
  return (await fetch(endpoint + path, { method, headers, body: text })).json();
}

function texts(messages: UIMessage[]): string[] {
  return messages.flatMap((one) => one.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])));
}

test("a chat goes on where it stopped, with its calls and results", async () => {
  const chatId = await store.createChat();
  assert.deepEqual(await store.loadChat(chatId), []);
  const first = await ask(chatId, "Where?", [called('{"at": "shelf"}'), spoken("On the shelf.")]);
  assert.deepEqual(texts(first), ["Where?", "On the shelf."]);
  const call = first[1]?.parts.find((part) => part.type === "tool-look");
  assert.deepEqual(call && "output" in call && call.output, { found: "saffron at the shelf" });
  const second = await ask(chatId, "And now?", [spoken("Still there.")]);
  assert.deepEqual(second.slice(0, 2), first);
  assert.deepEqual(texts(second), ["Where?", "On the shelf.", "And now?", "Still there."]);
  await validateUIMessages({ messages: second });
});

test("what is said is found, and windows have the calls", async () => {
  const chatId = generateId();
  await ask(chatId, "Is there cardamom?", [called('{"at": "jar"}'), spoken("In the jar.")]);
  const found = await sent("/search", "POST", { query: "cardamom", object: "message" });
  assert.equal(found.items[0].dialogueId, chatId);
  const window = await sent(`/dialogue/${chatId}/context?maxTokens=4000`);
  assert.deepEqual(window.issues, []);
  assert.deepEqual(
    window.messages.map((one: { role: string }) => one.role),
    ["user", "assistant", "tool", "assistant"],
  );
});

test("saving again stores nothing twice", async () => {
  const chatId = generateId();
  const messages = await ask(chatId, "Hello", [spoken("Hello!")]);
  const before = await sent(`/dialogue/${chatId}`);
  await Promise.all([1, 2, 3].map(() => store.saveChat({ chatId, messages })));
  assert.deepEqual(await sent(`/dialogue/${chatId}`), before);
});

test("a chat that nobody created is created once by several who save it", async () => {
  const chatId = generateId();
  const messages = Array.from({ length: 1_100 }, (_, at): UIMessage => ({
    id: `m${at}`,
    role: at % 2 ? "assistant" : "user",
    parts: [{ type: "text", text: `Text ${at}` }],
    metadata: { at, of: [1.5, null] },
  }));
  await Promise.all([1, 2, 3].map(() => store.saveChat({ chatId, messages })));
  assert.deepEqual(await store.loadChat(chatId), messages);
});

test("an answer that is made again replaces the one before", async () => {
  const chatId = generateId();
  const [question, answer] = await ask(chatId, "Which?", [spoken("The blue one.")]);
  assert.ok(question && answer);
  const longer: UIMessage = { ...answer, parts: [...answer.parts, { type: "text", text: "Or not." }] };
  await store.saveChat({ chatId, messages: [question, longer] });
  assert.deepEqual(await store.loadChat(chatId), [question, longer]);
  await store.saveChat({ chatId, messages: [question] });
  const again = { ...answer, id: generateId() };
  await store.saveChat({ chatId, messages: [question, again] });
  assert.deepEqual(await store.loadChat(chatId), [question, again]);
});

test("namespaces keep apart, and a deleted chat is empty", async () => {
  const other = new ChatStore({ endpoint, apiKey, namespace: "Ada & Bo" });
  const chatId = generateId();
  await ask(chatId, "Here", [spoken("Yes.")]);
  await ask(chatId, "There", [spoken("No.")], other);
  assert.deepEqual(texts(await store.loadChat(chatId)), ["Here", "Yes."]);
  assert.deepEqual(texts(await other.loadChat(chatId)), ["There", "No."]);
  await store.deleteChat(chatId);
  await store.deleteChat(chatId);
  assert.deepEqual(await store.loadChat(chatId), []);
  assert.deepEqual(texts(await other.loadChat(chatId)), ["There", "No."]);
});

test("the stream that is writing is noted until it has ended", async () => {
  const chatId = generateId();
  assert.equal(await store.activeStream(chatId), null);
  await store.setActiveStream(chatId, "stream-1");
  await ask(chatId, "Hello", [spoken("Hello!")]);
  assert.equal(await store.activeStream(chatId), "stream-1");
  await store.setActiveStream(chatId, null);
  assert.equal(await store.activeStream(chatId), null);
});

test("messages of other programs are read as far as they are text", async () => {
  const image = { type: "image", source: { type: "url", url: "https://example.org/a.png" } };
  const messages = [
    { id: "m1", role: "user", content: "Look" },
    { id: "m2", role: "developer", content: [{ type: "text", text: "Well" }, image] },
  ];
  const { id } = await sent("/dialogue", "POST", { messages });
  assert.deepEqual(await store.loadChat(id), [
    { id: "m1", role: "user", parts: [{ type: "text", text: "Look" }] },
    {
      id: "m2",
      role: "assistant",
      parts: [{ type: "text", text: "Well" }, { type: "data-content", data: image }],
    },
  ]);
});

test("a request whose answer is lost is repeated, and stored once", async () => {
  let lost = 0;
  const unsteady: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    if (request[1]?.method !== "POST") return response;
    lost++;
    if (lost % 3 === 1) throw new TypeError("fetch failed");
    if (lost % 3 === 0) return response;
    const broken = new ReadableStream({ start: (body) => body.error(new TypeError("terminated")) });
    return new Response(broken, response);
  };
  const chats = new ChatStore({ endpoint, apiKey, fetch: unsteady });
  const chatId = await chats.createChat();
  const messages = await ask(chatId, "Hello", [spoken("Hello!")], chats);
  assert.equal(messages.length, 2);
  assert.ok(lost > 2);
});

test("what the server refuses is an error that says why", async () => {
  const nobody = new ChatStore({ endpoint, apiKey: "none" });
  await assert.rejects(nobody.loadChat("a"), (error) => {
    assert.ok(error instanceof DialogueDBError);
    assert.deepEqual([error.status, error.code], [401, "UNAUTHORIZED"]);
    return true;
  });
  const parts: UIMessage["parts"] = [{ type: "text", text: "Hello" }];
  const unnamed: UIMessage = { id: "", role: "user", parts };
  await assert.rejects(store.saveChat({ chatId: "a", messages: [unnamed] }), /has no id/);
});
