"""Conversions for files of other programs: times, labels, and ids that stay the same."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dialoguedb.cli.data.transfer.lines import json_of
from dialoguedb.client.encoding.fields import timestamp
from dialoguedb.errors import InvalidRequest
from dialoguedb.values import limits

_DIGEST_CHARS = 24


def time_of(value: Any) -> str | None:
    """Return a time as the API writes it, from ISO 8601 or seconds since 1970."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int | float):
            at = datetime.fromtimestamp(value, UTC)
        else:
            at = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise InvalidRequest(f"{value!r} is no time") from error
    return timestamp(at if at.tzinfo else at.replace(tzinfo=UTC))


def label(value: Any) -> str | None:
    """Return a title without U+0000, cut to the length of a label; None when there is none."""
    text = str(value).replace("\0", "").strip() if value else ""
    return text[: limits.NAME_CHARS_MAX] or None


def pruned(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are neither None nor False."""
    return {
        name: value for name, value in members.items() if value is not None and value is not False
    }


def digest(value: Any) -> str:
    """Return an id made of a hash of the value, the same in every run."""
    return hashlib.sha256(json_of(value)).hexdigest()[:_DIGEST_CHARS]
