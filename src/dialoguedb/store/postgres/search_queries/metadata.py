"""The SQL that leaves out metadata which surely fails the conditions of a search.

PostgreSQL's `jsonb` refuses some of what is stored, keeps only the last of equal keys, and compares
numbers in another way. So `retrieval.metadata_filters` decides about what is left.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from dialoguedb.model.search import Condition, Scalar
from dialoguedb.retrieval.metadata_filters import comparable, needs_some
from dialoguedb.store.where import Where

_LISTED_MAX = 100
"""Values of a list that are compared one by one; of more, the least and the greatest."""

_EXACT = 1 << 53
"""Up to here a whole number and the fraction that is written like it are the same."""

_SHARE, _LEAST = Decimal("1e-15"), Decimal("1e-300")
"""How far a fraction may be from the digits that it was read from: by share, and at least."""

_NEVER = "1 == 0"
_SIGNS = {"$gt": ">=", "$gte": ">=", "$lt": "<=", "$lte": "<="}

# A key stands there as it is, unless some of it is written as an escape.
_ESCAPED = r"position('\x5c'::bytea IN {m}) > 0"
_ESCAPES = [rf"position('\x5c7530303{digit}'::bytea IN {{m}}) > 0" for digit in range(2, 8)]
_ESCAPED_ASCII = rf"(position('\x5c753030'::bytea IN {{m}}) > 0 AND ({' OR '.join(_ESCAPES)}))"
_WRITTEN_AS_ASCII = re.compile(r"[ !#-.0-\[\]-~]*")
"""A key that only escapes of ASCII could be a part of."""

_HAS_KEY = "({escaped} OR position(?::bytea IN {m}) > 0)"

# Most rows fail by the number or text behind their key, which is read without reading all; NULL
# where something else is there, or more than is looked at.
_HAS_VALUE = r"""
    CASE WHEN {escaped} THEN true ELSE (
        SELECT CASE
            WHEN at = 0 THEN false
            WHEN position(?::bytea IN substr({m}, at + 1)) > 0 THEN true
            ELSE coalesce((SELECT {compared} FROM (
                SELECT substr({m}, at + ?::integer, 64) AS behind OFFSET 0
            ) AS value), true)
        END FROM (SELECT position(?::bytea IN {m}) AS at OFFSET 0) AS key
    ) END
"""
_NUMBER = r"""
    CASE WHEN substr(behind, 1, 1) = ':' THEN (
        SELECT CASE WHEN pg_input_is_valid(number, 'numeric') THEN number::numeric {sign} ?::numeric
        END FROM (SELECT encode(
            substr(behind, 2, coalesce(
                least(nullif(position(',' IN behind), 0), nullif(position('}' IN behind), 0)), 2
            ) - 2), 'escape'
        ) AS number OFFSET 0) AS read
    ) END
"""
_TEXT = r"""
    CASE WHEN substr(behind, 1, 2) = ':"' AND position('"' IN substr(behind, 3)) > 0 THEN (
        SELECT CASE WHEN position('\x5c'::bytea IN text) = 0 THEN text {sign} ?::bytea
        END FROM (SELECT substr(behind, 3, position('"' IN substr(behind, 3)) - 1) AS text OFFSET 0
        ) AS read
    ) END
"""

# Read as Latin 1, any bytes are a text, equal and ordered as before; only of characters that are
# written in ASCII it makes others.
_HOLDS = r"""
    CASE WHEN {likely} THEN
        CASE WHEN position('\x00'::bytea IN {m}) > 0 THEN true ELSE (
            SELECT CASE
                WHEN NOT pg_input_is_valid(written, 'jsonb') THEN true
                WHEN NOT (written IS JSON OBJECT WITH UNIQUE KEYS) THEN true
                WHEN octet_length(written) = octet_length({m})
                    THEN jsonb_path_exists(written::jsonb, (SELECT ?::text::jsonpath))
                WHEN position('\x5c75'::bytea IN {m}) > 0 THEN true
                ELSE jsonb_path_exists(written::jsonb, (SELECT ?::text::jsonpath))
            END FROM (SELECT convert_from({m}, 'LATIN1') AS written OFFSET 0) AS read
        ) END
    ELSE false END
"""


def of_metadata(column: str, conditions: Sequence[Condition]) -> Where:
    """Return what metadata in a column fulfils that may satisfy conditions."""
    where = Where()
    if needs_some(conditions):
        where.add(f"{column} <> '{{}}'::bytea")
    likely = Where()
    for condition in conditions:
        _add_likely(likely, condition)
    ascii_, other = (_path(conditions, write) for write in (_plain, _as_latin))
    holds = _HOLDS.replace("{likely}", likely.sql).replace("{m}", column)
    where.add(holds, *likely.values, ascii_, other)
    return where


def _add_likely(where: Where, condition: Condition) -> None:
    if condition.operator == "$nin":
        return
    key = b'"%s"' % condition.key.encode("utf-8", "surrogatepass")
    escaped = _ESCAPED_ASCII if _WRITTEN_AS_ASCII.fullmatch(condition.key) else _ESCAPED
    sign, bound = _SIGNS.get(condition.operator), comparable(condition.values[0])
    least: Decimal | bytes
    if sign and _is_number(bound):
        compared, least = _NUMBER, _wider(sign, bound)
    elif sign and isinstance(bound, str):
        compared, least = _TEXT, bound.encode("utf-8", "surrogatepass")
    else:
        where.add(_HAS_KEY.replace("{escaped}", escaped), key)
        return
    has_value = _HAS_VALUE.replace("{escaped}", escaped).replace("{compared}", compared)
    where.add(has_value.replace("{sign}", sign), key, least, len(key), key)


# --- Paths ----------------------------------------------------------------------------------------


def _path(conditions: Sequence[Condition], write: Callable[[str], str]) -> str:
    """Write the path that something is found by in metadata which may satisfy conditions."""
    filters = " && ".join(f"({_predicate(condition, write)})" for condition in conditions)
    return f"$ ? ({filters})"


def _predicate(condition: Condition, write: Callable[[str], str]) -> str:
    if not _is_storable(condition.key):
        return _NEVER if condition.operator != "$nin" else f"!({_NEVER})"
    value = f"@.{write(condition.key)}[*]"
    if condition.operator != "$nin":
        return f"exists({value} ? ({_may_hold(condition, write)}))"
    # A path looks into an array within the array, which is no value.
    found = f"exists({value} ? ({_surely_listed(condition.values, write)}))"
    return f'!({found} && !(exists({value}.type() ? (@ == "array"))))'


def _may_hold(condition: Condition, write: Callable[[str], str]) -> str:
    if condition.operator == "$in":
        return _listed(condition.values, write)
    sign, bound = _SIGNS[condition.operator], comparable(condition.values[0])
    if isinstance(bound, str):
        return f"@ {sign} {write(bound)}" if _is_storable(bound) else '@.type() == "string"'
    if _is_number(bound):
        return f"@ {sign} {_wider(sign, bound)}"
    if isinstance(bound, float):  # infinite
        return '@.type() == "number"'
    return _NEVER  # nothing is more or less than true, false or null


def _listed(values: Sequence[Scalar], write: Callable[[str], str]) -> str:
    read = [comparable(value) for value in values]
    finite = sorted(value for value in read if _is_number(value))
    texts = sorted(value for value in read if isinstance(value, str) and _is_storable(value))
    among = [json.dumps(value) for value in read if value is None or isinstance(value, bool)]
    return _any(
        [
            *(
                f"@ >= {_wider('>=', low)} && @ <= {_wider('<=', high)}"
                for low, high in _ranges(finite)
            ),
            *(f"@ >= {write(low)} && @ <= {write(high)}" for low, high in _ranges(texts)),
            *(f"@ == {value}" for value in among),
            *('@.type() == "number"' for value in read if value in {float("inf"), -float("inf")}),
        ]
    )


def _ranges(values: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return ranges that sorted values lie in."""
    if len(values) > _LISTED_MAX:
        return [(values[0], values[-1])]
    return [(value, value) for value in values]


def _surely_listed(values: Sequence[Scalar], write: Callable[[str], str]) -> str:
    listed = []
    for value in map(comparable, values[:_LISTED_MAX]):
        if isinstance(value, str):
            listed += [write(value)] if _is_storable(value) else []
        elif value is None or isinstance(value, bool):
            listed.append(json.dumps(value))
        elif _is_number(value) and not (isinstance(value, int) and abs(value) > _EXACT):
            listed.append(repr(value))
    return _any(f"@ == {value}" for value in listed)


def _any(tests: Iterable[str]) -> str:
    return " || ".join(f"({test})" for test in tests) or _NEVER


def _plain(text: str) -> str:
    return json.dumps(text)


def _as_latin(text: str) -> str:
    return json.dumps(text.encode().decode("latin-1"))


def _is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can read a text at all: `jsonb` holds none that it cannot."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False


def _is_number(value: Scalar) -> bool:
    """Tell whether it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < float("inf")


def _wider(sign: str, bound: float) -> Decimal:
    """Return a bound that what is beyond it cannot be read as anything within."""
    exact = Decimal(bound)
    room = abs(exact) * _SHARE + _LEAST
    return exact - room if sign == ">=" else exact + room
