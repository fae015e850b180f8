"""Values that differ from run to run, replaced by names that keep their identity.

The n-th distinct id that a server makes becomes `<id n>` wherever it stands, and likewise times,
ids of requests, keys and page tokens. What the client itself sent stays as it is.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_VOLATILE = re.compile(
    rf"""
      (?<="lastUsed":")(?P<used>{_TIME})
    | (?<=~surrogate-)(?P<hidden>[0-9a-f]{{32}})(?=-)
    | (?:(?<="gte":")|(?<="lt":"))(?P<edge>{_TIME})
    | (?<="month":")(?P<month>\d{{4}}-\d\d)
    | (?<="next":")(?P<token>[\w-]+)
    | (?P<secret>ddb_[\w-]{{43}})(?![\w-])
    | (?P<prefix>ddb_[\w-]{{8}})(?![\w-])
    | (?P<request>\b[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\b)
    | (?P<id>\b[0-7][0-9A-HJKMNP-TV-Z]{{25}}\b)
    | (?P<time>{_TIME})
    """,
    re.VERBOSE | re.ASCII,
)
_PLACEHOLDER = re.compile(r"<(id|time|request|secret|token) (\d+)>")
_REPEATED = re.compile(r"<repeat (.) (\d+)>")
_RUN = re.compile(r"([A-Za-z0-9 ])\1{199,}")
_SAMPLE = re.compile(r"^(?P<series>[a-z_]+(?:\{.*\})?) (?P<value>\S+)$", re.MULTILINE)
_STEADY = re.compile(
    r"dialoguedb_(?:http_requests_total|http_request_seconds_count|http_requests_in_flight"
    r"|search_seconds_count|http_received_bytes_total)\b"
)
"""Metrics that tell nothing of how long something took."""

_METRICS = "content-type: text/plain; version="
_LENGTH = re.compile(r"(?<=^content-length: )\d+")
_PREFIX_CHARS = 12
_WHOLE_BYTES_MAX = 50_000
_AROUND_NOW = timedelta(days=1000)
_AHEAD = timedelta(seconds=5)
_FIXED_HEADERS = {"date": "<date>", "x-ratelimit-reset": "<reset>"}


class UnknownPlaceholder(Exception):
    """A request names something that no response has given."""


class Normaliser:
    """Replaces what is volatile in one series of exchanges."""

    def __init__(self, began: datetime, operator_key: str) -> None:
        self._began = began
        self._numbers: dict[tuple[str, str], int] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._sent: set[str] = set()
        self._readers: dict[str, Callable[[str], str]] = {
            "used": lambda _: "<time>",
            "hidden": lambda _: "<hidden>",
            "edge": _edge,
            "month": lambda _: "<month>",
            "prefix": self._prefix,
            "time": self._time,
        }
        self._name("secret", operator_key)

    def response(self, text: str) -> str:
        """Return a part of a response with its volatile values replaced."""
        text = _RUN.sub(lambda run: f"<repeat {run[1]} {len(run[0])}>", text)
        return _VOLATILE.sub(self._replaced, text)

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Return headers as lines; the length of metrics goes, for it depends on their values."""
        lines = [self._header(*each) for each in headers]
        if any(line.startswith(_METRICS) for line in lines):
            lines = [_LENGTH.sub("<length>", line) for line in lines]
        return tuple(lines)

    def body(self, body: bytes, content_type: str) -> str:
        """Return the body of a response: its text, or the hash of what is no text or long."""
        is_json = content_type.startswith("application/json")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return _hash(body)
        if text.startswith("# HELP "):
            return _SAMPLE.sub(_without_timing, text)
        if len(body) > _WHOLE_BYTES_MAX and not is_json:
            return _hash(body)
        return self.response(text)

    def request(self, text: str) -> str:
        """Return a part of a request with what responses gave replaced by its placeholder."""
        for (kind, value), number in sorted(self._numbers.items(), key=_longest_first):
            text = text.replace(value, f"<{kind} {number}>")
        return text

    def resolved(self, text: str) -> str:
        """Return a part of a request as it is sent: with the values of this run."""
        text = _PLACEHOLDER.sub(self._value, text)
        self._sent.update(found[0] for found in _VOLATILE.finditer(text) if self._is_new(found))
        return _REPEATED.sub(lambda found: found[1] * int(found[2]), text)

    def _header(self, name: str, value: str) -> str:
        """Return a header of a response as one line, its volatile values replaced."""
        fixed = _FIXED_HEADERS.get(name.lower())
        return f"{name}: {fixed or self.response(value)}"

    def _replaced(self, found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        if found[0] in self._sent:
            return found[0]
        reader = self._readers.get(kind)
        return reader(found[0]) if reader else self._name(kind, found[0])

    def _name(self, kind: str, value: str) -> str:
        number = self._numbers.get((kind, value))
        if number is None:
            number = 1 + sum(known == kind for known, _ in self._numbers)
            self._numbers[kind, value] = number
            self._values[kind, number] = value
        return f"<{kind} {number}>"

    def _prefix(self, text: str) -> str:
        for (kind, value), number in self._numbers.items():
            if kind == "secret" and value[:_PREFIX_CHARS] == text:
                return f"<prefix {number}>"
        return "<prefix>"

    def _time(self, text: str) -> str:
        is_now = self._began <= datetime.fromisoformat(text) <= datetime.now(UTC) + _AHEAD
        return self._name("time", text) if is_now else text

    def _value(self, found: re.Match[str]) -> str:
        value = self._values.get((found[1], int(found[2])))
        if value is None:
            raise UnknownPlaceholder(found[0])
        return value

    def _is_new(self, found: re.Match[str]) -> bool:
        return (found.lastgroup or "", found[0]) not in self._numbers


def _longest_first(entry: tuple[tuple[str, str], int]) -> int:
    return -len(entry[0][1])


def _edge(text: str) -> str:
    """Return a bound of the dates that a search was kept to; phrases mean others every day."""
    is_near = abs(datetime.fromisoformat(text) - datetime.now(UTC)) < _AROUND_NOW
    return "<date>" if is_near else text


def _hash(body: bytes) -> str:
    return f"<{len(body)} bytes, sha256 {hashlib.sha256(body).hexdigest()}>"


def _without_timing(sample: re.Match[str]) -> str:
    return sample[0] if _STEADY.match(sample["series"]) else f"{sample['series']} <value>"
