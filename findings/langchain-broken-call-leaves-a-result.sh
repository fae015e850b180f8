#!/usr/bin/env bash
# A call with broken arguments is not written, the answer to it is.
#
# Packages:  langchain-core 1.8.3
# Input:     What the library itself keeps when a model writes broken JSON: `invalid_tool_calls`, and a
#            `ToolMessage` that tells the model so; `convert_to_openai_messages`.
# Behaviour: The assistant's message has no calls, and a tool's message follows it that answers none.
# Matters:   Telling the model of its mistake is the usual recovery, so such pairs stand in many stored
#            histories; replayed, OpenAI refuses them.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from langchain_core.messages import AIMessage, ToolMessage, convert_to_openai_messages

broken = {"name": "now", "args": '{"zone": ', "id": "call_1", "error": "not JSON"}
history = [AIMessage("Let me look", invalid_tool_calls=[broken]), ToolMessage("no JSON, try again", tool_call_id="call_1")]
converted = convert_to_openai_messages(history)
print(*converted, sep="\n")
if "tool_calls" in converted[0] or converted[1].get("tool_call_id") != "call_1":
    raise SystemExit("The behaviour has changed.")
PYTHON
