#!/usr/bin/env bash
# Without the part step-start, a tool's result comes after the answer that was made from it.
#
# Packages:  ai 6.0.326
# Input:     One assistant `UIMessage`: a finished tool part, then the text that answers; once with and once
#            without the part `step-start` between them, as when a store drops parts that hold no content.
# Behaviour: With it: call, result, answer. Without it: one assistant message of the call and the answer,
#            and the result after both.
# Matters:   The part has no content and looks like decoration; it is the only thing that tells where a
#            request to the model ended. Stores of these messages must keep it.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund 'ai@6.0.326'

cat >"$work/run.mjs" <<'JAVASCRIPT'
import { convertToModelMessages } from "ai";

const text = (text) => ({ type: "text", text });
const tool = { type: "tool-now", toolCallId: "call_1", state: "output-available", input: {}, output: "noon" };
const order = async (...parts) => {
  const messages = await convertToModelMessages([
    { id: "1", role: "user", parts: [text("What time is it?")] },
    { id: "2", role: "assistant", parts },
  ]);
  return messages.flatMap(({ content }) => content.map((part) => part.text ?? part.type)).join(", ");
};
const kept = await order({ type: "step-start" }, tool, { type: "step-start" }, text("It is noon."));
const dropped = await order(tool, text("It is noon."));
console.log("with step-start:   ", kept);
console.log("without step-start:", dropped);
if (kept !== "What time is it?, tool-call, tool-result, It is noon." || dropped !== "What time is it?, tool-call, It is noon., tool-result") {
  throw new Error("The behaviour has changed.");
}
JAVASCRIPT
node "$work/run.mjs"
