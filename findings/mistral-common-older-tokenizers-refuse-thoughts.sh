#!/usr/bin/env bash
# A message's reasoning_content makes the tokenizers of older models refuse the whole request.
#
# Packages:  mistral-common[sentencepiece] 1.13.1
# Input:     A conversation with one answer that has reasoning_content, as servers of open models return it,
#            encoded by the tokenizers of versions 1, 2, 3, 7, 11 and 13; and the same without the field.
# Behaviour: The field becomes a chunk of thinking: versions 1 to 7 raise an error, 11 and 13 take it.
#            Without the field, all take it.
# Matters:   A stored conversation that one model has thought in cannot be continued with an older one, unless
#            the field is left out; unknown fields of a message are ignored elsewhere, so one expects that here.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'mistral-common[sentencepiece]==1.13.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.validator import ValidationMode, get_validator
from mistral_common.tokens.tokenizers.base import TokenizerVersion

question = {"role": "user", "content": "Is it raining?"}
thanks = {"role": "user", "content": "Thanks."}
plain = {"role": "assistant", "content": "No."}
thoughtful = {**plain, "reasoning_content": "The sky is blue."}


def taken(version: TokenizerVersion, answer: dict[str, str]) -> bool:
    request = ChatCompletionRequest.from_openai(messages=[question, answer, thanks])
    validator = get_validator(version, mode=ValidationMode.test)
    try:
        validator.validate_request(request)
    except Exception as error:  # noqa: BLE001 - which one differs by version
        print(version.value, type(error).__name__, str(error)[:90])
        return False
    return True


versions = [TokenizerVersion(name) for name in ("v1", "v2", "v3", "v7", "v11", "v13")]
without = [taken(version, plain) for version in versions]
having = [taken(version, thoughtful) for version in versions]
print("without:", without)
print("with:   ", having)
if not all(without) or having != [False, False, False, False, True, True]:
    raise SystemExit("The behaviour has changed.")
PYTHON
