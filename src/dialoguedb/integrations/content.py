"""Which content of a framework's messages can be stored as it is."""

from collections.abc import Sequence
from typing import Any, TypeGuard


def is_plain(content: Any) -> TypeGuard[str | Sequence[dict[str, Any]]]:
    """Tell whether content is a text or blocks, not empty and no mixture of them."""
    if isinstance(content, str):
        return content != ""
    return bool(content) and all(isinstance(block, dict) for block in content)
