"""Values as models read them, for whom the base64 of a file is nothing but its length."""

import re
from typing import Any

_FILE_CHARS = 16 * 1024
_SHOWN_CHARS = 40
_BASE64 = re.compile(r"(?:data:[^,\s]{1,200},)?[\w+/-]{4000}", re.ASCII)
"""What the bytes of a file begin with, and no text of that length does."""


def without_files(value: Any) -> Any:
    """Return a JSON value with the length of inline files instead of their bytes."""
    if isinstance(value, str):
        if len(value) < _FILE_CHARS or not _BASE64.match(value):
            return value
        return f"{value[:_SHOWN_CHARS]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {name: without_files(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_files(item) for item in value]
    return value
