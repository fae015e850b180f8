#!/usr/bin/env bash
# The same content is thoughts and calls, or unknown blocks, by what its metadata says.
#
# Packages:  langchain-core 1.8.3
# Input:     An assistant message of Anthropic blocks (thinking, text, tool_use), once with
#            `response_metadata.model_provider`, once without, as when it comes out of a store that keeps
#            role and content; `content_blocks`.
# Behaviour: With it: reasoning, text, tool_call. Without it thinking and call are `non_standard`, though
#            nothing in the content differs.
# Matters:   A store that keeps only role and content gives back messages in which the library sees no
#            thought and no call. The name of the provider is a part of the message.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from langchain_core.messages import AIMessage

content = [
    {"type": "thinking", "thinking": "The user wants the time.", "signature": "c2lnbmVk"},
    {"type": "text", "text": "One moment"},
    {"type": "tool_use", "id": "call_1", "name": "now", "input": {}},
]
named, bare = (
    [block["type"] for block in AIMessage(content, response_metadata=metadata).content_blocks]
    for metadata in ({"model_provider": "anthropic"}, {})
)
print("with its provider:", named)
print("without:          ", bare)
if (named, bare) != (["reasoning", "text", "tool_call"], ["non_standard", "text", "non_standard"]):
    raise SystemExit("The behaviour has changed.")
PYTHON
