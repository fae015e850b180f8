#!/usr/bin/env bash
# A chat history with an image given as bytes cannot be serialized.
#
# Packages:  semantic-kernel 1.45.0
# Input:     A `ChatHistory` with a user's message of a text and an `ImageContent(data=bytes)`; `serialize`.
# Behaviour: A ContentSerializationError (the bytes are taken for UTF-8). The same image as a data URI is
#            serialized.
# Matters:   The history works for every request and fails when it is to be kept, which is usually at the
#            end. Images have to go in as data URIs from the start.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'semantic-kernel==1.45.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import base64

from semantic_kernel.contents import ChatHistory, ChatMessageContent, ImageContent, TextContent
from semantic_kernel.exceptions import ContentSerializationError

data = b"\x89PNG\r\n"
images = {
    "bytes": ImageContent(data=data, mime_type="image/png"),
    "data URI": ImageContent(data_uri="data:image/png;base64," + base64.b64encode(data).decode()),
}
seen = {}
for name, image in images.items():
    history = ChatHistory(messages=[ChatMessageContent(role="user", items=[TextContent(text="Look"), image])])
    try:
        seen[name] = len(ChatHistory.restore_chat_history(history.serialize()))
    except ContentSerializationError as error:
        seen[name] = type(error).__name__
print(seen)
if seen != {"bytes": "ContentSerializationError", "data URI": 1}:
    raise SystemExit("The behaviour has changed.")
PYTHON
