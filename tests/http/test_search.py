"""Search: what is found, and how it is shown."""

import pytest

from .checking import done, refused
from .making import HELLO, new_dialogue, new_memory, new_message, new_messages
from .searching import MODES, OBJECTS, found, found_by_query, search

BILLING = "The invoice charged me twice"
WEATHER = "It rains a lot in Bergen"
SHARES = {"semantic", "keyword", "neighbours"}


@pytest.fixture
def talk(api):
    """One dialogue in which money and weather are spoken of."""
    new_dialogue(api, id="d", label="Kitchen renovation", tags=["home"])
    new_messages(
        api,
        "d",
        {"id": "hi", "content": "Good morning"},
        {"id": "money", "content": BILLING},
        {"id": "sorry", "content": "Sorry, I refund it", "role": "assistant"},
        {"id": "rain", "content": WEATHER},
        {"id": "bye", "content": "Thanks, bye"},
    )


class TestTheRequest:
    def test_a_query_and_an_object_are_enough(self, api, talk):
        body = search(api, "invoice")
        assert body["items"][0]["id"] == "money"
        assert body["request"] == {
            "orderBy": "relevance",
            "order": "desc",
            "candidateOrderBy": "relevance",
        }

    @pytest.mark.parametrize("prefix", ["", "/api/v1", "//api/v1"])
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_is_served_at_every_prefix_in_both_spellings(self, prefix, slash, api, talk):
        url = f"{str(api.base_url).rstrip('/')}{prefix}/search{slash}"
        request = {"query": "invoice", "object": "message", "limit": 1}
        assert done(api.post(url, json=request)) == done(api.get(url, params=request))

    def test_the_body_is_json_whatever_it_is_called(self, api, talk):
        body = b'{"query":"invoice","object":"message"}'
        for kind in ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded"]:
            answer = api.post("/search", content=body, headers={"Content-Type": kind})
            assert done(answer)["items"][0]["id"] == "money"

    @pytest.mark.parametrize("of", OBJECTS)
    @pytest.mark.parametrize("mode", MODES)
    def test_where_nothing_is_nothing_is_found(self, of, mode, api):
        body = search(api, "anything", of, mode=mode)
        assert body["items"] == body["results"] == []

    @pytest.mark.parametrize("mode", MODES)
    def test_what_is_less_relevant_than_asked_for_is_left_out(self, mode, api, talk):
        every = {
            one["item"]["id"]: one["relevance"]
            for one in search(api, "invoice", mode=mode)["results"]
        }
        for least in {0, 1, *every.values()}:
            kept = [name for name, relevance in every.items() if relevance >= least]
            assert found(api, "invoice", mode=mode, minRelevance=least) == kept
            assert found_by_query(api, "invoice", mode=mode, minRelevance=least) == kept

    @pytest.mark.parametrize("least", [-0.1, 1.1, "much", True])
    def test_a_relevance_is_0_to_1(self, least, api):
        request = {"query": "x", "object": "message", "minRelevance": least}
        refused(api.post("/search", json=request), "INVALID_PARAMETER", "minRelevance")

    @pytest.mark.parametrize("limit", [1, 2, 5])
    def test_the_limit_is_how_many_are_found(self, limit, api, talk):
        assert len(found(api, "invoice", limit=limit)) == limit

    def test_without_a_limit_ten_are_found(self, api):
        new_dialogue(api, id="d", messages=[{**HELLO, "content": f"n{n}"} for n in range(12)])
        assert len(found(api, "hello")) == 10
        assert len(found(api, "hello", limit=100)) == 12


class TestMessages:
    @pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
    def test_the_very_words_of_a_message_find_it_first(self, mode, api):
        texts = ["good morning", "red", "the pump pressure alarm is E17 today", "blue", "bye now"]
        new_dialogue(api, id="a", messages=[{"role": "user", "content": text} for text in texts])
        other = {"role": "user", "content": "pump pressure alarm E17"}
        new_dialogue(api, id="b", messages=[other])
        best = search(api, texts[2], mode=mode)["items"][0]
        assert best["content"] == texts[2]

    @pytest.mark.parametrize("mode", ["hybrid", "keyword"])
    def test_they_are_found_by_their_words_in_any_form(self, mode, api, talk):
        for query in ["invoice", "INVOICES", "invoicing?", "was the charge on an invoice"]:
            assert found(api, query, mode=mode)[0] == "money"

    @pytest.mark.parametrize("mode", ["hybrid", "semantic"])
    def test_they_are_found_by_meaning_without_a_word_in_common(self, mode, api, talk):
        assert found(api, "billing issue", mode=mode, limit=2)[0] in {"money", "sorry"}
        assert found(api, "wet climate of Norway", mode=mode)[0] == "rain"

    def test_by_words_only_those_with_one_are_found(self, api, talk):
        assert found(api, "invoice unicorn", mode="keyword") == ["money"]
        assert found(api, "unicorn", mode="keyword") == []

    @pytest.mark.parametrize("mode", ["hybrid", "semantic"])
    def test_by_meaning_as_many_are_found_as_there_are(self, mode, api, talk):
        assert len(found(api, "unicorn", mode=mode)) == 5

    def test_they_are_shown_whole_with_their_dialogue(self, api, talk):
        item = search(api, "invoice", limit=1)["items"][0]
        assert item == done(api.get("/dialogue/d/message/money"))
        assert item["dialogueId"] == "d"

    def test_their_structure_is_searched_by_its_text(self, api):
        new_dialogue(api, id="d")
        parts = [
            {"type": "text", "text": "Where is the zeppelin museum"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
        ]
        use = {
            "type": "tool_use",
            "id": "1",
            "name": "lookup",
            "input": {"city": "Friedrichshafen"},
        }
        new_messages(api, "d", {"id": "a", "content": parts}, {"id": "b", "content": [use]})
        assert found(api, "zeppelin", mode="keyword") == ["a"]
        assert found(api, "friedrichshafen", mode="keyword") == ["b"]
        assert found(api, "AAAA", mode="keyword") == []


class TestDialogues:
    def test_they_are_found_through_their_messages(self, api, talk):
        new_dialogue(api, id="other", message={**HELLO, "content": "Knitting a scarf"})
        body = search(api, "invoice charged twice", "dialogue")
        assert body["items"][0]["id"] == "d"
        match, *_ = body["results"][0]["matches"]
        assert match["object"] == "message"
        assert match["item"] == done(api.get("/dialogue/d/message/money"))
        assert 0 < match["relevance"] <= 1

    def test_matches_are_the_best_first(self, api, talk):
        for result in search(api, "invoice", "dialogue")["results"]:
            relevances = [match["relevance"] for match in result["matches"]]
            assert relevances == sorted(relevances, reverse=True)

    @pytest.mark.parametrize("mode", ["hybrid", "keyword"])
    def test_they_are_found_by_label_and_tags_too(self, mode, api, talk):
        new_dialogue(api, id="labelled", label="Zeppelin museum")
        new_dialogue(api, id="tagged", tags=["paragliding"])
        assert found(api, "zeppelin", "dialogue", mode=mode)[0] == "labelled"
        assert found(api, "paragliding", "dialogue", mode=mode)[0] == "tagged"

    def test_each_is_found_once_and_shown_whole(self, api):
        messages = [{**HELLO, "content": "zeppelin"} for _ in range(20)]
        new_dialogue(api, id="d", messages=messages, state={"a": 1}, metadata={"b": 2})
        body = search(api, "zeppelin", "dialogue")
        assert body["items"] == [done(api.get("/dialogue/d"))]

    def test_without_messages_one_has_no_matches(self, api):
        new_dialogue(api, id="d", label="Zeppelin")
        assert search(api, "zeppelin", "dialogue")["results"][0]["matches"] == []


class TestMemories:
    @pytest.mark.parametrize("mode", ["hybrid", "keyword"])
    def test_they_are_found_by_value_label_and_description(self, mode, api):
        new_memory(api, id="value", value={"diet": ["vegetarian"]})
        new_memory(api, id="label", value=1, label="Zeppelin")
        new_memory(api, id="description", value=2, description="Paragliding licence")
        for query, expected in [
            ("vegetarian", "value"),
            ("zeppelin", "label"),
            ("paragliding", "description"),
        ]:
            assert found(api, query, "memory", mode=mode)[0] == expected

    def test_they_are_found_by_meaning(self, api):
        new_memory(api, id="diet", value="She eats neither meat nor fish")
        new_memory(api, id="car", value="Drives an old Volvo")
        assert found(api, "vegetarian food", "memory", mode="semantic")[0] == "diet"

    def test_they_are_shown_whole(self, api):
        new_memory(api, id="k", value="zeppelin", label="l", tags=["t"], metadata={"m": 1})
        result = search(api, "zeppelin", "memory")["results"][0]
        assert result["item"] == done(api.get("/memory/k"))
        assert "matches" not in result


class TestTheOrder:
    @pytest.fixture
    def dated(self, api):
        new_dialogue(api, id="d")
        new_messages(
            api,
            "d",
            {"id": "old", "content": "zeppelin", "created": "2020-01-01"},
            {"id": "off", "content": "knitting", "created": "2021-01-01"},
            {"id": "new", "content": "a zeppelin over there", "created": "2022-01-01"},
        )

    def test_by_relevance_the_best_come_first_or_last(self, api, dated):
        best_first = found(api, "zeppelin", orderBy="relevance", order="desc")
        assert best_first == found(api, "zeppelin")
        assert found(api, "zeppelin", order="asc") == best_first[::-1]

    @pytest.mark.parametrize("by", ["created", "modified"])
    def test_the_best_are_then_sorted_by_time(self, by, api, dated):
        body = search(api, "zeppelin", orderBy=by, order="asc", limit=2)
        times = [item[by] for item in body["items"]]
        assert times == sorted(times)
        assert {item["id"] for item in body["items"]} == set(found(api, "zeppelin", limit=2))
        assert (body["request"]["orderBy"], body["request"]["order"]) == (by, "asc")
        last_first = search(api, "zeppelin", orderBy=by, limit=2)["items"]
        assert [item[by] for item in last_first] == times[::-1]

    def test_relevances_go_down(self, api, talk):
        relevances = [result["relevance"] for result in search(api, "invoice")["results"]]
        assert relevances == sorted(relevances, reverse=True)
        assert relevances[0] > relevances[-1]


class TestWhatComesAlong:
    def test_nothing_unless_asked(self, api, talk):
        for result in search(api, "invoice")["results"]:
            assert result.keys() == {"object", "relevance", "item"}
        plain = search(api, "invoice", explain=False, context=0)
        assert plain == search(api, "invoice")

    @pytest.mark.parametrize("of", OBJECTS)
    @pytest.mark.parametrize("mode", MODES)
    def test_an_explanation_adds_up(self, of, mode, api, talk):
        new_memory(api, value=BILLING)
        for result in search(api, "invoice charges", of, mode=mode, explain=True)["results"]:
            explanation = result["explain"]
            assert explanation.keys() == SHARES | {"terms"}
            assert sum(explanation[share] for share in SHARES) == pytest.approx(
                result["relevance"], abs=1e-4
            )

    def test_an_explanation_names_the_words_that_occur(self, api, talk):
        best = search(api, "invoices of unicorns", explain=True)["results"][0]
        assert best["item"]["id"] == "money"
        assert len(best["explain"]["terms"]) == 1
        assert best["explain"]["terms"][0].startswith("invoic")

    @pytest.mark.parametrize(
        ("context", "before", "after"),
        [
            (1, ["hi"], ["sorry"]),
            (2, ["hi"], ["sorry", "rain"]),
            (10, ["hi"], ["sorry", "rain", "bye"]),
        ],
    )
    def test_context_is_the_messages_around(self, context, before, after, api, talk):
        best = search(api, "invoice", context=context, limit=1)["results"][0]
        assert best["item"]["id"] == "money"
        assert [message["id"] for message in best["context"]["before"]] == before
        assert [message["id"] for message in best["context"]["after"]] == after
        assert best["context"]["before"][0] == done(api.get("/dialogue/d/message/hi"))

    def test_context_is_of_the_same_dialogue_whatever_the_filters_say(self, api, talk):
        new_dialogue(api, id="e", messages=[HELLO, HELLO])
        best = search(api, "invoice", role="user", tags={"$nin": ["x"]}, context=1, limit=1)
        context = best["results"][0]["context"]
        assert [message["id"] for message in context["after"]] == ["sorry"]

    def test_only_messages_have_context(self, api, talk):
        new_memory(api, value="invoice")
        for of in ["dialogue", "memory"]:
            assert all("context" not in r for r in search(api, "invoice", of, context=3)["results"])


class TestReadYourWrites:
    @pytest.mark.parametrize("mode", MODES)
    def test_a_message_is_found_at_once_and_never_after_its_end(self, mode, api):
        new_dialogue(api, id="d")
        for number in range(20):
            new_message(api, "d", id="m", content=f"zeppelin {number}")
            assert found(api, "zeppelin", mode=mode) == ["m"]
            done(api.delete("/dialogue/d/message/m"))
            assert found(api, "zeppelin", mode=mode) == []

    @pytest.mark.parametrize("mode", MODES)
    def test_so_is_a_memory(self, mode, api):
        for _ in range(5):
            new_memory(api, id="k", value="zeppelin")
            assert found(api, "zeppelin", "memory", mode=mode) == ["k"]
            done(api.delete("/memory/k"))
            assert found(api, "zeppelin", "memory", mode=mode) == []

    @pytest.mark.parametrize("mode", MODES)
    def test_a_dialogue_takes_all_it_had_with_it(self, mode, api):
        new_dialogue(api, id="d", message={**HELLO, "content": "zeppelin"})
        new_dialogue(api, id="t", threadOf="d", message={**HELLO, "content": "zeppelin"})
        assert len(found(api, "zeppelin", mode=mode)) == 2
        assert sorted(found(api, "zeppelin", "dialogue", mode=mode)) == ["d", "t"]
        done(api.delete("/dialogue/d"))
        for of in ["message", "dialogue"]:
            assert found(api, "zeppelin", of, mode=mode) == []

    @pytest.mark.parametrize("mode", ["hybrid", "keyword"])
    def test_a_new_label_counts_and_the_old_one_does_not(self, mode, api):
        new_dialogue(api, id="d", label="zeppelin")
        done(api.put("/dialogue/d", json={"label": "paragliding"}))
        assert found(api, "paragliding", "dialogue", mode=mode) == ["d"]
        assert found(api, "zeppelin", "dialogue", mode="keyword") == []

    def test_new_tags_count_and_old_ones_do_not(self, api, talk):
        done(api.put("/dialogue/d/message/money", json={"tags": ["a"]}))
        assert found(api, "invoice", tags=["a"]) == ["money"]
        done(api.put("/dialogue/d/message/money", json={"tags": ["b"]}))
        assert found(api, "invoice", tags=["a"]) == []
        assert found(api, "invoice", tags=["b"]) == ["money"]

    def test_a_deleted_message_is_in_no_context_and_no_match(self, api, talk):
        done(api.delete("/dialogue/d/message/sorry"))
        best = search(api, "invoice", context=1, limit=1)["results"][0]
        assert [message["id"] for message in best["context"]["after"]] == ["rain"]
        matches = search(api, "refund", "dialogue", mode="keyword")["results"]
        assert matches == []

    def test_a_reused_id_is_found_by_its_new_words_only(self, api):
        new_memory(api, id="k", value="zeppelin")
        done(api.delete("/memory/k"))
        new_memory(api, id="k", value="paragliding")
        assert found(api, "zeppelin", "memory", mode="keyword") == []
        assert found(api, "paragliding", "memory", mode="keyword") == ["k"]


class TestLifecycle:
    def test_what_is_ended_or_archived_is_found(self, api, talk):
        for action in ["end", "archive"]:
            done(api.post(f"/dialogue/d/{action}"))
            assert found(api, "invoice")[0] == "money"
            assert found(api, "invoice", "dialogue") == ["d"]

    def test_a_refused_write_is_not_found(self, api, talk):
        done(api.post("/dialogue/d/end"))
        refused(
            api.post("/dialogue/d/messages", json={**HELLO, "content": "zeppelin"}),
            "DIALOGUE_ENDED",
        )
        assert found(api, "zeppelin", mode="keyword") == []

    def test_an_immutable_project_can_be_searched(self, new_project, client_of):
        api = client_of(new_project(immutable=True).key)
        new_dialogue(api, id="d", message={**HELLO, "id": "m", "content": "zeppelin"})
        assert found(api, "zeppelin") == found_by_query(api, "zeppelin") == ["m"]


class TestLanguages:
    @pytest.mark.parametrize(
        ("content", "query"),
        [
            ("Die Rechnung wurde doppelt abgebucht", "rechnung"),
            ("Je voudrais un café crème", "cafe"),
            ("счёт за электричество", "счёт"),
            ("東京タワーに行きたい", "東京"),
            ("我想退款", "退款"),
            ("أريد استرداد المال", "المال"),
            ("naïve façade", "NAIVE facade"),
        ],
    )
    def test_words_are_found_in_every_script(self, content, query, api):
        new_dialogue(api, id="d", message={**HELLO, "id": "m", "content": content})
        new_message(api, "d", content="something else")
        assert found(api, query, mode="keyword") == ["m"]
        assert found(api, query)[0] == "m"

    @pytest.mark.parametrize("query", ["the", "what is it", "???", "!", " ", "\u0000", "😀", "a"])
    @pytest.mark.parametrize("mode", MODES)
    def test_a_query_that_says_little_is_answered(self, query, mode, api, talk):
        search(api, query, mode=mode)


class TestTheSizeOfAnAnswer:
    MIB = 1024 * 1024

    @pytest.fixture
    def pictures(self, api):
        """Four messages of 6 MiB each, nearly all of it in images."""
        data = "A" * (6 * self.MIB)
        source = {"type": "base64", "media_type": "image/png", "data": data}
        content = [{"type": "text", "text": "zeppelin"}, {"type": "image", "source": source}]
        new_dialogue(api, id="d")
        for number in range(4):
            new_message(api, "d", id=f"m{number}", content=content)

    def test_it_ends_early_at_32_mib(self, api, pictures):
        answer = api.post("/search", json={"query": "zeppelin", "object": "message"})
        found = done(answer)
        assert len(found["items"]) == len(found["results"]) == 2
        assert len(answer.content) <= 33 * self.MIB
        omitted = [one["id"] for one in found["omitted"]]
        assert sorted([*(one["id"] for one in found["items"]), *omitted]) == [
            "m0",
            "m1",
            "m2",
            "m3",
        ]
        left_out = found["omitted"][0]
        assert (left_out["object"], left_out["dialogueId"]) == ("message", "d")
        assert 0 <= left_out["relevance"] <= found["results"][-1]["relevance"]
        done(api.get(f"/dialogue/d/message/{left_out['id']}"))

    def test_in_another_order_the_best_are_there_as_well(self, api, pictures):
        request = {"query": "zeppelin", "object": "message"}
        best = done(api.post("/search", json=request))
        by_time = done(api.post("/search", json={**request, "orderBy": "created", "order": "asc"}))
        for name in ("items", "omitted"):
            of_best, of_time = ([one["id"] for one in answer[name]] for answer in (best, by_time))
            assert of_time == sorted(of_best)

    def test_nothing_is_named_as_left_out_when_all_is_there(self, api, pictures):
        answer = done(
            api.post("/search", json={"query": "zeppelin", "object": "message", "limit": 2})
        )
        assert "omitted" not in answer

    @pytest.mark.parametrize("kind", ["dialogue", "memory"])
    def test_other_objects_that_are_left_out_are_named(self, api, kind):
        for number in range(20):
            text = {"a": "x" * (self.MIB - 100)}
            if kind == "memory":
                new_memory(api, id=f"{number}", namespace="n", value=text, label="zeppelin")
            else:
                new_dialogue(api, id=f"{number}", namespace="n", state=text, label="zeppelin")
        request = {"query": "zeppelin", "object": kind, "limit": 100}
        found = done(api.post("/search", json=request))
        omitted = {(one["object"], one["namespace"], one["id"]) for one in found["omitted"]}
        shown = {(kind, "n", one["id"]) for one in found["items"]}
        assert shown.isdisjoint(omitted)
        assert shown | omitted == {(kind, "n", f"{number}") for number in range(20)}

    def test_what_comes_along_is_left_out_where_there_is_no_room(self, api, pictures):
        request = {"query": "zeppelin", "object": "message", "context": 10, "limit": 1}
        answer = api.post("/search", json=request)
        context = done(answer)["results"][0]["context"]
        assert len(context["before"] + context["after"]) == 3
        assert "omittedMessages" not in done(answer)["results"][0]
        request["limit"] = 2
        answer = api.post("/search", json=request)
        assert 1 <= len(done(answer)["items"]) <= 2
        for result in done(answer)["results"]:
            shown = len(result["context"]["before"] + result["context"]["after"])
            assert shown + result.get("omittedMessages", 0) == 3
        assert len(answer.content) <= 33 * self.MIB
        answer = api.post("/search", json={"query": "zeppelin", "object": "dialogue"})
        assert len(done(answer)["results"][0]["matches"]) == 3
        assert len(answer.content) <= 33 * self.MIB
