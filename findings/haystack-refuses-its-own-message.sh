#!/usr/bin/env bash
# An empty user message is written in OpenAI's format and then refused.
#
# Packages:  haystack-ai 3.4.1
# Input:     `ChatMessage.from_user("")` (a message whose attachment was removed, or that was sent empty) to
#            OpenAI's format and back; the same for an assistant.
# Behaviour: Writing works and gives the content ""; reading that raises a ValueError for the user, and
#            works for the assistant.
# Matters:   A store that keeps this format takes the message and cannot give the conversation back. Exports
#            have to leave empty user messages out.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'haystack-ai==3.4.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import os

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
from haystack.dataclasses import ChatMessage

seen = {}
for message in (ChatMessage.from_user(""), ChatMessage.from_assistant("")):
    written = message.to_openai_dict_format()
    try:
        seen[written["role"]] = ChatMessage.from_openai_dict_format(written) == message
    except ValueError as error:
        seen[written["role"]] = str(error)
    print(written, "->", seen[written["role"]])
if seen["assistant"] is not True or seen["user"] is True:
    raise SystemExit("The behaviour has changed.")
PYTHON
