"""Page tokens: sealed for a project and a list, carrying what was asked for."""

import re

import pytest

from dialoguedb.errors import Forbidden, InvalidRequest
from dialoguedb.model.dialogues import DialogueFilter
from dialoguedb.model.memories import MemoryFilter
from dialoguedb.service.pages import ListRequest, PageRequest, PageTokens
from dialoguedb.values.lists import Slice, TimeRange

SCOPE = "dialogues project-1"
AFTER = ("2026-01-01", "d", 7)
FILTER = DialogueFilter(namespace="ns", tags=("t",), created=TimeRange("2026", "2026~"))
BARE = ListRequest(DialogueFilter(), "desc", limit=9)
PAGES = PageTokens(b"s" * 32)
TOKEN = PAGES.page(SCOPE, ListRequest(FILTER, "asc", limit=2), Slice([1], AFTER)).next


def test_a_token_needs_no_encoding():
    assert re.fullmatch(r"[A-Za-z0-9_-]+", TOKEN or "")


def test_a_last_page_has_none():
    assert PAGES.page(SCOPE, BARE, Slice([1])).next is None


def test_it_alone_brings_back_everything_but_the_limit():
    listing = PAGES.resume(SCOPE, PageRequest(BARE, next=TOKEN))
    assert (listing.filter, listing.order, listing.after) == (FILTER, "asc", AFTER)
    assert listing.limit == 9


def test_another_server_on_the_same_data_opens_it():
    assert PageTokens(b"s" * 32).resume(SCOPE, PageRequest(BARE, next=TOKEN)).filter == FILTER


@pytest.mark.parametrize("scope", ["dialogues project-2", "memories project-1", SCOPE + "x"])
def test_it_is_foreign_elsewhere(scope):
    with pytest.raises(InvalidRequest):
        PAGES.resume(scope, PageRequest(BARE, next=TOKEN))


def test_it_is_foreign_to_other_data():
    with pytest.raises(InvalidRequest):
        PageTokens(b"t" * 32).resume(SCOPE, PageRequest(BARE, next=TOKEN))


def test_one_of_a_release_with_other_filters_is_refused():
    theirs = ListRequest(DialogueFilter(order_by="lastMessageCreated"), "asc")
    token = PAGES.page(SCOPE, theirs, Slice([1], AFTER)).next
    with pytest.raises(InvalidRequest):
        PAGES.resume(SCOPE, PageRequest(ListRequest(MemoryFilter(), "asc"), next=token))


@pytest.mark.parametrize(
    "change", [lambda t: t + "=", lambda t: t + "!", lambda t: "é" + t, str.swapcase]
)
def test_no_other_spelling_opens(change):
    assert TOKEN
    with pytest.raises(InvalidRequest):
        PAGES.resume(SCOPE, PageRequest(BARE, next=change(TOKEN)))


def test_what_is_said_again_must_agree():
    agreeing = PageRequest(
        ListRequest(FILTER, "asc"),
        {"tags": "filter.tags", "order": "order", "startDate": "filter.created.lower"},
        TOKEN,
    )
    assert PAGES.resume(SCOPE, agreeing).filter == FILTER
    with pytest.raises(InvalidRequest) as error:
        PAGES.resume(SCOPE, PageRequest(BARE, {"tags": "filter.tags", "order": "order"}, TOKEN))
    assert [detail.field for detail in error.value.details] == ["tags", "order"]


@pytest.mark.parametrize("bound", ["other", ""])
def test_a_key_bound_to_another_namespace_is_forbidden(bound):
    with pytest.raises(Forbidden):
        PAGES.resume(SCOPE, PageRequest(BARE, next=TOKEN, bound=bound))
    assert PAGES.resume(SCOPE, PageRequest(BARE, next=TOKEN, bound="ns")).filter == FILTER
