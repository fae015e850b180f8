#!/usr/bin/env bash
# The image in a tool's result is left out for chat models.
#
# Packages:  openai-agents 0.24.0
# Input:     A tool's output of a text and an image, as items of the Responses API; the converter for chat
#            models.
# Behaviour: Only the text is left, without an error. An output that is an image alone becomes a sentence in
#            brackets.
# Matters:   A conversation about a screenshot goes on without the screenshot. Whoever hands out results for
#            chat models has to move images into a user's message, or to name them.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'openai-agents==0.24.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from agents.models.chatcmpl_converter import Converter

image = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}


def content(*output: dict) -> object:
    items = [
        {"role": "user", "content": "Look"},
        {"type": "function_call", "call_id": "call_1", "name": "screenshot", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": list(output)},
    ]
    return Converter.items_to_messages(items)[-1]["content"]


both, alone = content({"type": "input_text", "text": "the screen"}, image), content(image)
print("text and image:", both)
print("image alone:   ", alone)
if both != [{"type": "text", "text": "the screen"}] or not isinstance(alone, str):
    raise SystemExit("The behaviour has changed.")
PYTHON
