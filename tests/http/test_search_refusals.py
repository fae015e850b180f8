"""Searches that are refused, and hostile ones that are answered as if they were not."""

import json

import pytest

from .checking import details_by_field, done, eventually, refused
from .making import HELLO, new_dialogue, new_key, new_messages, post_bytes
from .searching import MODES, OBJECTS, found, found_by_query, search

LEAST = {"query": "hello", "object": "message"}

pytestmark = pytest.mark.usefixtures("survives")


@pytest.fixture
def talk(api):
    new_dialogue(api, id="d", messages=[{**HELLO, "id": "m"}, {"role": "user", "content": "bye"}])


def ask(api, **fields):
    return api.post("/search", json={**LEAST, **fields})


class TestWhatIsRequired:
    def test_query_and_object_are_missed_together(self, api):
        for answer in [api.post("/search"), api.post("/search", json={}), api.get("/search")]:
            refused(answer, "MISSING_PARAMETER", "query", "object")

    @pytest.mark.parametrize("name", ["query", "object"])
    def test_each_is_missed_alone(self, name, api):
        rest = {key: value for key, value in LEAST.items() if key != name}
        refused(api.post("/search", json=rest), "MISSING_PARAMETER", name)
        refused(api.post("/search", json={**rest, name: None}), "MISSING_PARAMETER", name)
        refused(api.get("/search", params=rest), "MISSING_PARAMETER", name)

    def test_an_empty_query_is_refused(self, api):
        refused(ask(api, query=""), "INVALID_PARAMETER", "query")
        refused(api.get("/search?query=&object=message"), "INVALID_PARAMETER", "query")


class TestLimits:
    @pytest.mark.parametrize("character", ["x", "é", "😀", "x "])
    def test_a_query_of_8192_characters_is_taken_and_no_longer_one(self, character, api, talk):
        query = (character * 8_192)[:8_192]
        for mode in MODES:
            search(api, query, mode=mode)
        refused(ask(api, query=query + "x"), "INVALID_PARAMETER", "query")

    @pytest.mark.parametrize(
        ("name", "most"), [("limit", 100), ("context", 10)], ids=["limit", "context"]
    )
    def test_numbers_have_their_ranges(self, name, most, api, talk):
        done(ask(api, **{name: most}))
        for wrong in [most + 1, -1, 1.5, "1", True, 10**30]:
            refused(ask(api, **{name: wrong}), "INVALID_PARAMETER", name)
        for wrong in [most + 1, -1, "x", "1.5", ""]:
            answer = api.get("/search", params={**LEAST, name: wrong})
            refused(answer, "INVALID_PARAMETER", name)
        refused(ask(api, limit=0), "INVALID_PARAMETER", "limit")

    def test_a_thousand_values_are_taken_and_no_more(self, api, talk):
        values = [f"v{number}" for number in range(1_000)]
        done(ask(api, tags=values, metadata={"k": {"$in": values}}))
        past = [*values, "x"]
        answer = ask(api, tags=past, metadata={"k": {"$in": past}})
        error = refused(answer, "INVALID_PARAMETER")
        assert details_by_field(error) == {"tags": "TOO_LARGE", "metadata.k.$in": "TOO_LARGE"}

    def test_a_hundred_conditions_are_taken_and_no_more(self, api, talk):
        conditions = {f"k{number}": number for number in range(100)}
        done(ask(api, metadata=conditions))
        error = refused(ask(api, metadata={**conditions, "k": 1}), "INVALID_PARAMETER", "metadata")
        assert details_by_field(error) == {"metadata": "TOO_LARGE"}

    def test_a_date_of_a_hundred_characters_is_taken_and_no_longer_one(self, api, talk):
        date = "March 2025".rjust(100)
        done(ask(api, filter={"created": date}))
        refused(ask(api, filter={"created": f" {date}"}), "INVALID_PARAMETER", "filter.created")

    def test_a_huge_list_is_refused_without_much_ado(self, api, talk):
        body = json.dumps({**LEAST, "metadata": {"k": list(range(1_000_000))}}).encode()
        refused(post_bytes(api, "/search", body), "INVALID_PARAMETER", "metadata.k")
        keys = json.dumps({f"{n}": 1 for n in range(300_000)})
        body = b'{"query":"x","object":"message","metadata":%s}' % keys.encode()
        refused(post_bytes(api, "/search", body), "INVALID_PARAMETER", "metadata")
        body = b'{"query":"x","object":"message",%s' % keys[1:].encode()
        refused(post_bytes(api, "/search", body), "INVALID_PARAMETER")


class TestNamesAndValues:
    def test_unknown_names_are_told_wherever_they_are(self, api):
        answer = ask(
            api,
            topK=5,
            filter={"size": 1, "created": {"since": "2025"}},
            metadata={"k": {"$where": "1"}},
            tags={"$or": ["a"]},
        )
        fields = (
            *("topK", "filter.size", "filter.created.since"),
            *("metadata.k.$where", "tags.$or"),
        )
        error = refused(answer, "INVALID_PARAMETER", *fields)
        assert set(details_by_field(error).values()) == {"UNKNOWN"}

    @pytest.mark.parametrize("name", ["topK", "startDate", "next", "created", "$where", "offset"])
    def test_an_unknown_parameter_is_refused_in_both_spellings(self, name, api):
        refused(api.get("/search", params={**LEAST, name: "1"}), "INVALID_PARAMETER", name)
        answer = api.post("/search", params={name: "1"}, json=LEAST)
        refused(answer, "INVALID_PARAMETER", name)

    def test_a_post_reads_no_filters_from_its_query(self, api):
        for name in ["limit", "tags", "mode"]:
            refused(api.post(f"/search?{name}=1", json=LEAST), "INVALID_PARAMETER", name)

    @pytest.mark.parametrize(
        "name",
        [
            f"{noun}{part}"
            for noun in ("created", "modified")
            for part in ("Year", "Month", "Day", "Timestamp")
        ],
    )
    def test_a_retired_name_is_told_what_to_use_now(self, name, api):
        noun = "created" if name.startswith("created") else "modified"
        error = refused(ask(api, filter={name: 2025}), "INVALID_PARAMETER", f"filter.{name}")
        assert f'"{noun}"' in error["message"]
        answer = api.get("/search", params={**LEAST, "filter": json.dumps({name: 2025})})
        refused(answer, "INVALID_PARAMETER", f"filter.{name}")
        for answer in (ask(api, **{name: 1}), api.get("/search", params={**LEAST, name: 1})):
            assert "filter." in refused(answer, "INVALID_PARAMETER", name)["message"]

    @pytest.mark.parametrize(
        ("field", "fields"),
        [
            ("tags", {"tags": []}),
            ("tags", {"tags": {}}),
            ("tags.$in", {"tags": {"$in": []}}),
            ("tags.$all", {"tags": {"$all": "x"}}),
            ("tags", {"tags": "vip"}),
            ("tags[1]", {"tags": ["a", 1]}),
            ("tags[0]", {"tags": ["x" * 65]}),
            ("filter.tags", {"filter": {"tags": []}}),
            ("filter.tags", {"tags": ["a"], "filter": {"tags": ["b"]}}),
            ("filter.created", {"filter": {"created": {}}}),
            ("filter.created", {"filter": {"created": ""}}),
            ("filter.created", {"filter": {"created": 1700000000}}),
            ("filter.created", {"filter": {"created": "when I was young"}}),
            ("filter.created.gte", {"filter": {"created": {"gte": "soon"}}}),
            ("filter.modified", {"filter": {"modified": "2025-13"}}),
            ("filter.hasImage", {"filter": {"hasImage": "true"}}),
            ("filter", {"filter": []}),
            ("metadata", {"metadata": []}),
            ("metadata.k", {"metadata": {"k": []}}),
            ("metadata.k", {"metadata": {"k": {}}}),
            ("metadata.k.a", {"metadata": {"k": {"a": 1}}}),
            ("metadata.k.$in", {"metadata": {"k": {"$in": []}}}),
            ("metadata.k.$eq", {"metadata": {"k": {"$eq": {"a": 1}}}}),
            ("metadata.k.$gt", {"metadata": {"k": {"$gt": True}}}),
            ("metadata.k.$gt", {"metadata": {"k": {"$gt": None}}}),
            ("metadata.namespace", {"metadata": {"namespace": "a\u0000b"}}),
            ("timezone", {"timezone": "Mars/Olympus"}),
            ("timezone", {"timezone": "../../../etc/passwd"}),
            ("object", {"object": "summary"}),
            ("mode", {"mode": "exact"}),
            ("orderBy", {"orderBy": "lastMessageCreated"}),
            ("order", {"order": "up"}),
            ("explain", {"explain": "yes"}),
            ("role", {"role": ""}),
            ("dialogueId", {"dialogueId": "a/b"}),
            ("namespace", {"namespace": "a\u0000b"}),
        ],
        ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:50],
    )
    def test_a_value_that_is_none_is_refused(self, field, fields, api):
        refused(ask(api, **fields), "INVALID_PARAMETER", field)
        if all(not isinstance(value, list) for value in fields.values()) and "tags" not in fields:
            params = {
                name: json.dumps(value) if isinstance(value, dict) else value
                for name, value in fields.items()
            }
            refused(api.get("/search", params={**LEAST, **params}), "INVALID_PARAMETER", field)

    def test_a_date_nobody_understands_is_told_examples(self, api):
        error = refused(ask(api, filter={"created": "whenever"}), "INVALID_PARAMETER")
        assert "last week" in error["message"]
        assert "March 2025" in error["message"]

    @pytest.mark.parametrize(
        ("field", "fields"),
        [
            ("filter.\\ud800", '"filter": {"\\ud800": 1}'),
            ("filter.created.a\\udfff", '"filter": {"created": {"a\\udfff": "2025"}}'),
            ("\\udc00\\ud800", '"\\udc00\\ud800": 1'),
            ("filter." + "x" * 256, f'"filter": {{"{"x" * 60_000}": 1}}'),
        ],
        ids=["filter", "created", "body", "long"],
    )
    def test_a_name_that_is_no_text_or_long_is_shown_as_far_as_it_can_be(self, field, fields, api):
        answers = [api.post("/search", content=f"{json.dumps(LEAST)[:-1]}, {fields}}}")]
        if fields.startswith('"filter"'):
            params = {**LEAST, "filter": fields.partition(": ")[2]}
            answers.append(api.get("/search", params=params))
        for answer in answers:
            error = refused(answer, "INVALID_PARAMETER", field)
            assert error["message"] == f"{field} is not supported here"
            assert len(answer.content) < 2_000

    def test_both_dates_are_told(self, api):
        answer = ask(api, filter={"created": "whenever", "modified": {"lt": "then", "gt": "2025"}})
        refused(answer, "INVALID_PARAMETER", "filter.created", "filter.modified.lt")

    def test_empty_filters_ask_nothing(self, api, talk):
        assert found(api, "hello", filter={}, metadata={}) == found(api, "hello")
        assert found_by_query(api, "hello", filter={}, metadata={}) == found(api, "hello")


class TestJson:
    @pytest.mark.parametrize("body", [b"{", b"[", b"nope", b'{"query":NaN}', b'{"a":1}x', b"\xff"])
    def test_a_body_that_is_none_is_refused(self, body, api):
        refused(post_bytes(api, "/search", body), "INVALID_JSON")

    @pytest.mark.parametrize("body", [b"[]", b"1", b'"hello"', b"null", b"true"])
    def test_a_body_that_is_no_object_is_refused(self, body, api):
        assert post_bytes(api, "/search", body).status_code == 400

    @pytest.mark.parametrize("name", ["filter", "metadata"])
    @pytest.mark.parametrize(
        "text",
        [
            *("", "{", "x", "[", "null,", '{"a":NaN}', "[]", "1", '"x"', "{'a':1}"),
            *("[" * 500, '{"a":' * 200 + "1" + "}" * 200, '{"\\ud800":1}', '{"a":"\\udfff"}'),
        ],
    )
    def test_text_that_is_none_is_refused(self, name, text, api):
        answer = api.get("/search", params={**LEAST, name: text})
        error = refused(answer, "INVALID_PARAMETER")
        assert {detail["field"].split(".")[0] for detail in error["details"]} == {name}

    def test_deep_nesting_is_refused(self, api):
        for depth in [200, 100_000]:
            deep = b'{"a":' * depth + b"1" + b"}" * depth
            for name in (b"metadata", b"filter", b"tags"):
                body = b'{"query":"x","object":"message","%s":%s}' % (name, deep)
                assert post_bytes(api, "/search", body).status_code == 400

    def test_half_a_character_is_refused(self, api):
        for field in (b"query", b"namespace", b"role"):
            body = b'{"object":"message","query":"x","%s":"\\ud83d"}' % field
            refused(post_bytes(api, "/search", body), "INVALID_PARAMETER", field.decode())

    def test_a_name_that_comes_twice_is_read_once(self, api, talk):
        body = b'{"query":"x","query":"hello","object":"memory","object":"message"}'
        assert len(done(post_bytes(api, "/search", body))["items"]) == 2


class TestQueriesThatLookLikeSyntax:
    @pytest.mark.parametrize(
        "query",
        [
            *('"', '""', '"hello', "hello*", "*", "^hello", "hel*lo", "-hello", "+hello"),
            *("NEAR(hello bye)", "NEAR(hello, 5)", "NEAR", "hello AND bye", "AND", "OR", "NOT"),
            *("hello OR", "NOT hello", "words:hello", "{words}:hello", "-words:hello", "(", "())"),
            *("hello; DROP TABLE messages", "' OR 1=1 --", "%", "_", "\\", "\u0000", "a\u0000b"),
            *("zp1", "zs1 zp1", "zi1", "zt123", "rowid", "hello\nbye", "\u202ehello", "'hello'"),
            *("🎉", "𝒽𝑒𝓁𝓁ℴ", "h\u0301ello", "a" * 8_192, "a " * 4_096, "?" * 8_192),
        ],
        ids=lambda query: ascii(query)[:30],
    )
    def test_they_are_only_words(self, query, api, talk):
        for of in OBJECTS:
            for mode in MODES:
                search(api, query, of, mode=mode, explain=True)

    @pytest.mark.parametrize(
        "query", ["hello AND unicorn", "hello -bye", "NEAR(hello)", "words:hello", '"hello x"']
    )
    def test_operators_have_no_power(self, query, api, talk):
        assert "m" in found(api, query, mode="keyword")

    @pytest.mark.parametrize("query", ["zp1", "zs1", "zi1", "zr1", "zt1 zm1"])
    def test_no_query_reaches_the_marks_in_the_index(self, query, api, talk):
        new_messages(api, "d", {"id": "said", "content": query})
        assert found(api, query, mode="keyword") == ["said"]


class TestPrecedence:
    @pytest.fixture
    def bound(self, api, client_of):
        return client_of(new_key(api, scope="read", namespace="ns")["key"])

    def test_the_method_and_the_key_come_first(self, nobody, api):
        refused(nobody.put("/search", json={}), "METHOD_NOT_ALLOWED")
        assert set(nobody.put("/search").headers["Allow"].split(", ")) >= {"GET", "POST"}
        refused(nobody.post("/search", content=b"{"), "UNAUTHORIZED")
        refused(nobody.get("/search?limit=0"), "UNAUTHORIZED")

    def test_another_namespace_comes_before_broken_parameters(self, bound):
        for body in [{"namespace": "x"}, {"metadata": {"namespace": "x"}, "limit": 0, "top": 1}]:
            refused(bound.post("/search", json=body), "FORBIDDEN")
        refused(bound.get("/search?namespace=x&limit=0"), "FORBIDDEN")
        refused(
            bound.get('/search?metadata={"namespace":"x"}&filter={&query=q&object=message'),
            "FORBIDDEN",
        )

    def test_json_comes_before_parameters(self, api):
        refused(post_bytes(api, "/search?top=1", b'{"limit":0'), "INVALID_JSON")
        refused(post_bytes(api, "/search", b'{"limit":0,"tags":[],}'), "INVALID_JSON")

    def test_a_used_up_quota_comes_last(self, api):
        used = done(api.get("/admin/usage"))["requests"]
        done(api.put("/admin/settings", json={"quotas": {"requests": used + 1}}))
        eventually(lambda: ask(api).status_code == 429)
        refused(ask(api), "QUOTA_EXCEEDED")
        refused(api.get("/search", params=LEAST), "QUOTA_EXCEEDED")
        refused(ask(api, limit=0), "INVALID_PARAMETER")
        done(api.put("/admin/settings", json={"quotas": {"requests": None}}))
