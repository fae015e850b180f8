#!/usr/bin/env bash
# Texts behind a call move before it, and are glued together for OpenAI.
#
# Packages:  ai 6.0.326, @ai-sdk/anthropic 3.0.140, @ai-sdk/openai 3.0.141
# Input:     An assistant's content: a text, a call, two more texts; then the result. Sent to OpenAI's chat
#            API and to Anthropic.
# Behaviour: OpenAI gets one text in which the three stand without even a space between them; Anthropic gets
#            all texts first and the call last.
# Matters:   Interleaved answers are stored as they came and are replayed in another order, so that a text
#            speaks of a result before its call. The glued text counts other tokens than its parts.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund 'ai@6.0.326' '@ai-sdk/anthropic@3.0.140' '@ai-sdk/openai@3.0.141'

cat >"$work/run.mjs" <<'JAVASCRIPT'
import { generateText } from "ai";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";

globalThis.AI_SDK_LOG_WARNINGS = false;
let body;
// Keeps the request, and answers that it is refused: nothing leaves the machine.
const fetch = async (_, options) => {
  body = JSON.parse(options.body);
  return new Response('{"error":{"message":"kept","type":"invalid_request_error"}}', { status: 400 });
};
const sent = async (model, messages) => {
  await generateText({ model, messages, maxRetries: 0 }).catch(() => {});
  return body.messages ?? body.input;
};
const openai = createOpenAI({ apiKey: "none", fetch });
const anthropic = createAnthropic({ apiKey: "none", fetch });

const text = (text) => ({ type: "text", text });
const messages = [
  { role: "user", content: "What time is it?" },
  { role: "assistant", content: [text("Let me look."), { type: "tool-call", toolCallId: "call_1", toolName: "now", input: {} }, text("Done."), text("One second.")] },
  { role: "tool", content: [{ type: "tool-result", toolCallId: "call_1", toolName: "now", output: { type: "text", value: "noon" } }] },
];
const chat = (await sent(openai.chat("gpt-5"), messages))[1].content;
const blocks = (await sent(anthropic("claude-sonnet-4-5"), messages))[1].content.map((block) => block.text ?? block.type);
console.log("OpenAI:   ", chat);
console.log("Anthropic:", blocks.join(" | "));
if (chat !== "Let me look.Done.One second." || blocks.join() !== "Let me look.,Done.,One second.,tool_use") {
  throw new Error("The behaviour has changed.");
}
JAVASCRIPT
node "$work/run.mjs"
