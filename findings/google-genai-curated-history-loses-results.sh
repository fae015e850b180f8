#!/usr/bin/env bash
# The curated history of a chat keeps a call and drops its result.
#
# Packages:  google-genai 3.6.1
# Input:     A chat with a history: a question, a call, its result, a model's turn without parts (an empty
#            answer), a new question with an answer; `get_history(curated=True)`.
# Behaviour: The empty turn is left out together with the turn before it, which is the function's response.
#            The call stays, followed by the user's next question.
# Matters:   The curated history is what the next request sends and what programs store. Gemini refuses a
#            call that is not followed by its response.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'google-genai==3.6.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from google import genai
from google.genai import types


def turn(role: str, *parts: types.Part) -> types.Content:
    return types.Content(role=role, parts=list(parts))


history = [
    turn("user", types.Part(text="What time is it?")),
    turn("model", types.Part(function_call=types.FunctionCall(name="now", args={}))),
    turn("user", types.Part(function_response=types.FunctionResponse(name="now", response={"result": "noon"}))),
    turn("model"),
    turn("user", types.Part(text="Well?")),
    turn("model", types.Part(text="It is noon.")),
]
chat = genai.Client(api_key="none").chats.create(model="gemini-3-pro-preview", history=history)
curated = [
    (content.role, next(iter(part.model_dump(exclude_none=True))))
    for content in chat.get_history(curated=True)
    for part in content.parts
]
print(*curated, sep="\n")
if curated != [("user", "text"), ("model", "function_call"), ("user", "text"), ("model", "text")]:
    raise SystemExit("The behaviour has changed.")
PYTHON
