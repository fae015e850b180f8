"""The dates of a search, read as of the moment it is asked."""

from datetime import tzinfo

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.model.search import Search
from dialoguedb.model.search_request import DateRange, SearchRequest
from dialoguedb.model.search_results import ResolvedDates, ResolvedFilter
from dialoguedb.values.date_phrases import Interval, is_iso, read, read_edge
from dialoguedb.values.lists import TimeRange
from dialoguedb.values.validation_errors import ValidationErrors

_EVER = TimeRange()


def has_phrases(request: SearchRequest) -> bool:
    """Tell whether there is more to read than ISO dates, which takes its time."""
    texts: list[str] = []
    for dates in (request.sent.created, request.sent.modified):
        if isinstance(dates, str):
            texts.append(dates)
        elif isinstance(dates, DateRange):
            texts.extend(dates.edges().values())
    return not all(map(is_iso, texts))


def with_dates(request: SearchRequest, now: str) -> tuple[Search, ResolvedFilter | UnsetType]:
    """Return the search kept to its dates, and the filter as it was understood; InvalidRequest."""
    sent, errors = request.sent, ValidationErrors()
    reader = _Reader(request.zone, now, errors)
    created = reader.read(sent.created, "filter.created")
    modified = reader.read(sent.modified, "filter.modified")
    errors.raise_if_any()
    shown = ResolvedFilter(
        created=_shown(created),
        modified=_shown(modified),
        has_image=UNSET if sent.has_image is None else sent.has_image,
        tags=sent.tags if isinstance(sent.tags, Raw) and bytes(sent.tags) != b"null" else UNSET,
    )
    wanted = msgspec.structs.replace(
        request.search.filter, created=_span(created), modified=_span(modified)
    )
    search = msgspec.structs.replace(request.search, filter=wanted)
    return search, UNSET if shown == ResolvedFilter() else shown


class _Reader(Struct):
    zone: tzinfo
    now: str
    errors: ValidationErrors

    def read(self, sent: str | DateRange | UnsetType | None, place: str) -> Interval:
        """Return the time that dates allow, noting what cannot be understood."""
        try:
            if isinstance(sent, str):
                return read(sent, self.zone, self.now)
        except ValueError as error:
            self.errors.invalid(place, f"{place}: {error}")
        return self._range(sent, place) if isinstance(sent, DateRange) else Interval()

    def _range(self, sent: DateRange, place: str) -> Interval:
        edges = sent.edges()
        if not edges:
            self.errors.invalid(place, f"{place} is empty: it takes gte, gt, lte, lt")
        starts: list[str] = []
        ends: list[str] = []
        for name, text in edges.items():
            try:
                edge = read_edge(text, self.zone, self.now)
            except ValueError as error:
                self.errors.invalid(f"{place}.{name}", f"{place}.{name}: {error}")
                continue
            bound = edge.start if name in {"gte", "lt"} else edge.end
            (starts if name in {"gte", "gt"} else ends).append(bound or "")
        return Interval(max(starts, default=None), min(ends, default=None))


def _span(time: Interval) -> TimeRange:
    return TimeRange(lower=time.start or _EVER.lower, upper=time.end or _EVER.upper)


def _shown(time: Interval) -> ResolvedDates | UnsetType:
    if time == Interval():
        return UNSET
    return ResolvedDates(gte=time.start or UNSET, lt=time.end or UNSET)
