#!/usr/bin/env bash
# Dumped messages hold base64 of another alphabet, which usual decoders read as other bytes.
#
# Packages:  google-genai 3.6.1
# Input:     A part with inline bytes and one with a thought signature; `model_dump_json`, then Python's
#            `base64.b64decode`.
# Behaviour: The bytes are in the alphabet with `-` and `_`. The usual decoder skips both characters without
#            an error and returns other, shorter bytes. The JSON form of protocol buffers, which Gemini's
#            REST API answers in, has `+` and `/`.
# Matters:   The same conversation has two spellings of one signature, by whether it was kept from the wire
#            or from the SDK: equal bytes hash differently, images arrive damaged, signatures are refused.
#            Stores have to read both alphabets.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'google-genai==3.6.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import base64
import json

from google.genai import types

data = b"\xfb\xef\xbe signed"
part = types.Part(inline_data=types.Blob(data=data, mime_type="image/png"), thought_signature=data)
dumped = json.loads(part.model_dump_json(exclude_none=True))
texts = [dumped["inline_data"]["data"], dumped["thought_signature"]]
usual = base64.b64decode(texts[0])
print("standard:", base64.b64encode(data).decode())
print("dumped:  ", *texts)
print("decoded: ", usual.hex(), "from", data.hex())
if texts != [base64.urlsafe_b64encode(data).decode()] * 2 or usual == data:
    raise SystemExit("The behaviour has changed.")
PYTHON
