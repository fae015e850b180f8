#!/usr/bin/env bash
# Refusals, spoken answers and spoken questions are left out without a word.
#
# Packages:  litellm 1.110.2
# Input:     OpenAI messages: an assistant's `refusal`, an assistant's `audio` with its transcript, a user's
#            `input_audio` beside a text; sent to an Anthropic model.
# Behaviour: No error and no warning: the assistant's two messages are missing as a whole, and of the user's
#            message only the text is left.
# Matters:   A window that fits still reaches the model with holes; the refusal that a user was given is
#            gone. Whoever hands out a history for another provider has to turn these parts into text first.
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


spoken = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
messages = [
    {"role": "user", "content": [spoken, {"type": "text", "text": "What do I say?"}]},
    {"role": "assistant", "content": None, "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 1, "transcript": "You say hello."}},
    {"role": "user", "content": "Say something rude."},
    {"role": "assistant", "content": None, "refusal": "I will not do that."},
    {"role": "user", "content": "Why?"},
]
turns = sent("anthropic/claude-sonnet-4-5", messages)["messages"]
seen = [(turn["role"], block["type"], block.get("text")) for turn in turns for block in turn["content"]]
print(*seen, sep="\n")
if {role for role, _, _ in seen} != {"user"} or {kind for _, kind, _ in seen} != {"text"} or len(seen) != 3:
    raise SystemExit("The behaviour has changed.")
PYTHON
