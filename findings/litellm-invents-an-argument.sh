#!/usr/bin/env bash
# A call without arguments reaches Gemini with an argument that nobody wrote.
#
# Packages:  litellm 1.110.2
# Input:     A tool call whose `arguments` are the empty string, as several servers write a call of a
#            function without parameters; sent to Gemini.
# Behaviour: The call's `args` are `{"type": "object"}`. For Anthropic the same call has an empty object.
# Matters:   The model reads in its own history that it passed `type`, and copies it. Whoever stores calls
#            should write `{}` for arguments that are empty, before a converter sees them.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'litellm==1.110.2'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import logging
import os

os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "ANTHROPIC_API_KEY": "none", "GEMINI_API_KEY": "none"}
import litellm
from litellm.types.utils import CallTypes
from litellm.utils import return_raw_request

litellm.suppress_debug_info = True
logging.disable(logging.CRITICAL)


def sent(model: str, messages: list[dict]) -> dict:
    """The body of the request; nothing listens at the address, so nothing leaves the machine."""
    options = {"model": model, "messages": messages, "api_base": "http://127.0.0.1:9", "max_retries": 0}
    raw = return_raw_request(CallTypes.completion, options)
    if not raw.get("raw_request_body"):
        raise SystemExit(f"no request was made: {raw.get('error')}")
    return json.loads(json.dumps(raw["raw_request_body"]))


call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": ""}}
messages = [
    {"role": "user", "content": "What time is it?"},
    {"role": "assistant", "content": None, "tool_calls": [call]},
    {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
]
gemini = sent("gemini/gemini-3-pro-preview", messages)["contents"][1]["parts"][0]["function_call"]["args"]
claude = sent("anthropic/claude-sonnet-4-5", messages)["messages"][1]["content"][0]["input"]
print("for Gemini:   ", gemini)
print("for Anthropic:", claude)
if (gemini, claude) != ({"type": "object"}, {}):
    raise SystemExit("The behaviour has changed.")
PYTHON
