"""Retrieval: how objects are found by words and by meaning, whatever engine holds them.

An engine supplies SQL: it reads one snapshot of its data through `snapshot.SearchSnapshot` and
stores what `documents` says is indexed. `DESIGN.md` follows one search through these modules.
"""
