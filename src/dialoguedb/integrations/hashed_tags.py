"""Tags and ids for names of any length and with any characters."""

import json
from hashlib import sha256
from typing import Any

_TAG_CHARS = 24


def hashed_tag(kind: str, *named: Any) -> str:
    """Return a tag, or an id, made of a hash of these values."""
    text = json.dumps(named, ensure_ascii=False)
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:_TAG_CHARS]}"
