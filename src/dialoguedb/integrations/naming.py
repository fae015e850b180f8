"""Names for what has names of its own elsewhere, of any length and with any characters."""

import json
from hashlib import sha256
from typing import Any

_TAG_CHARS = 24


def tag_of(kind: str, *named: Any) -> str:
    """Return a tag, or an id, for something that is named by these values."""
    told = json.dumps(named, ensure_ascii=False)
    digest = sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:_TAG_CHARS]}"
