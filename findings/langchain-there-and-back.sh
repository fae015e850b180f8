#!/usr/bin/env bash
# OpenAI messages that are read and written again have lost calls, thoughts, speech and signatures.
#
# Packages:  langchain-core 1.8.3
# Input:     Messages as OpenAI-compatible servers answer them; `convert_to_messages`, then
#            `convert_to_openai_messages`.
# Behaviour: A legacy `function_call` leaves an empty assistant message; `reasoning_content`, `audio`, a
#            call's `extra_content` and a text's `cache_control` are gone; a `refusal` stays. No error.
# Matters:   This is the way in and out of many stores. What a provider must get back (signatures, thoughts
#            beside calls) has to be kept beside the library's objects, not in them.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from langchain_core.messages import convert_to_messages, convert_to_openai_messages

call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
signed = call | {"extra_content": {"google": {"thought_signature": "c2lnbmVk"}}}
messages = [
    {"role": "assistant", "content": None, "function_call": {"name": "now", "arguments": "{}"}},
    {"role": "assistant", "content": "Yes", "reasoning_content": "Is it?"},
    {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
    {"role": "assistant", "content": None, "tool_calls": [signed]},
    {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]},
    {"role": "assistant", "content": None, "refusal": "No"},
]
back = [convert_to_openai_messages(convert_to_messages([message]))[0] for message in messages]
for before, after in zip(messages, back, strict=True):
    print(before, "\n  ->", after)
empty = {"role": "assistant", "content": ""}
kept = [*back[3]["tool_calls"][0], *back[1], *back[4], back[5].get("refusal")]
lost = {"extra_content", "reasoning_content"} & set(kept)
if (back[0], back[2], back[4]["content"], kept[-1], lost) != (empty, empty, "Hi", "No", set()):
    raise SystemExit("The behaviour has changed.")
PYTHON
