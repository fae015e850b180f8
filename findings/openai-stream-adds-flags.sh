#!/usr/bin/env bash
# The SDK's own gathering of a stream adds flags and numbers, and repeats roles.
#
# Packages:  openai 3.57.0
# Input:     Chunks of a chat completion as compatible servers send them: the role in each chunk, a call's
#            id and name in each chunk, an extra flag and an extra time; `ChatCompletionStreamState`.
# Behaviour: Role, id and name are repeated (`assistantassistant`, `call_1call_1`); the flag `true` of two
#            chunks is the number 2; the times are added up.
# Matters:   What is stored after a stream is not what the server sent. `extra_content` of Gemini's endpoint
#            is such an extra. Stores should read roles and ids of a stream by themselves, and check them.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'openai==3.57.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from openai._models import construct_type
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk


def chunk(delta: dict, reason: str | None = None) -> ChatCompletionChunk:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    value = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return construct_type(type_=ChatCompletionChunk, value=value)


def call(arguments: str) -> list[dict]:
    return [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "now", "arguments": arguments}}]


extra = {"role": "assistant", "extra_content": {"google": {"thought": True}}, "time": 1_774_000_000}
state = ChatCompletionStreamState()
for delta in (extra | {"tool_calls": call('{"zone":')}, extra | {"tool_calls": call('"utc"}')}):
    state.handle_chunk(chunk(delta))
state.handle_chunk(chunk({}, "tool_calls"))
message = state.get_final_completion().choices[0].message.to_dict()
called = message["tool_calls"][0]
seen = [message["role"], called["id"], called["function"]["name"], message["extra_content"]["google"]["thought"], message["time"]]
print(seen, called["function"]["arguments"])
if seen != ["assistantassistant", "call_1call_1", "nownow", 2, 3_548_000_000]:
    raise SystemExit("The behaviour has changed.")
PYTHON
