#!/usr/bin/env bash
# A thought signature in Google's own OpenAI spelling is not read; a stand-in is sent in its stead.
#
# Packages:  litellm 1.110.2
# Input:     A tool call with `extra_content.google.thought_signature`, as Gemini's endpoint for OpenAI
#            clients writes it; sent to Gemini. Beside it the same signature in this package's own spelling.
# Behaviour: Under `extra_content` it is ignored, and the request carries the base64 of a text that asks to
#            skip the check; in the package's own spelling it is sent.
# Matters:   The same signature has three spellings (`extra_content`, `provider_specific_fields`, a suffix
#            of the call's id). A history that was recorded through one and replayed through another loses
#            the model's chain of thought without an error.
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


import base64


def signature(extra: dict) -> bytes:
    call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}} | extra
    messages = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
    ]
    part = sent("gemini/gemini-3-pro-preview", messages)["contents"][1]["parts"][0]
    return base64.b64decode(part["thoughtSignature"])


value = base64.b64encode(b"a signature").decode()
google = signature({"extra_content": {"google": {"thought_signature": value}}})
own = signature({"provider_specific_fields": {"thought_signature": value}})
print("extra_content:           ", google)
print("provider_specific_fields:", own)
if own != b"a signature" or not google.startswith(b"skip"):
    raise SystemExit("The behaviour has changed.")
PYTHON
