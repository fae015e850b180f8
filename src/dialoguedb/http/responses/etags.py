"""Versions on the wire: the ETag that is answered, and the If-Match that expects it."""

import re
from typing import Literal

from dialoguedb.values.validation import refuse

Versions = Literal["revision", "sequence"]
"""What a route's version counts: changes of a dialogue, or its messages."""

_EXPECTED = {
    "revision": re.compile(rb'"r(\d{1,18})"|r(\d{1,18})'),
    "sequence": re.compile(rb'"(\d{1,18})"|(\d{1,18})'),
}


def revision_tag(version: int) -> bytes:
    """Return the ETag of a dialogue or its state."""
    return b'"r%d"' % version


def sequence_tag(version: int) -> bytes:
    """Return the ETag of a dialogue's messages."""
    return b'"%d"' % version


def expected(if_match: bytes, versions: Versions | None) -> int:
    """Return the version that a request expects; None as versions stands for a route without."""
    if versions is None:
        raise refuse(
            "If-Match", "If-Match is for updates, actions and appends; this request is none"
        )
    match = _EXPECTED[versions].fullmatch(if_match.strip())
    if match is None:
        form = '"r7"' if versions == "revision" else '"7"'
        raise refuse("If-Match", f"If-Match must be one strong version such as {form}")
    return int(match[1] or match[2])
