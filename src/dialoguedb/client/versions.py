"""Versions, as answers tell them: `"r7"` of a dialogue, `"12"` of its messages."""

import re

_REVISION = re.compile(r'"r(\d+)"', re.ASCII)
_LAST_SEQ = re.compile(r'"(\d+)"', re.ASCII)


def is_next(version: str | None, known: str | None) -> bool:
    """Tell whether nothing was changed between two versions but by what made the later one."""
    later, earlier = (_REVISION.fullmatch(one or "") for one in (version, known))
    if later is None or earlier is None:
        return False
    return int(later[1]) - int(earlier[1]) in {0, 1}


def last_seq(version: str | None) -> int | None:
    """Return the number of the last message that a list's version tells of."""
    told = _LAST_SEQ.fullmatch(version or "")
    return int(told[1]) if told else None
