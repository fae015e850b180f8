"""Queries: read as what they are, refused with every fault."""

import pytest
from msgspec import UNSET

from dialoguedb.errors import InvalidRequest
from dialoguedb.http.requests.queries import parse, values_of
from dialoguedb.http.routes.dialogues import GetDialogue, ListDialogues
from dialoguedb.http.routes.list_queries import repeated
from dialoguedb.http.routes.messages import ListMessages
from dialoguedb.http.routes.names import OfDialogue
from dialoguedb.http.routes.state import UpdateState
from dialoguedb.values.lists import TimeRange


def fields(error):
    return sorted(detail.field for detail in error.value.details)


def test_each_parameter_is_what_its_name_says():
    query = parse(ListDialogues, b"limit=20&tags=a,b&tags=c&namespace=")
    assert (query.limit, query.tags, query.namespace) == (20, ["a", "b", "c"], "")
    assert query.order is UNSET
    assert parse(UpdateState, b"merge=false").merge is False


def test_spaces_are_written_as_plus_or_percent_twenty():
    assert parse(OfDialogue, b"dialogueId=a+b").dialogue_id == "a b"
    assert parse(OfDialogue, b"dialogueId=a%20b").dialogue_id == "a b"
    assert parse(OfDialogue, b"dialogueId=a%2Bb").dialogue_id == "a+b"


@pytest.mark.parametrize("text", ["0", "-1", "1001", "1.0", "1e2", "+5", " 5", "5 ", "x", "", "٥"])
def test_a_limit_is_a_whole_number_in_its_range(text):
    with pytest.raises(InvalidRequest) as error:
        parse(ListDialogues, f"limit={text}".encode())
    assert fields(error) == ["limit"]


def test_lists_name_every_parameter_they_do_not_know():
    with pytest.raises(InvalidRequest) as error:
        parse(ListMessages, b"color=red&limit=0&size=1&status=active")
    assert fields(error) == ["color", "limit", "size", "status"]


def test_elsewhere_unknown_parameters_are_overlooked():
    assert parse(GetDialogue, b"color=red&messages=3").messages == 3


def test_a_parameter_given_twice_must_say_the_same():
    assert parse(OfDialogue, b"namespace=a&namespace=a").namespace == "a"
    with pytest.raises(InvalidRequest) as error:
        parse(OfDialogue, b"namespace=a&namespace=b")
    assert fields(error) == ["namespace"]


@pytest.mark.parametrize("query", [b"namespace=%ff", b"namespace=\xff", b"dialogueId=%ED%A0%80"])
def test_bytes_that_are_no_text_are_refused(query):
    with pytest.raises(InvalidRequest):
        parse(OfDialogue, query)


def test_created_wins_over_both_dates():
    query = parse(ListDialogues, b"created=2026-06&startDate=2020-01-01&endDate=2020-01-02")
    assert query.span() == TimeRange(lower="2026-06", upper="2026-06~")


def test_bad_dates_are_named_together():
    with pytest.raises(InvalidRequest) as error:
        parse(ListDialogues, b"startDate=soon&endDate=2025-13-01").span()
    assert fields(error) == ["endDate", "startDate"]


def test_tags_are_the_same_in_any_order():
    first, again = (parse(ListDialogues, query) for query in (b"tags=b,a,b", b"tags=a&tags=b"))
    assert first.any_of() == again.any_of() == ("a", "b")


def test_a_later_page_tells_what_it_says_itself():
    assert repeated(parse(ListDialogues, b"order=asc")) == {}
    assert repeated(parse(ListDialogues, b"next=x&order=asc&limit=3")) == {"order": "order"}


def test_every_namespace_that_is_named_is_found():
    assert values_of(b"namespace=a&x=1&namespace=b&name%73pace=c", "namespace") == {"a", "b", "c"}
