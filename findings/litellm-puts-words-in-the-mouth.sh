#!/usr/bin/env bash
# An assistant's empty text becomes an English sentence of the assistant.
#
# Packages:  litellm 1.110.2
# Input:     A user's message, an assistant's message with the content "" (a stopped answer), another user's
#            message; sent to an Anthropic model. The same with null.
# Behaviour: The empty text is sent as a bracketed sentence about sanitised content, in the assistant's
#            role. With null the message is left out instead, and two user messages follow each other.
# Matters:   The model reads a sentence that it never wrote, and may repeat it to the user, from where it is
#            stored as an answer. Empty and null are two different things to whoever hands out a history.
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


def roles(content: str | None) -> list[str]:
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": content}, {"role": "user", "content": "Go on"}]
    turns = sent("anthropic/claude-sonnet-4-5", messages)["messages"]
    return [f"{turn['role']}: {block['text']}" for turn in turns for block in turn["content"]]


empty, null = roles(""), roles(None)
print("content \"\":  ", empty)
print("content null:", null)
if len(empty) != 3 or "anitised" not in empty[1] or null != ["user: Hello", "user: Go on"]:
    raise SystemExit("The behaviour has changed.")
PYTHON
