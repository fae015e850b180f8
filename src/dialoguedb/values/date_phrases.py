"""Dates in a search: ISO 8601, or phrases such as "last week", read as the time that they mean.

Days, months and years are those of the caller's zone, however they are written. An ISO date-time
that names no zone is UTC, as everywhere.
"""

import importlib
import re
import threading
from bisect import bisect_left
from collections.abc import Callable
from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from dialoguedb.values import timestamps

EXAMPLES = '2025-11-06, 2025-03, "March 2025", "last week", "last 3 days" or "since Monday"'

_ISO = re.compile(r"\d{4}(?:-\d\S*)?", re.ASCII)
_AMOUNT = (
    r"(?:\d+(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"\s(?:second|sec|minute|min|hour|hr|day|week|fortnight|month|year|decade)s?"
)
_LATELY = re.compile(
    rf"(?:(?:last|past)\s)?({_AMOUNT})"
    r"|past\s(minute|hour|day|week|fortnight|month|year|decade)|last\s(minute|hour|day)"
)
_BETWEEN = re.compile(
    r"between\s(.+)\sand\s(.+)|(?:from\s)?(.+)\s(?:to|until|till|through|-|–)\s(.+)"
)
_OPEN = re.compile(r"(since|from|after|before|until|till|through)\s(.+)")
_LOOSE = re.compile(
    r"(?:(?:the|during|within|for|(?:in|over)(?=\s(?:the|last|past|previous)\b))\s)+"
)
_ELAPSED = re.compile(r"\b(?:second|sec|minute|min|hour|hr)s?\b")
_TO_THE_MINUTE = re.compile(r":|\b(?:now|(?:second|sec|minute|min)s?)\b")
_WORD = re.compile(r"[^\W\d_]")
_NO_WORD = re.compile(r"[^\W\d_q]\d")
_MONTH = r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_MISREAD = re.compile(
    rf"""
    [a-z] | last\sdecade | [-+].* | (?:over|under|about|around)\s.*
    | (?!.*{_MONTH}).*\b\d{{1,2}}(?:st|nd|rd|th)\b.*             # a day, of which month?
    | .*\d0s\b(?!\sago).*                                      # a decade, not seconds
    | .*{_MONTH}[a-z]*\s(?:3[2-9]|[4-9]\d)                      # no day of any month, nor a year
    | .*day,?\s\d{{4}}                                         # a weekday of a whole year
    | .*\b(?:last|this|past|ago|yesterday|today)\b.*\b\d{{4}}  # the year would be overlooked
    """,
    re.VERBOSE,
)
"""What dateparser takes for another time than people would."""

_QUARTER = re.compile(r"(this|last)\squarter|q([1-4])")
_PRECISIONS = {4: "year", 7: "month", 10: "day", 13: "hour", 16: "minute", 19: "second"}
"""What an ISO date is precise to, by its length."""

_DATE_CHARS = 10
_EARLIEST = "0001-01-01T00:00:00.000Z"
_FIRST = datetime.min.replace(tzinfo=UTC)
_INSTANT = timedelta(milliseconds=1)
_LENGTHS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_PARTS_OF_DAY = {
    "early_morning": (0, 6),
    "morning": (5, 12),
    "afternoon": (12, 18),
    "evening": (17, 24),
    "night": (20, 30),
}
"""Their hours; those from 24 on are of the next day."""

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_YEAR_MONTHS = 12

_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside those of zones: of the machine's own, for example."""

_lock = threading.Lock()
"""dateparser does not document that it is thread-safe."""


class Interval(Struct, frozen=True):
    """A half-open interval, `start <= t < end`, in the stored form; None is unbounded."""

    start: str | None = None
    end: str | None = None


def is_iso(text: str) -> bool:
    """Tell whether this is meant as ISO 8601, which is read at once; phrases take longer."""
    return _ISO.fullmatch(text) is not None


def zone_of(name: str) -> tzinfo:
    """Return a zone of the IANA database; ValueError when it has none of this name."""
    try:
        return ZoneInfo("" if name in _NO_ZONES else name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin") from None


def read(text: str, zone: tzinfo, now: str) -> Interval:
    """Read a date or phrase as all of the time it covers; ValueError when it is neither."""
    if is_iso(text):
        return _iso_interval(text, zone, is_edge=False)
    return _phrase_interval(text, _PhraseReader(zone, now).interval)


def read_edge(text: str, zone: tzinfo, now: str) -> Interval:
    """Read a date or phrase as the edge of a range; ValueError when it is neither.

    A date-time is that very instant, a date its whole day, and "3 weeks ago" that day.
    """
    if is_iso(text):
        return _iso_interval(text, zone, is_edge=True)
    return _phrase_interval(text, _PhraseReader(zone, now).edge)


def _iso_interval(text: str, zone: tzinfo, *, is_edge: bool) -> Interval:
    prefix, _ = timestamps.prefix_range(text)
    start = datetime.fromisoformat(prefix[:23] + _EARLIEST[len(prefix) :])
    precision = _PRECISIONS.get(len(prefix))
    if precision and len(prefix) <= _DATE_CHARS:
        first = start.replace(tzinfo=None)
        return _interval(_in_utc(first, zone), _in_utc(_after(first, precision), zone))
    if precision is None or (is_edge and len(prefix) > _DATE_CHARS):
        return _interval(start, _later(start, _INSTANT))
    return _interval(start, _after(start, precision))


def _phrase_interval(text: str, read_phrase: Callable[[str], Interval]) -> Interval:
    phrase = _LOOSE.sub("", " ".join(text.lower().split()), count=1)
    try:
        return read_phrase(phrase.replace("previous ", "last "))
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a date; use a form such as {EXAMPLES}") from None


class _PhraseReader:
    """Reads phrases relative to one time in one zone."""

    def __init__(self, zone: tzinfo, now: str) -> None:
        self._now = datetime.fromisoformat(now)
        self._wall = self._now.astimezone(zone).replace(tzinfo=None)
        self._zone = zone

    def interval(self, phrase: str) -> Interval:
        """Return all of the time that a phrase covers."""
        if between := _BETWEEN.fullmatch(phrase):
            return self._between(*filter(None, between.groups()))
        if opened := _OPEN.fullmatch(phrase):
            return _open_interval(opened[1], self.edge(opened[2]))
        if lately := _LATELY.fullmatch(phrase):
            return self._last_amount(lately)
        date, period = self._date(phrase)
        if period == "time":
            period = "minute" if _TO_THE_MINUTE.search(phrase) else "hour"
        return self._covering(date, period)

    def edge(self, phrase: str) -> Interval:
        """Return the time that a phrase means where a range begins or ends."""
        if is_iso(phrase):
            return _iso_interval(phrase.upper(), self._zone, is_edge=True)
        if _OPEN.fullmatch(phrase):
            raise ValueError(phrase)
        if lately := _LATELY.fullmatch(phrase):
            return self._last_amount(lately)
        date, period = self._date(phrase)
        if period == "time":
            time = self._in_utc(date)
            return _interval(time, time + _INSTANT)
        return self._covering(date, "day" if phrase.endswith(" ago") else period)

    def _between(self, first: str, last: str) -> Interval:
        both = Interval(self.edge(first).start, self.edge(last).end)
        if both.start and both.end and both.start >= both.end:
            raise ValueError(f"{last} is before {first}")
        return both

    def _last_amount(self, amount: re.Match[str]) -> Interval:
        """Return the time since some hours ago, or since the day some days or more ago."""
        date, period = self._date(f"{amount[1] or f'1 {amount[2] or amount[3]}'} ago")
        if period == "time":
            return _interval(self._in_utc(date), self._now + _INSTANT)
        return Interval(self._covering(date, "day").start, self._covering(self._wall, "day").end)

    def _covering(self, date: datetime, period: str) -> Interval:
        """Return the minute, hour, part of a day, day, week, month, quarter or year of a date."""
        if period in {"minute", "hour"}:
            time = self._in_utc(date)
            return _interval(time, time + _LENGTHS[period])
        if period in _PARTS_OF_DAY:
            day = _floor(date, "day")
            first, last = (day + timedelta(hours=hour) for hour in _PARTS_OF_DAY[period])
            return _interval(self._in_utc(first), self._in_utc(last))
        first = _floor(date, period)
        return _interval(self._in_utc(first), self._in_utc(_after(first, period)))

    def _in_utc(self, date: datetime) -> datetime:
        return date.astimezone(UTC) if date.tzinfo else _in_utc(date, self._zone)

    def _date(self, phrase: str) -> tuple[datetime, str]:
        """Return a date within the meaning of a phrase, and the length of the period around it."""
        phrase = self._dated_quarter(phrase)
        if not _WORD.search(phrase) or _NO_WORD.search(phrase) or _MISREAD.fullmatch(phrase):
            raise ValueError(phrase)
        found = _parsed(phrase, self._wall)
        date, period = found.date_obj, found.period
        if date is None:
            raise ValueError(phrase)
        if period == "time" and _ELAPSED.search(phrase) and not date.tzinfo:
            date = self._now - (self._wall - date)  # however often clocks were changed since
        return date, found.part_of_day.value if period == "part_of_day" else period

    def _dated_quarter(self, phrase: str) -> str:
        """Give a quarter without a year its year, and "last quarter" its number."""
        named = _QUARTER.fullmatch(phrase)
        if not named:
            return phrase
        months = self._wall.year * _YEAR_MONTHS + self._wall.month - 1
        this = months // _MONTHS["quarter"]
        if named[1]:
            quarter = this - (named[1] == "last")
        else:
            quarter = this - (this % 4 - int(named[2]) + 1) % 4
        return f"{quarter // 4}-q{quarter % 4 + 1}"


def _parsed(phrase: str, now: datetime) -> Any:
    """Parse a phrase with dateparser, which is large and loaded when first needed."""
    with _lock:
        parser = importlib.import_module("dateparser.date").DateDataParser
        settings = dict(  # noqa: C408 - as text, these would look like codes of errors
            PARSERS=["relative-time", "absolute-time"],  # and no digits without a word
            PREFER_DATES_FROM="past",
            RELATIVE_BASE=now,
            RETURN_TIME_AS_PERIOD=True,
        )
        return parser(languages=["en"], settings=settings).get_date_data(phrase)


def _in_utc(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first time at which clocks in the zone show this, or a later time if they skip it.

    At least and at most what a datetime can express.
    """
    try:
        time = wall.replace(tzinfo=zone).astimezone(UTC)
        other = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        return _FIRST if wall.year < MAXYEAR else _last(wall.replace(tzinfo=UTC))
    if time <= other:  # shown once, or twice when clocks are put back
        return time
    seconds = range(int((time - other).total_seconds()))
    return other + timedelta(seconds=bisect_left(seconds, wall, key=partial(_shown, other, zone)))


def _shown(start: datetime, zone: tzinfo, seconds: int) -> datetime:
    """Return what clocks in a zone show that many seconds after a time."""
    return (start + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)


def _open_interval(word: str, edge: Interval) -> Interval:
    """Return the time since, after, before or until an edge."""
    match word:
        case "since" | "from":
            return Interval(edge.start, None)
        case "after":
            return Interval(edge.end, None)
        case "before":
            return Interval(None, edge.start)
    return Interval(None, edge.end)


def _floor(date: datetime, period: str) -> datetime:
    day = date.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return day - timedelta(days=day.weekday())
    if period not in _MONTHS:
        return day
    return day.replace(month=date.month - (date.month - 1) % _MONTHS[period], day=1)


def _after(start: datetime, period: str) -> datetime:
    """Return the end of a period, at most the last time that a datetime can express."""
    if period not in _MONTHS:
        return _later(start, _LENGTHS[period])
    months = start.month - 1 + _MONTHS[period]
    year = start.year + months // _YEAR_MONTHS
    if year > MAXYEAR:
        return _last(start)
    return start.replace(year=year, month=months % _YEAR_MONTHS + 1)


def _later(start: datetime, length: timedelta) -> datetime:
    try:
        return start + length
    except OverflowError:
        return _last(start)


def _last(start: datetime) -> datetime:
    return datetime.max.replace(microsecond=999_000, tzinfo=start.tzinfo)


def _interval(start: datetime, end: datetime) -> Interval:
    return Interval(timestamps.render(start), timestamps.render(end))
