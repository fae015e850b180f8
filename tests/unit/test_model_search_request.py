"""Searches as they are received: what is read from them, and what is refused."""

import json

import pytest
from hypothesis import strategies as st

from dialoguedb.errors import InvalidRequest
from dialoguedb.model.search import Condition, TagFilter
from dialoguedb.model.search_request import SearchInput
from dialoguedb.values.decoding import decode
from dialoguedb.values.rawjson import prepare

LEAST = {"query": "q", "object": "message"}


def accepted(**fields):
    """Return the search that is read from a body."""
    return read(json.dumps({**LEAST, **fields}).encode()).search


def read(body):
    sent = decode(SearchInput, prepare(body)).with_namespace_of_metadata()
    namespace = sent.namespace if isinstance(sent.namespace, str) else None
    return sent.validate(namespace, None)


def refused(*fields, **body):
    """Check that a body is refused for these fields and return what is said, by field."""
    with pytest.raises(InvalidRequest) as error:
        read(json.dumps({**LEAST, **body}).encode())
    details = {detail.field: detail for detail in error.value.details}
    assert set(fields) == details.keys()
    return details


class TestWhatIsLeftOut:
    def test_the_rest_has_defaults(self):
        search = accepted()
        assert (search.limit, search.mode, search.context) == (10, "hybrid", 0)
        assert (search.order_by, search.order) == ("relevance", "desc")
        assert search.filter.namespace is search.filter.has_image is search.filter.role is None

    def test_null_is_the_same_as_leaving_out(self):
        optional = [name for name in SearchInput.__struct_encode_fields__ if name not in LEAST]
        assert accepted(**dict.fromkeys(optional)) == accepted()
        empty = {"created": None, "modified": None, "hasImage": None, "tags": None}
        assert accepted(filter=empty) == accepted()

    def test_empty_objects_of_filters_ask_nothing(self):
        assert accepted(filter={}, metadata={}) == accepted()

    def test_what_is_required_is(self):
        with pytest.raises(InvalidRequest) as error:
            decode(SearchInput, b'{"query":null}')
        assert error.value.code == "MISSING_PARAMETER"
        assert [detail.field for detail in error.value.details] == ["query", "object"]


class TestTags:
    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            (["a", "b"], TagFilter(any_of=("a", "b"))),
            ({"$in": ["a"]}, TagFilter(any_of=("a",))),
            (
                {"$in": ["a"], "$all": ["b", "c"], "$nin": ["d"]},
                TagFilter(("a",), ("b", "c"), ("d",)),
            ),
        ],
    )
    def test_they_are_read_from_either_place(self, sent, expected):
        assert accepted(tags=sent).filter.tags == expected
        assert accepted(filter={"tags": sent}).filter.tags == expected
        assert accepted(tags=sent, filter={"tags": sent}).filter.tags == expected

    def test_two_places_agree(self):
        refused("filter.tags", tags=["a"], filter={"tags": ["b"]})

    @pytest.mark.parametrize("wrong", [[], {}, "vip", 1, True, [1], [None], [["a"]], ["x" * 65]])
    def test_anything_else_is_refused(self, wrong):
        details = refused(*refusals(tags=wrong), tags=wrong)
        assert all(field.startswith("tags") for field in details)
        assert all(field.startswith("filter.tags") for field in refusals(filter={"tags": wrong}))

    @pytest.mark.parametrize("operator", ["$in", "$all", "$nin"])
    @pytest.mark.parametrize("wrong", [[], {}, "vip", None, [1], ["x" * 65]])
    def test_so_it_is_in_operators(self, operator, wrong):
        assert all(
            field.startswith(f"tags.{operator}") for field in refusals(tags={operator: wrong})
        )

    @pytest.mark.parametrize("operator", ["$eq", "$or", "in", "", "$where"])
    def test_there_are_no_other_operators(self, operator):
        details = refused(f"tags.{operator}", tags={operator: ["a"]})
        assert details[f"tags.{operator}"].code == "UNKNOWN"

    @pytest.mark.parametrize("operator", ["$in", "$all", "$nin"])
    def test_a_thousand_are_taken_and_no_more(self, operator):
        tags = [f"{number:064}" for number in range(1_000)]
        accepted(tags={operator: tags})
        details = refused(f"tags.{operator}", tags={operator: [*tags, "x"]})
        assert details[f"tags.{operator}"].code == "TOO_LARGE"


def refusals(**body):
    """Return the fields for which a body is refused."""
    with pytest.raises(InvalidRequest) as error:
        read(json.dumps({**LEAST, **body}).encode())
    assert error.value.code == "INVALID_PARAMETER"
    return [detail.field for detail in error.value.details]


class TestMetadata:
    @pytest.mark.parametrize(
        ("sent", "conditions"),
        [
            ("x", [("$in", ("x",))]),
            (1, [("$in", (1,))]),
            (1.5, [("$in", (1.5,))]),
            (True, [("$in", (True,))]),
            (None, [("$in", (None,))]),
            (2**80, [("$in", (2**80,))]),
            (["x", 1, None], [("$in", ("x", 1, None))]),
            ({"$eq": None}, [("$in", (None,))]),
            ({"$ne": "x"}, [("$nin", ("x",))]),
            ({"$in": [1, "1", True]}, [("$in", (1, "1", True))]),
            ({"$nin": [1]}, [("$nin", (1,))]),
            ({"$gt": 1, "$lte": 2.5}, [("$gt", (1,)), ("$lte", (2.5,))]),
            ({"$gte": "a", "$lt": "b"}, [("$gte", ("a",)), ("$lt", ("b",))]),
        ],
    )
    def test_values_lists_and_operators_become_conditions(self, sent, conditions):
        found = accepted(metadata={"key": sent}).filter.metadata
        assert found == tuple(Condition("key", name, values) for name, values in conditions)
        assert [list(map(type, one.values)) for one in found] == [
            list(map(type, values)) for _, values in conditions
        ]

    def test_a_key_may_be_anything(self):
        keys = ["", "a.b", "$where", "x') OR 1=1 --", '"', "a\u0000b", "é" * 300, "__proto__"]
        found = accepted(metadata=dict.fromkeys(keys, 1)).filter.metadata
        assert [condition.key for condition in found] == keys

    @pytest.mark.parametrize(
        "wrong",
        [
            *({}, [], {"a": 1}, {"$eq": {}}, {"$eq": [1]}, {"$ne": {"a": 1}}, [[1]], [{}], [1, []]),
            *({"$in": []}, {"$nin": []}, {"$in": 1}, {"$in": None}, {"$in": [[]]}, {"$in": {}}),
            *({"$gt": True}, {"$gte": None}, {"$lt": [1]}, {"$lte": {}}, {"$gt": {"$gt": 1}}),
            *({"$where": "1"}, {"$regex": ".*"}, {"$or": []}, {"in": [1]}, {"$IN": [1]}, {"": 1}),
        ],
    )
    def test_anything_else_is_refused(self, wrong):
        assert all(field.startswith("metadata.key") for field in refusals(metadata={"key": wrong}))

    @pytest.mark.parametrize("wrong", [1, "x", [], [{}], True])
    def test_it_is_an_object(self, wrong):
        refused("metadata", metadata=wrong)

    def test_a_number_past_all_limits_is_refused(self):
        with pytest.raises(InvalidRequest, match="metadata"):
            read(b'{"query":"q","object":"message","metadata":{"n":1e999}}')

    def test_half_a_character_is_refused(self):
        for part in [b'"metadata":{"n":"\\ud800"}', b'"metadata":{"\\udc00":1}']:
            with pytest.raises(InvalidRequest, match="well-formed"):
                read(b'{"query":"q","object":"message",%s}' % part)

    def test_a_thousand_values_are_taken_and_no_more(self):
        values = list(range(1_000))
        for condition in (values, {"$in": values}, {"$nin": values}):
            accepted(metadata={"n": condition})
        for condition in ([*values, 0], {"$in": [*values, 0]}, {"$nin": [*values, 0]}):
            assert len(refusals(metadata={"n": condition})) == 1

    def test_a_hundred_conditions_are_taken_and_no_more(self):
        conditions = {f"key{number}": {"$gte": 1, "$lt": 9} for number in range(50)}
        assert len(accepted(metadata=conditions).filter.metadata) == 100
        details = refused("metadata", metadata={**conditions, "one more": 1})
        assert details["metadata"].code == "TOO_LARGE"

    def test_a_long_key_is_not_told_whole(self):
        [field] = refusals(metadata={"k" * 100_000: {}})
        assert len(field) < 300


class TestTheNamespace:
    def test_a_text_in_metadata_is_taken_when_there_is_no_other(self):
        search = accepted(metadata={"namespace": "ns", "n": 1})
        assert search.filter.namespace == "ns"
        assert search.filter.metadata == (Condition("n", "$in", (1,)),)
        assert accepted(namespace=None, metadata={"namespace": "ns"}).filter.namespace == "ns"
        assert accepted(metadata={"namespace": ""}).filter.namespace == ""

    def test_beside_another_it_is_metadata_like_any(self):
        for namespace in ["ns", ""]:
            search = accepted(namespace=namespace, metadata={"namespace": "x"})
            assert search.filter.namespace == namespace
            assert search.filter.metadata == (Condition("namespace", "$in", ("x",)),)

    @pytest.mark.parametrize("value", [["ns"], {"$eq": "ns"}, 1, None])
    def test_what_is_no_text_is_metadata_too(self, value):
        search = accepted(metadata={"namespace": value})
        assert search.filter.namespace is None
        assert search.filter.metadata[0].key == "namespace"

    @pytest.mark.parametrize("name", ["a\u0000b", "x" * 257])
    def test_it_has_the_limits_of_one(self, name):
        refused("metadata.namespace", metadata={"namespace": name})


class TestNamesThatAreNotThere:
    def test_each_is_told(self):
        details = refused(
            *("top", "filter.size", "filter.created.from"),
            top=1,
            filter={"size": 1, "created": {"from": "2025"}},
        )
        assert {detail.code for detail in details.values()} == {"UNKNOWN"}

    @pytest.mark.parametrize("noun", ["created", "modified"])
    @pytest.mark.parametrize("part", ["Year", "Month", "Day", "Timestamp"])
    def test_a_retired_one_is_told_its_replacement(self, noun, part):
        details = refused(f"filter.{noun}{part}", filter={noun + part: 2025})
        assert f'{{"{noun}": "2025-03"}}' in details[f"filter.{noun}{part}"].message
        details = refused(noun + part, **{noun + part: 2025})
        assert f"filter.{noun}" in details[noun + part].message


class TestDates:
    @pytest.mark.parametrize("wrong", [1, 1.5, True, [], ["2025"], {"gte": 1}, {"$gte": "2025"}])
    def test_they_are_text_or_ranges_of_text(self, wrong):
        for noun in ["created", "modified"]:
            assert all(
                field.startswith(f"filter.{noun}") for field in refusals(filter={noun: wrong})
            )

    def test_a_hundred_characters_are_taken_and_no_more(self):
        accepted(filter={"created": "x" * 100, "modified": {"gte": "x" * 100}})
        refused("filter.created", filter={"created": "x" * 101})
        refused("filter.modified.gte", filter={"modified": {"gte": "x" * 101}})

    @pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc", "+01:00", 1])
    def test_a_zone_that_is_not_there_is_refused(self, name):
        refused("timezone", timezone=name)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$in", "$all", "$gt", "$eq", "created", "gte", "tags", "namespace"])
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("name", "taken", "not_taken"),
    [
        ("query", ["x", "é" * 8_192, " ", "\u0000"], ["", "x" * 8_193, 1, ["x"]]),
        ("object", ["message", "dialogue", "memory"], ["messages", "", 1]),
        ("limit", [1, 100], [0, 101, -1, "10", 1.5, True]),
        ("context", [0, 10], [-1, 11, "1"]),
        ("mode", ["hybrid", "semantic", "keyword"], ["vector", ""]),
        ("orderBy", ["relevance", "created", "modified"], ["seq", ""]),
        ("order", ["asc", "desc"], ["ascending", ""]),
        ("explain", [True, False], ["true", 1]),
        ("role", ["user", "x" * 256], ["", "x" * 257, 1]),
        ("dialogueId", ["d", "x" * 256], ["", "x" * 257, "a/b", ".."]),
        ("namespace", ["", "x" * 256], ["x" * 257, "a\u0000b", 1]),
        ("timezone", ["UTC", "Europe/Berlin"], ["x" * 257]),
        ("filter", [{"hasImage": True}], [[], "x", {"hasImage": "true"}, {"hasImage": 1}]),
    ],
)
def test_each_field_has_its_values(name, taken, not_taken):
    for value in taken:
        accepted(**{name: value})
    for value in not_taken:
        assert all(field.startswith(name) for field in refusals(**{name: value}))
