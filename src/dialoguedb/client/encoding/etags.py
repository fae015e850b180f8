"""Entity tags: the versions in responses."""

import re

_LAST_SEQ = re.compile(r'"(\d+)"', re.ASCII)


def last_seq(version: str | None) -> int | None:
    """Return the `seq` of the last message, which is the version of a list of messages."""
    found = _LAST_SEQ.fullmatch(version or "")
    return int(found[1]) if found else None
