#!/usr/bin/env bash
# A call that the SDK itself stored with broken input is sent in three different forms.
#
# Packages:  ai 6.0.326, @ai-sdk/anthropic 3.0.140, @ai-sdk/openai 3.0.141
# Input:     A tool part in the state `output-error` with `rawInput`, which the SDK keeps when a model wrote
#            broken JSON; converted and sent to OpenAI's chat API, to OpenAI's Responses API and to
#            Anthropic.
# Behaviour: The chat API gets the arguments `{}`, the Responses API the broken text as a JSON string in a
#            string, Anthropic a text where an object must be.
# Matters:   The error message is about input that the model cannot see any more, and Anthropic refuses the
#            request. Stores should hand such calls out as an object that holds the text.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund 'ai@6.0.326' '@ai-sdk/anthropic@3.0.140' '@ai-sdk/openai@3.0.141'

cat >"$work/run.mjs" <<'JAVASCRIPT'
import { convertToModelMessages, generateText } from "ai";
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

const part = { type: "tool-now", toolCallId: "call_1", state: "output-error", rawInput: '{"zone": ', errorText: "no JSON" };
const messages = await convertToModelMessages([
  { id: "1", role: "user", parts: [{ type: "text", text: "What time is it?" }] },
  { id: "2", role: "assistant", parts: [part] },
]);
const chat = (await sent(openai.chat("gpt-5"), messages))[1].tool_calls[0].function.arguments;
const responses = (await sent(openai("gpt-5"), messages))[1].arguments;
const claude = (await sent(anthropic("claude-sonnet-4-5"), messages))[1].content[0].input;
console.log("stored:   ", JSON.stringify(part.rawInput));
console.log("chat:     ", JSON.stringify(chat));
console.log("Responses:", JSON.stringify(responses));
console.log("Anthropic:", JSON.stringify(claude));
if (chat !== "{}" || responses !== JSON.stringify(part.rawInput) || claude !== part.rawInput) {
  throw new Error("The behaviour has changed.");
}
JAVASCRIPT
node "$work/run.mjs"
