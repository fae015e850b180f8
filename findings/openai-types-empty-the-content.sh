#!/usr/bin/env bash
# A request model of the SDK's own message types writes messages with parts as empty.
#
# Packages:  openai 3.57.0, pydantic 2.14.4
# Input:     A pydantic model (as of a web endpoint) with a list of the SDK's `ChatCompletionMessageParam`;
#            a user's message with a text and an image, and an assistant's with a call; validated, then
#            `model_dump_json`, twice.
# Behaviour: The user's content is `[]` in the JSON, and in the object afterwards. The calls are there the
#            first time and `[]` the second. No error; plain texts are not affected, nor are the types of
#            the Responses API.
# Matters:   The parts are declared as an iterable, and validation makes a one-way iterator of it that is
#            used up in passing. Stores and proxies that type their endpoints so write conversations whose
#            images and calls are gone.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'openai==3.57.0' 'pydantic==2.14.4'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel


class Request(BaseModel):
    messages: list[ChatCompletionMessageParam]


image = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
messages = [
    {"role": "user", "content": [{"type": "text", "text": "Who is this?"}, image]},
    {"role": "assistant", "content": None, "tool_calls": [call]},
]
request = Request.model_validate({"messages": messages})
first, second = request.model_dump_json(), request.model_dump_json()
print("first: ", first)
print("second:", second)
if '"content":[]' not in first or "call_1" not in first or "call_1" in second:
    raise SystemExit("The behaviour has changed.")
PYTHON
