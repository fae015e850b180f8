"""The headers that put a condition on a write: `If-Match` and `Idempotency-Key`."""

import re
from typing import Literal

from dialoguedb.values import limits
from dialoguedb.values.validation_errors import invalid_request

Versions = Literal["revision", "sequence"]
"""What the version of a route counts: changes of a dialogue, or its messages."""

_EXPECTED = {
    "revision": re.compile(rb'"r(\d{1,18})"|r(\d{1,18})'),
    "sequence": re.compile(rb'"(\d{1,18})"|(\d{1,18})'),
}


def expected_version(if_match: bytes, versions: Versions | None) -> int:
    """Return the version that a request expects; None as versions stands for a route without."""
    if versions is None:
        raise invalid_request("If-Match", "If-Match applies only to updates, actions and appends")
    match = _EXPECTED[versions].fullmatch(if_match.strip())
    if match is None:
        form = '"r7"' if versions == "revision" else '"7"'
        raise invalid_request("If-Match", f"If-Match must be one strong version such as {form}")
    return int(match[1] or match[2])


def check_idempotency_key(key: bytes) -> None:
    """Refuse an idempotency key that is empty or too long."""
    if not 0 < len(key) <= limits.IDEMPOTENCY_KEY_CHARS_MAX:
        message = f"Idempotency-Key has 1 to {limits.IDEMPOTENCY_KEY_CHARS_MAX} characters"
        raise invalid_request("Idempotency-Key", message)
