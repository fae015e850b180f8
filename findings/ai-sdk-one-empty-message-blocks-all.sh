#!/usr/bin/env bash
# One user's message without parts, or an empty thread, fails the validation of a stored chat.
#
# Packages:  ai 6.0.326
# Input:     `validateUIMessages` (here in its form that does not throw) with a thread whose last
#            assistant's message has no parts, with one whose last user's message has none (its attachment
#            was removed), and with a thread without messages.
# Behaviour: The first is valid, the other two are not, so none of their messages can be used.
#            `convertToModelMessages` takes them all.
# Matters:   This is the function that the documentation gives for messages that come from storage. Stores
#            have to leave out empty messages of users, and new threads must not be validated.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund 'ai@6.0.326'

cat >"$work/run.mjs" <<'JAVASCRIPT'
import { convertToModelMessages, safeValidateUIMessages } from "ai";

const hello = { id: "1", role: "user", parts: [{ type: "text", text: "Hello" }] };
const answer = { id: "2", role: "assistant", parts: [{ type: "text", text: "Hi" }] };
const threads = {
  "assistant without parts": [hello, { ...answer, parts: [] }],
  "user without parts": [hello, answer, { id: "3", role: "user", parts: [] }],
  "no messages": [],
};
const valid = [];
for (const [name, messages] of Object.entries(threads)) {
  valid.push((await safeValidateUIMessages({ messages })).success);
  const converted = await convertToModelMessages(messages);
  console.log(`${name}: valid ${valid.at(-1)}, converted ${JSON.stringify(converted.map(({ role }) => role))}`);
}
if (String(valid) !== "true,false,false") throw new Error("The behaviour has changed.");
JAVASCRIPT
node "$work/run.mjs"
