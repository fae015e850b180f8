"""Any list by any filters, in any order and page size, held against filtering by hand."""

from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http.checking import done
from tests.http.making import new_dialogue, walk

TIMES = [
    "2024-12-31T23:59:59.999Z",
    "2025-01-01T00:00:00.000Z",
    "2025-01-01T12:00:00.000Z",
    "2025-02-01T00:00:00.000Z",
]
items = st.lists(
    st.fixed_dictionaries(
        {
            "created": st.sampled_from(TIMES),
            "tags": st.sets(st.sampled_from("abc")).map(sorted),
            "namespace": st.sampled_from([None, "n", "m"]),
            "role": st.sampled_from(["user", "tool"]),
        }
    ),
    max_size=12,
)
queries = st.lists(
    st.fixed_dictionaries(
        {"order": st.sampled_from(["asc", "desc"]), "limit": st.integers(1, 5)},
        optional={
            "tags": st.sampled_from(["a", "b,c", "z"]),
            "namespace": st.sampled_from(["", "n", "z"]),
            "created": st.sampled_from(["2025", "2025-01", "2025-01-01", "2024-12-31T23", "1999"]),
            "startDate": st.sampled_from([*TIMES, "2025-01-01"]),
            "endDate": st.sampled_from([*TIMES, "2024-12-31", "2025-01-01"]),
            "role": st.just("tool"),
        },
    ),
    max_size=4,
)


def fits(item: dict[str, Any], query: dict[str, Any]) -> bool:
    """Say whether a list by this query shows this item."""
    end = query.get("endDate", "9")
    end += "T23:59:59.999Z" if len(end) == len("2025-01-01") else ""
    in_time = (
        item["created"].startswith(query["created"])
        if "created" in query
        else query.get("startDate", "") <= item["created"] <= end
    )
    in_tags = "tags" not in query or set(query["tags"].split(",")) & set(item["tags"])
    in_namespace = query.get("namespace", item["namespace"] or "") == (item["namespace"] or "")
    in_role = query.get("role", item["role"]) == item["role"]
    return bool(in_time and in_tags and in_namespace and in_role)


def without(things: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the rest."""
    return {name: thing for name, thing in things.items() if name not in names}


def check(api: httpx.Client, path: str, made: list[dict[str, Any]], query: dict[str, Any]) -> None:
    """Compare the pages of a list with the items that fit, ordered by time and name."""
    expected = [(one["created"], one["id"]) for one in made if fits(one, query)]
    expected.sort(reverse=query["order"] == "desc")
    assert [(item["created"], item["id"]) for item in walk(api, path, **query)] == expected


@settings(max_examples=40)
@given(items=items, queries=queries)
def test_lists_are_what_filtering_by_hand_gives(items, queries, new_project, client_of):
    api = client_of(new_project().key)
    made = [{**item, "id": f"i{number:02}"} for number, item in enumerate(items)]
    here = [{**item, "namespace": None} for item in made]
    for item in made:
        done(api.post("/dialogue", json=without(item, "role")))
        done(api.post("/memory", json={**without(item, "role"), "value": 1}))
    for query in queries:
        for path in ["/dialogue", "/memory"]:
            check(api, path, made, without(query, "role"))
    new_dialogue(api, id="d")
    batch = [{**without(item, "namespace"), "content": "c"} for item in made]
    done(api.post("/dialogue/d/messages", json=batch))
    for query in queries:
        check(api, "/dialogue/d/messages", here, without(query, "namespace"))
