#!/usr/bin/env bash
# A call without arguments, or of a custom tool, cannot be read.
#
# Packages:  langchain-core 1.8.3
# Input:     Assistant messages of the OpenAI API: a call whose `arguments` are the empty string, and a call
#            of the type `custom`; `convert_to_messages`.
# Behaviour: The first raises a JSONDecodeError, the second a TypeError, and no message of the list is read.
# Matters:   One such message in a stored conversation makes the whole of it unreadable. Whoever exports for
#            this library writes `{}` for no arguments, and custom calls as functions.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from langchain_core.messages import convert_to_messages

calls = [
    {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": ""}},
    {"id": "call_1", "type": "custom", "custom": {"name": "python", "input": "1 + 1"}},
]
raised = []
for call in calls:
    try:
        convert_to_messages([{"role": "assistant", "content": None, "tool_calls": [call]}])
    except (TypeError, ValueError) as error:
        raised.append(type(error).__name__)
        print(call["type"], "->", raised[-1], error)
if raised != ["JSONDecodeError", "TypeError"]:
    raise SystemExit("The behaviour has changed.")
PYTHON
