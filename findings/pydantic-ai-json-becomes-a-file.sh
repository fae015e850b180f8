#!/usr/bin/env bash
# A tool's JSON comes back from storage as a file.
#
# Packages:  pydantic-ai-slim[openai] 2.68.0
# Input:     A tool that returns the dict `{"kind": "binary", "data": …, "media_type": …}` (a listing of a
#            mailbox, say); the messages through `ModelMessagesTypeAdapter` to JSON and back, then to the
#            OpenAI API.
# Behaviour: Before storage the model is sent the JSON; after it the dict is a `BinaryContent`, and the
#            model is sent a reference and a user's message with a file.
# Matters:   A history that was saved and loaded sends another conversation than the one that went on in
#            memory. Data that looks like a message part should be wrapped before it is stored.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'pydantic-ai-slim[openai]==2.68.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

mail = {"kind": "binary", "data": "aVZCT1I=", "media_type": "image/png"}
history = [
    ModelRequest(parts=[UserPromptPart("Any mail?")]),
    ModelResponse(parts=[ToolCallPart("mailbox", {}, "call_1")]),
    ModelRequest(parts=[ToolReturnPart("mailbox", mail, "call_1")]),
]
model = OpenAIChatModel("gpt-5", provider=OpenAIProvider(api_key="none"))


def sent(messages: list[ModelMessage]) -> list[dict]:
    return asyncio.run(model._map_messages(messages, ModelRequestParameters()))[2:]


before = sent(history)
after = sent(ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json(history)))
print("before:", *before, sep="\n  ")
print("after:", *after, sep="\n  ")
roles = [[message["role"] for message in messages] for messages in (before, after)]
if roles != [["tool"], ["tool", "user"]] or "aVZCT1I" not in before[0]["content"]:
    raise SystemExit("The behaviour has changed.")
PYTHON
