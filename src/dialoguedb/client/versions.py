"""Versions, as answers tell them."""

import re

_LAST_SEQ = re.compile(r'"(\d+)"', re.ASCII)


def last_seq(version: str | None) -> int | None:
    """Return the number of the last message that the version of a list tells of."""
    told = _LAST_SEQ.fullmatch(version or "")
    return int(told[1]) if told else None
