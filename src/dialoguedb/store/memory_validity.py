"""Which memories `r` a search finds by the time at which they are active: SQL of both engines."""

from dialoguedb.model.search import SearchFilter, SearchObject
from dialoguedb.store.where import Where

_LIMITED = "(r.starts <> '' OR r.ends <> '~')"
"""Of those that are not active at all times; both engines have an index of them."""


def matters(kind: SearchObject, filters: SearchFilter) -> bool:
    """Tell whether a search looks at when objects of a kind are active."""
    return kind == "memory" and filters.validity != "all"


def any_limited(within: Where) -> str:
    """Write the query for a memory that is not active at all times, if there is any."""
    return f"SELECT 1 FROM memories r WHERE {within.sql} AND {_LIMITED} LIMIT 1"


def add(where: Where, filters: SearchFilter, *, limited: bool) -> None:
    """Add the conditions; `limited` tells that some are not always active."""
    if not limited and filters.validity == "inactive":
        where.add("false")
    elif limited and filters.validity != "all":
        sign = "" if filters.validity == "active" else "NOT "
        where.add(f"{sign}(r.starts <= ? AND r.ends > ?)", filters.as_of, filters.as_of)
