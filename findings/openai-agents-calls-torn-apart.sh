#!/usr/bin/env bash
# Parallel calls with texts between them become two assistant messages, the first unanswered.
#
# Packages:  openai-agents 0.24.0
# Input:     Items of the Responses API: a text, a call, a text, a second call, then both results; the
#            converter for chat models.
# Behaviour: Two assistant messages in a row, and both results behind the second.
# Matters:   In the chat API each message with calls must be followed by its results. A session recorded
#            with one kind of model cannot be continued with the other.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'openai-agents==0.24.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from agents.models.chatcmpl_converter import Converter

def said(identifier: str, text: str) -> dict:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": identifier, "role": "assistant", "status": "completed", "content": content}


items = [
    {"role": "user", "content": "Rome and Oslo?"},
    said("msg_1", "First Rome."),
    {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Rome"}'},
    said("msg_2", "Now Oslo."),
    {"type": "function_call", "call_id": "call_2", "name": "weather", "arguments": '{"city": "Oslo"}'},
    {"type": "function_call_output", "call_id": "call_1", "output": "18 degrees"},
    {"type": "function_call_output", "call_id": "call_2", "output": "3 degrees"},
]
messages = Converter.items_to_messages(items)
seen = [(message["role"], [call["id"] for call in message.get("tool_calls", ())], message.get("tool_call_id")) for message in messages]
print(*seen, sep="\n")
if seen[1:3] != [("assistant", ["call_1"], None), ("assistant", ["call_2"], None)]:
    raise SystemExit("The behaviour has changed.")
PYTHON
