#!/usr/bin/env bash
# Whole numbers from 2^63 on become floats, and neighbours become equal.
#
# Packages:  chromadb 1.5.9
# Input:     Two records with the metadata 2^63 + 1 and 2^63 + 2 (unsigned 64-bit ids, hashes); read back
#            and filtered.
# Behaviour: Both come back as the same float, 9.223372036854775808e18, and a filter with either number
#            raises. 2^63 - 1 comes back exactly.
# Matters:   Hashes and ids of other systems use all 64 bits. About half of them are rounded, without an
#            error. Ids belong in as texts.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'chromadb==1.5.9'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import os

os.environ["ANONYMIZED_TELEMETRY"] = "False"
import chromadb
from chromadb.errors import InvalidArgumentError

collection = chromadb.EphemeralClient().create_collection("messages", embedding_function=None)
values = [2**63 - 1, 2**63 + 1, 2**63 + 2]
collection.add(ids=["1", "2", "3"], embeddings=[[1.0, 0.0]] * 3, metadatas=[{"hash": value} for value in values])
back = [metadata["hash"] for metadata in collection.get()["metadatas"]]
print(values, "->", back)
try:
    print(collection.get(where={"hash": 2**63 + 1})["ids"])
    raised = False
except InvalidArgumentError as error:
    raised = True
    print("the filter:", error)
if (back, raised) != ([2**63 - 1, 2.0**63, 2.0**63], True):
    raise SystemExit("The behaviour has changed.")
PYTHON
