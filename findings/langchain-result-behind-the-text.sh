#!/usr/bin/env bash
# A tool's result moves behind the text that followed it.
#
# Packages:  langchain-core 1.8.3
# Input:     A call, then one user message with the blocks `tool_result` and `text` in this order (the order
#            that Anthropic demands); `convert_to_openai_messages`.
# Behaviour: The text comes first, as a user's message, and the result after it: no longer directly behind
#            its call.
# Matters:   OpenAI refuses a call that is not followed by its result at once. Each half is valid in its own
#            world; the converter between them makes an invalid history out of a valid one.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from langchain_core.messages import AIMessage, HumanMessage, convert_to_openai_messages

call = {"name": "now", "args": {}, "id": "call_1"}
result = {"type": "tool_result", "tool_use_id": "call_1", "content": "noon"}
history = [AIMessage("", tool_calls=[call]), HumanMessage([result, {"type": "text", "text": "And tomorrow?"}])]
converted = convert_to_openai_messages(history)
print(*converted, sep="\n")
if [message["role"] for message in converted] != ["assistant", "user", "tool"]:
    raise SystemExit("The behaviour has changed.")
PYTHON
