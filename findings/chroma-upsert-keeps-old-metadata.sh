#!/usr/bin/env bash
# An upsert keeps the document and the metadata that it was not given.
#
# Packages:  chromadb 1.5.9
# Input:     A record with a document and the metadata `user` and `private`; then an upsert of its id with a
#            new embedding and the metadata `user` alone.
# Behaviour: The record still has the old document and `private`; the same upsert of a new id has neither. A
#            key goes away only when it is set to None.
# Matters:   Whoever writes a message's current metadata by upsert believes that it replaces. Tags that were
#            removed still match in filters, and the old text is answered beside the new embedding.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'chromadb==1.5.9'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import os

os.environ["ANONYMIZED_TELEMETRY"] = "False"
import chromadb

collection = chromadb.EphemeralClient().create_collection("messages", embedding_function=None)
collection.add(ids=["1"], embeddings=[[1.0, 0.0]], documents=["my secret"], metadatas=[{"user": "ann", "private": "yes"}])
collection.upsert(ids=["1", "2"], embeddings=[[0.0, 1.0]] * 2, metadatas=[{"user": "ann"}] * 2)
found = collection.get(ids=["1", "2"], include=["documents", "metadatas"])
matching = collection.get(where={"private": "yes"})["ids"]
print(found["documents"], found["metadatas"], matching)
if (found["documents"], found["metadatas"][0], matching) != (["my secret", None], {"user": "ann", "private": "yes"}, ["1"]):
    raise SystemExit("The behaviour has changed.")
PYTHON
