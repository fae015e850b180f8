"""Asked for k, k come back whenever k match the filters, however rare those are."""

from typing import Any

import pytest

from .making import new_dialogue, new_messages
from .searching import MODES, found, found_by_query

MESSAGES = 20_000
BATCH = 1_000
RARE = (7, 13_131)  # two of twenty thousand


def message(number):
    """Return one of many messages that say much the same; a few are unlike the others."""
    rare = number in RARE
    return {
        "id": f"m{number}",
        "content": f"hello, this is about parcel {number}",
        "role": "tool" if rare else "user",
        "tags": ["rare"] if rare else ["common"],
        "metadata": {"rare": rare, "number": number, "group": number % 3},
        "created": "2020-01-01" if rare else "2025-01-01",
    }


@pytest.fixture(scope="module")
def project(request):
    """One project for all of these tests."""
    made = request.getfixturevalue("operator").post("/admin/projects", json={"name": "rare"})
    return made.json()


@pytest.fixture(scope="module")
def api(server, project):
    with server.client(project["key"]) as client:
        for start in range(0, MESSAGES, BATCH):
            dialogue = f"d{start}"
            new_dialogue(client, id=dialogue, namespace=f"ns{start}")
            batch = [message(number) for number in range(start, start + BATCH)]
            path = f"/dialogue/{dialogue}/messages"
            client.post(path, params={"namespace": f"ns{start}"}, json=batch).raise_for_status()
        yield client


FILTERS: list[dict[str, Any]] = [
    {"tags": ["rare"]},
    {"tags": {"$nin": ["common"]}},
    {"metadata": {"rare": True}},
    {"metadata": {"rare": {"$ne": False}}},
    {"metadata": {"number": {"$in": list(RARE)}}},
    {"metadata": {"number": {"$in": list(RARE)}, "group": {"$gte": 0}}},
    {"role": "tool"},
    {"filter": {"created": "2020"}},
    {"filter": {"created": {"lt": "March 2021"}}},
]


COMMON: list[dict[str, Any]] = [
    {"metadata": {"group": 1}},
    {"metadata": {"number": {"$gte": 19_900}}},
    {"tags": ["common"]},
    {"namespace": "ns3000"},
    {"filter": {"created": "2025"}},
]
NONE: list[dict[str, Any]] = [
    {"tags": ["no"]},
    {"metadata": {"number": -1}},
    {"filter": {"created": "1999"}},
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_what_one_in_ten_thousand_matches_is_found(mode, filters, api):
    rare = {f"m{number}" for number in RARE}
    assert set(found(api, "hello", mode=mode, **filters)) == rare
    assert set(found(api, "hello parcels", mode=mode, limit=2, **filters)) == rare
    if mode != "keyword":  # words that none of them has
        assert set(found(api, "unicorn", mode=mode, **filters)) == rare


@pytest.mark.parametrize("mode", MODES)
def test_as_many_as_asked_for_are_found_where_there_are_more(mode, api):
    for limit in [1, 10, 100]:
        assert len(set(found(api, "hello", mode=mode, limit=limit))) == limit
        for filters in COMMON:
            assert len(set(found(api, "hello", mode=mode, limit=limit, **filters))) == limit


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_the_one_that_says_it_is_found_among_all(mode, api):
    assert found(api, "parcel 13131", mode=mode)[0] == "m13131"
    assert found_by_query(api, "parcel 13131", mode=mode, limit=1) == ["m13131"]


def test_filters_that_nothing_matches_find_nothing(api):
    for filters in NONE:
        assert found(api, "hello", **filters) == []


def test_within_a_namespace_the_same_holds(api):
    for mode in MODES:
        assert found(api, "hello", mode=mode, namespace="ns13000", tags=["rare"]) == ["m13131"]
        assert found(api, "hello", mode=mode, namespace="ns5000", tags=["rare"]) == []


def test_new_messages_are_among_them_at_once(api):
    new_dialogue(api, id="new")
    new_messages(api, "new", {"id": "new", "content": "hello", "tags": ["rare"]})
    for mode in MODES:
        assert "new" in found(api, "hello", mode=mode, tags=["rare"])
    api.delete("/dialogue/new").raise_for_status()
    for mode in MODES:
        assert "new" not in found(api, "hello", mode=mode, tags=["rare"])
