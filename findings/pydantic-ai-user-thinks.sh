#!/usr/bin/env bash
# Thoughts of another provider's model are sent to Anthropic as words of the user.
#
# Packages:  pydantic-ai-slim[anthropic] 2.68.0
# Input:     A history whose assistant thought (a `ThinkingPart` without a signature, as other providers
#            give them) and answered; mapped for an Anthropic model.
# Behaviour: A message of the role `user` with the thought between tags stands in front of the assistant's
#            answer.
# Matters:   Changing the model in a stored conversation makes the user say what the model thought, and puts
#            two user turns in a row. Thoughts without a signature belong left out, or with the assistant.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'pydantic-ai-slim[anthropic]==2.68.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio

from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, ThinkingPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

history = [
    ModelRequest(parts=[UserPromptPart("Is 91 prime?")]),
    ModelResponse(parts=[ThinkingPart("7 times 13"), TextPart("No.")]),
    ModelRequest(parts=[UserPromptPart("And 97?")]),
]
model = AnthropicModel("claude-sonnet-4-5", provider=AnthropicProvider(api_key="none"))
_, messages = asyncio.run(model._map_message(history, ModelRequestParameters(), {}))
seen = [(message["role"], block["text"]) for message in messages for block in message["content"]]
print(*seen, sep="\n")
if [role for role, _ in seen] != ["user", "user", "assistant", "user"] or "7 times 13" not in seen[1][1]:
    raise SystemExit("The behaviour has changed.")
PYTHON
