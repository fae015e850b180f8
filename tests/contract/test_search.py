"""What is found, in which order, and by whom; in small projects, where all is compared."""

import unicodedata
from typing import Any

import msgspec
import pytest

from dialoguedb.model.search import Condition, TagFilter
from dialoguedb.model.search_results import UNREAD, is_unread
from dialoguedb.values import limits
from dialoguedb.values.lists import TimeRange
from tests.attachments import PNG, anthropic
from tests.contract.indexes import BUILT_IN, MODES, opened
from tests.contract.making import at, compact, ids, message
from tests.contract.searching import found, neighbour_of, search
from tests.contract.test_attachments import received

pytestmark = [pytest.mark.anyio, pytest.mark.needs("search"), pytest.mark.every_version]

IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/cat.png"}}
EVERYTHING_ELSE = [
    "The train to Lisbon leaves at nine",
    "My invoice shows the wrong amount",
    "Rosa has adopted a grey kitten",
    "Our database crashed during the migration",
    "I ran ten kilometres before breakfast",
    "She plays the violin in an orchestra",
    "Tomorrow we paint the kitchen yellow",
    "The doctor prescribed something for my headache",
]


@pytest.fixture
async def shelf(engine, tmp_path):
    async with opened(engine, tmp_path, BUILT_IN) as shelf:
        yield shelf


@pytest.fixture
async def words_only(engine, tmp_path):
    async with opened(engine, tmp_path) as shelf:
        yield shelf


@pytest.fixture
async def full(shelf):
    """Say each thing in a dialogue of its own, so that none gains from another."""
    for number, text in enumerate(EVERYTHING_ELSE):
        await shelf.new(f"d{number}", messages=[message(text, id=f"m{number}")])
    return shelf


async def first(shelf, query, **options):
    return (await found(shelf, query, **options))[0]


class TestWords:
    async def test_only_what_holds_a_word_is_found(self, full):
        assert sorted(await found(full, "invoice kitten", mode="keyword")) == ["m1", "m2"]
        assert await found(full, "zebra", mode="keyword") == []

    @pytest.mark.parametrize("query", ["adopting", "ADOPTED!", "kittens", "rósa", "(grey)"])
    async def test_in_any_form(self, query, full):
        assert await found(full, query, mode="keyword") == ["m2"]

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("Die Straße ist gesperrt", "STRASSE"),
            ("open the \ufb01le now", "file"),
            ("\uff21\uff22\uff23\uff11\uff12\uff13 is my booking", "abc123"),
            ("\uff76\uff9e\uff7d料金", "ガス"),
            ("Где ёлка?", "елка"),
            ("مُحَمَّد هنا", "محمد"),
            ("मेरी हिन्दी अच्छी है", "हिन्दी"),
            ("I sent an e-mail", "email"),
            ("the checkin desk", "check-in"),
            ("party 🎉 tonight", "🎉"),
        ],
    )
    async def test_in_any_writing(self, text, query, full):
        await full.new("another", messages=[message(text, id="another")])
        assert await found(full, query, mode="keyword") == ["another"]
        (hit,) = await search(full, query, mode="keyword")
        assert not any(ord(char) > 0xE0000 for term in hit.terms for char in term)

    async def test_a_vowel_sign_tells_words_apart(self, full):
        for name, text in {"one": "वह मोर है", "other": "वह मार है"}.items():
            await full.new(name, messages=[message(text, id=name)])
        assert await found(full, "मोर", mode="keyword") == ["one"]

    async def test_stop_words_count_only_when_there_is_nothing_else(self, full):
        assert await found(full, "what did the kitten", mode="keyword") == ["m2"]
        assert "m0" in await found(full, "the", mode="keyword")

    async def test_a_rare_word_is_worth_more_than_a_common_one(self, full):
        for number in range(10):
            await full.new(f"x{number}", messages=[message("Some train", id=f"x{number}")])
        assert await first(full, "train violin", mode="keyword") == "m5"

    async def test_both_words_are_better_than_one_and_short_better_than_long(self, full):
        await full.new("long", messages=[message("violin " + "and so on " * 50, id="long")])
        await full.new("both", messages=[message("violin orchestra", id="both")])
        assert await found(full, "orchestra violin", mode="keyword") == ["both", "m5", "long"]

    async def test_chinese_japanese_and_korean_are_found_by_their_characters(self, full):
        await full.new("cjk", messages=[message("我昨天收养了一只小猫", id="zh")])
        await full.new("ja", messages=[message("昨日、猫を飼い始めました", id="ja")])
        await full.new("ko", messages=[message("어제 고양이를 입양했어요", id="ko")])
        assert await first(full, "小猫", mode="keyword") == "zh"
        assert await first(full, "飼い始め", mode="keyword") == "ja"
        for written in ("고양이", unicodedata.normalize("NFD", "고양이")):
            assert await first(full, written, mode="keyword") == "ko"

    async def test_thai_lao_burmese_and_khmer_are_found_by_their_characters(self, full):
        texts = {
            "th": "ผมแพ้กุ้งและถั่วลิสง",
            "lo": "ຂ້ອຍມັກກິນເຂົ້າ",
            "my": "ကျွန်တော်ကြောင်ချစ်တယ်",
            "km": "ខ្ញុំចូលចិត្តឆ្មា",
        }
        await full.new("sea", messages=[message(text, id=name) for name, text in texts.items()])
        for query, name in {"กุ้ง": "th", "ແມວ ກິນ": "lo", "ကြောင်": "my", "ឆ្មា": "km"}.items():
            assert await first(full, query, mode="keyword") == name

    @pytest.mark.parametrize(
        "query",
        [
            *('"', "'", '"kitten', "kitten*", "kitten AND", "NEAR(kitten, 3)", "words:kitten"),
            *("^kitten", "-kitten", "kitten + x", "kitten OR", "{kitten}", "a\u0000kitten", ":"),
            *("\ue000p1", "\ue000p1 kitten", "🐈 kitten", "%_\\", "((((", "kitten;--"),
        ],
    )
    @pytest.mark.parametrize("mode", MODES)
    async def test_no_query_is_anything_but_words(self, mode, query, full):
        hits = await found(full, query, mode=mode)
        assert ("kitten" not in query) or hits[0] == "m2"
        assert mode != "keyword" or "kitten" in query or hits == []

    async def test_a_query_of_any_length_is_searched_with_all_its_words(self, full):
        words = " ".join(f"word{number}" for number in range(1_000))
        query = f"{words} kitten"[-limits.QUERY_CHARS_MAX :]
        assert await found(full, query, mode="keyword") == ["m2"]
        assert "m2" in await found(full, query, mode="hybrid")
        assert await found(full, "x " * (limits.QUERY_CHARS_MAX // 2), mode="keyword") == []


class TestMeaning:
    @pytest.mark.parametrize(
        ("query", "meant"),
        [
            ("pet cat", "m2"),
            ("I was charged too much", "m1"),
            ("software outage", "m3"),
            ("classical music", "m5"),
            ("jogging", "m4"),
        ],
    )
    @pytest.mark.parametrize("mode", ["semantic", "hybrid"])
    async def test_no_word_in_common_is_needed(self, mode, query, meant, full):
        assert meant in (await found(full, query, mode=mode))[:2]
        assert await found(full, query, mode="keyword") in ([], ["m1"])

    async def test_everything_is_relevant_more_or_less(self, full):
        for mode in ("semantic", "hybrid"):
            for query in ("kitten", "!?", "xyzzy", "the"):
                assert len(await found(full, query, mode=mode)) == len(EVERYTHING_ELSE)

    async def test_without_an_embedder_words_are_enough(self, words_only):
        await words_only.new("d", messages=[message(text) for text in EVERYTHING_ELSE])
        hits = await search(words_only, "kitten", mode="keyword")
        assert [msgspec.json.decode(hit.item.content) for hit in hits] == [EVERYTHING_ELSE[2]]


class TestScores:
    async def test_parts_sum_to_a_relevance_that_falls(self, full):
        for mode in MODES:
            hits = await search(full, "a kitten or a train", mode=mode)
            values = [hit.relevance for hit in hits]
            assert values == sorted(values, reverse=True)
            assert all(0 <= value <= 1 for value in values)
            assert values[0] > 0.3
            for hit in hits:
                parts = hit.semantic + hit.keyword + hit.neighbours
                assert parts == pytest.approx(hit.relevance, abs=1e-5)

    async def test_each_tells_which_words_it_holds(self, full):
        hits = {hit.item.id: hit for hit in await search(full, "Kittens and trains to Lisbon")}
        assert hits["m2"].terms == ["kittens"]
        assert sorted(hits["m0"].terms) == ["lisbon", "trains"]
        assert hits["m5"].terms == []

    async def test_the_same_words_find_themselves(self, full):
        for number, text in enumerate(EVERYTHING_ELSE):
            for mode in MODES:
                assert await first(full, text, mode=mode) == f"m{number}"


class TestConversations:
    async def test_an_answer_is_found_by_the_question_before_it(self, full):
        await full.new("asked", messages=[message("When did you see the violinist?", id="q")])
        await full.append(message("Yes, last Tuesday", id="a"), to="asked")
        await full.new("other", messages=[message("Yes, last Tuesday", id="b")])
        answers = await found(full, "violinist")
        assert answers.index("a") < answers.index("b")

    async def test_messages_of_whom_the_query_names_come_first(self, full):
        for name in ("Ann", "Ben"):
            await full.new(name, messages=[message("I like violins", id=name, name=name)])
        assert await first(full, "What does Ben like?") == "Ben"
        assert await first(full, "What does Ann like?") == "Ann"

    async def test_neighbours_come_along_when_they_are_asked_for(self, full):
        messages = [message(f"line {n}", id=f"l{n}", created=at(n)) for n in range(7)]
        await full.new("talk", messages=messages)
        (hit,) = await search(full, "line 3", limit=1, context=2)
        assert (ids(hit.before), ids(hit.after)) == (["l1", "l2"], ["l4", "l5"])
        (hit,) = await search(full, "line 0", limit=1, context=10)
        assert (ids(hit.before), ids(hit.after)) == ([], [f"l{n}" for n in range(1, 7)])
        (hit,) = await search(full, "line 3", limit=1)
        assert (hit.before, hit.after) == ([], [])

    async def test_neighbours_stand_in_the_order_of_the_dialogue(self, full):
        times = [("b", 5), ("a", 1), ("c", 9), ("middle", 5)]
        messages = [message(name, id=name, created=at(seconds)) for name, seconds in times]
        await full.new("talk", messages=messages)
        (hit,) = await search(full, "middle", limit=1, context=5, mode="keyword")
        assert (ids(hit.before), ids(hit.after)) == (["a", "b"], ["c"])
        assert hit.before[0].dialogue_id == "talk"


class TestDialogues:
    async def test_are_found_through_their_best_message(self, full):
        await full.new("d9", messages=[message(text) for text in EVERYTHING_ELSE[3:]])
        await full.append(message("A kitten, a kitten, a grey kitten!", id="best"), to="d9")
        (hit, second) = (await search(full, "grey kitten", of="dialogue"))[:2]
        assert {hit.item.id, second.item.id} == {"d9", "d2"}
        through = hit if hit.item.id == "d9" else second
        assert len(through.matches) == 3
        assert through.matches[0].item.id == "best"
        assert through.matches[0].relevance == pytest.approx(through.relevance)
        values = [match.relevance for match in through.matches]
        assert values == sorted(values, reverse=True)

    async def test_are_found_by_label_and_by_tags(self, full):
        await full.new("labelled", label="Volcano excursion")
        await full.new("tagged", tags=("volcano",))
        assert set(await found(full, "volcano", of="dialogue", mode="keyword")) == {
            "labelled",
            "tagged",
        }
        assert await first(full, "volcano excursion", of="dialogue") == "labelled"
        assert await first(full, "Mount Etna", of="dialogue", mode="semantic") in {
            "labelled",
            "tagged",
        }

    async def test_even_those_with_nothing_in_them_are_there(self, full):
        await full.new("empty")
        for mode in ("hybrid", "semantic"):
            every = await found(full, "kitten", of="dialogue", mode=mode, limit=100)
            assert sorted(every) == sorted([*(f"d{n}" for n in range(8)), "empty"])

    async def test_are_whole_objects(self, full):
        (hit,) = await search(full, "kitten", of="dialogue", limit=1)
        assert hit.item == await full.get("d2")

    async def test_filters_are_for_the_dialogue_role_and_image_for_its_messages(self, full):
        picture = message([IMAGE, {"type": "text", "text": "kitten"}], id="p", role="assistant")
        await full.new("pictured", messages=[picture, message("kitten", id="t")], tags=("x",))
        of_dialogues = {"of": "dialogue", "limit": 100}
        assert await found(full, "kitten", has_image=True, **of_dialogues) == ["pictured"]
        assert await found(full, "kitten", role="assistant", **of_dialogues) == ["pictured"]
        (hit,) = await search(full, "kitten", has_image=True, **of_dialogues)
        assert [match.item.id for match in hit.matches] == ["p"]
        (hit,) = await search(full, "x", tags=TagFilter(any_of=("x",)), **of_dialogues)
        assert {match.item.id for match in hit.matches} == {"p", "t"}
        assert "pictured" in await found(full, "kitten", has_image=False, **of_dialogues)
        assert await found(full, "kitten", dialogue_id="d1", **of_dialogues) == ["d1"]


class TestMemories:
    async def test_are_found_by_value_label_and_description(self, full):
        await full.remember({"food": "no nuts"}, id="value")
        await full.remember(1, id="label", label="Allergies")
        await full.remember(None, id="description", description="what she must not eat")
        for query, meant in [("nuts", "value"), ("allergy", "label"), ("eat", "description")]:
            assert await first(full, query, of="memory") == meant
        assert await found(full, "nuts", of="memory", mode="keyword") == ["value"]
        assert sorted(await found(full, "kitten", of="memory")) == ["description", "label", "value"]

    async def test_show_no_image_and_are_said_by_nobody(self, full):
        await full.remember("nuts", id="m")
        assert await found(full, "nuts", of="memory", has_image=True) == []
        assert await found(full, "nuts", of="memory", role="user") == []


class TestKeepingApart:
    async def test_nothing_of_another_project_is_found(self, full):
        stranger = await neighbour_of(full)
        await stranger.new("d0", messages=[message("my kitten", id="theirs")])
        for mode in MODES:
            assert await found(stranger, "kitten train", mode=mode) == ["theirs"]
            assert "theirs" not in await found(full, "kitten train", mode=mode)
            for kind in ("dialogue", "memory"):
                assert len(await found(stranger, "kitten", of=kind, mode=mode)) <= 1

    async def test_a_namespace_is_searched_alone(self, full):
        await full.new("d", "cats", messages=[message("kitten", id="in")])
        await full.new("d", "default", messages=[message("kitten", id="named default")])
        assert await found(full, "kitten", namespace="cats") == ["in"]
        assert await found(full, "kitten", namespace="dogs") == []
        assert "in" not in await found(full, "kitten", namespace="")
        assert "named default" not in await found(full, "kitten", namespace="")
        assert {"in", "named default", "m2"} <= set(await found(full, "kitten"))

    async def test_a_dialogue_is_named_in_its_namespace(self, full):
        await full.new("d2", "cats", messages=[message("kitten", id="in")])
        assert await found(full, "kitten", dialogue_id="d2") == ["m2"]
        assert await found(full, "kitten", dialogue_id="d2", namespace="cats") == ["in"]
        assert await found(full, "kitten", dialogue_id="d2", namespace="dogs") == []
        assert await found(full, "kitten", dialogue_id="nothing") == []

    async def test_an_empty_index_finds_nothing(self, shelf):
        for mode in MODES:
            for kind in ("message", "dialogue", "memory"):
                assert await found(shelf, "kitten", of=kind, mode=mode) == []


class TestDeleting:
    async def test_what_is_deleted_is_found_never_again(self, full):
        await full.remember("kitten", id="memory")
        await full.delete_message("m2", of="d2")
        await full.delete("d0")
        await full.forget("memory")
        for mode in MODES:
            for query in ("kitten", "train"):
                assert not {"m2", "m0"} & set(await found(full, query, mode=mode))
                assert "d0" not in await found(full, query, of="dialogue", mode=mode)
                assert await found(full, query, of="memory", mode=mode) == []

    async def test_what_takes_its_place_is_found_as_itself(self, full):
        await full.delete("d7")
        await full.new("d7", messages=[message("a parrot", id="m7")])
        assert await found(full, "headache", mode="keyword") == []
        assert await first(full, "parrot") == "m7"


class TestFilters:
    @pytest.fixture
    async def varied(self, shelf):
        await shelf.new("d", tags=("work",), metadata=b'{"n":1}', created=at(-9))
        messages = [
            message("kitten one", id="a", created=at(0), tags=("x", "y"), metadata=b'{"n":1}'),
            message("kitten two", id="b", created=at(10), tags=("y",), metadata=b'{"n":[1,"2"]}'),
            message([{"type": "text", "text": "kitten"}, IMAGE], id="c", created=at(20)),
            message("kitten", id="d", created=at(30), role="assistant", metadata=b'{"n":true}'),
        ]
        await shelf.append(*messages)
        return shelf

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"tags": TagFilter(any_of=("x", "z"))}, "a"),
            ({"tags": TagFilter(all_of=("x", "y"))}, "a"),
            ({"tags": TagFilter(none_of=("x",))}, "bcd"),
            ({"tags": TagFilter(any_of=("y",), none_of=("x",))}, "b"),
            ({"metadata": (Condition("n", "$in", (1,)),)}, "ab"),
            ({"metadata": (Condition("n", "$in", (1.0, "2")),)}, "ab"),
            ({"metadata": (Condition("n", "$in", ("1",)),)}, ""),
            ({"metadata": (Condition("n", "$in", (True,)),)}, "d"),
            ({"metadata": (Condition("n", "$nin", (1,)),)}, "cd"),
            ({"metadata": (Condition("n", "$gte", (1,)),)}, "ab"),
            ({"metadata": (Condition("n", "$gt", ("1",)),)}, "b"),
            ({"metadata": (Condition("n", "$gt", (1,)),)}, ""),
            ({"created": TimeRange(at(10), at(30))}, "bc"),
            ({"modified": TimeRange("", "2020")}, ""),
            ({"has_image": True}, "c"),
            ({"has_image": False}, "abd"),
            ({"role": "assistant"}, "d"),
            ({"role": "assistant", "has_image": True}, ""),
            ({"dialogue_id": "d", "tags": TagFilter(any_of=("y",))}, "ab"),
        ],
    )
    async def test_keep_messages_to_what_satisfies_them(self, filters, expected, mode, varied):
        assert sorted(await found(varied, "kitten", mode=mode, **filters)) == list(expected)

    @pytest.mark.parametrize(
        "metadata",
        [
            b'{"n":1e400}',
            b'{"n":123456789012345678901234567890}',
            b'{"n":"\\ud800"}',
            b'{"n":"a\\u0000b"}',
            b'{"\\ud800":1,"\\u0000":2}',
            b'{"n":{"n":1}}',
            b'{"n":[[1],{"n":1}]}',
        ],
        ids=bytes.decode,
    )
    async def test_whatever_else_is_stored_is_no_harm(self, metadata, varied):
        await varied.append(message("kitten", id="odd", metadata=metadata))
        for operator in ("$in", "$gt", "$lt"):
            condition = Condition("n", operator, (1,))
            assert "c" not in await found(varied, "kitten", metadata=(condition,))
        is_one = (Condition("n", "$in", (1,)),)
        assert sorted(await found(varied, "x", metadata=is_one)) == ["a", "b"]
        assert "odd" in await found(varied, "x", metadata=(Condition("n", "$nin", (1,)),))

    async def test_stored_values_that_fit_no_type_are_found_by_their_equals(self, varied):
        values = {b"1e400": 1e400, b"12345678901234567890123": 12345678901234567890123}
        for at_number, (stored, operand) in enumerate(values.items()):
            made = message("x", id=f"v{at_number}", metadata=b'{"v":' + stored + b"}")
            await varied.append(made)
            assert await found(varied, "x", metadata=(Condition("v", "$in", (operand,)),)) == [
                f"v{at_number}"
            ]

    async def test_names_of_keys_are_names_and_nothing_else(self, varied):
        hostile = ["n') OR 1=1 --", '$."n"', "n[0]", "", "%", "\u0000", "\ud800"]
        for key in hostile:
            assert await found(varied, "kitten", metadata=(Condition(key, "$in", (1,)),)) == []
            value = Condition("n", "$in", (key,))
            assert await found(varied, "kitten", metadata=(value,)) == []

    async def test_keep_dialogues_and_memories_to_what_satisfies_them(self, varied):
        await varied.remember("v", id="m", tags=("t",), metadata=b'{"n":2}', created=at(0))
        is_one = (Condition("n", "$in", (1,)),)
        is_two = (Condition("n", "$in", (2,)),)
        of_dialogue: list[dict[str, Any]]
        of_memory: list[dict[str, Any]]
        of_dialogue = [{"metadata": is_one}, {"tags": TagFilter(any_of=("work",))}]
        of_memory = [
            {"metadata": is_two},
            {"tags": TagFilter(all_of=("t",))},
            {"created": TimeRange(at(0), at(1))},
        ]
        for filters in of_dialogue:
            assert await found(varied, "v", of="dialogue", **filters) == ["d"]
            assert await found(varied, "v", of="memory", **filters) == []
        for filters in of_memory:
            assert await found(varied, "v", of="memory", **filters) == ["m"]
            assert await found(varied, "v", of="dialogue", **filters) == []


class TestRoom:
    """What a response has no room for is found and not read."""

    MIB = 1024 * 1024

    @pytest.fixture
    async def pictured(self, shelf):
        """Show four pictures of some MiB in a dialogue, and one in another."""
        for number in range(4):
            shown = received(self.picture(6), id=f"m{number}")
            await (shelf.append(shown) if number else shelf.new("d", messages=[shown]))
        await shelf.new("other", messages=[received(self.picture(20), id="large")])
        return shelf

    def picture(self, mib):
        return [
            {"type": "text", "text": "zeppelin"},
            *anthropic("image", PNG)("A" * mib * self.MIB),
        ]

    def unread(self, messages):
        return [one.id for one in messages if one.content is UNREAD]

    async def test_the_best_are_read_as_far_as_each_fits_twice(self, pictured):
        hits = await search(pictured, "zeppelin", dialogue_id="d")
        items = [hit.item for hit in hits]
        assert self.unread(items) == ids(items)[2:]
        assert sorted(ids(items)) == ["m0", "m1", "m2", "m3"]
        assert all(len(bytes(item.content)) == item.content_length for item in items[:2])

    async def test_the_best_is_read_however_large_it_is(self, pictured):
        hits = await search(pictured, "zeppelin", dialogue_id="other")
        assert not self.unread([hit.item for hit in hits])

    async def test_what_is_around_them_is_read_as_far_as_it_fits(self, pictured):
        (hit,) = await search(pictured, "zeppelin", dialogue_id="d", limit=1, context=10)
        assert len([*hit.before, *hit.after]) == 3
        assert not self.unread([*hit.before, *hit.after])
        hits = await search(pictured, "zeppelin", dialogue_id="d", limit=2, context=10)
        around = [message for hit in hits for message in [*hit.before, *hit.after]]
        assert len(around) == 6
        assert len(self.unread(around)) == 5

    async def test_the_messages_of_a_dialogue_are_read_as_far_as_they_fit(self, pictured):
        hits = await search(pictured, "zeppelin", of="dialogue")
        matches = [match.item for hit in hits for match in hit.matches]
        assert self.unread(matches)
        assert sum(one.content_length for one in matches if one.content is not UNREAD) <= (
            limits.PAGE_BYTES_MAX
        )

    @pytest.fixture(params=["message", "memory", "dialogue"])
    async def kind(self, request, shelf):
        """Write eighteen texts, values or states of almost a MiB each."""
        text = "a " * (self.MIB // 2 - 100)
        await shelf.new("d")
        for number in range(18):
            if request.param == "message":
                await shelf.append(message(f"zeppelin {text}", id=f"m{number}"))
            elif request.param == "memory":
                await shelf.remember(f"zeppelin {text}", id=f"r{number}")
            else:
                state = compact({"text": text})
                await shelf.new(f"s{number}", label="zeppelin", state=state)
        return request.param

    async def test_what_is_long_is_read_as_far_as_each_fits_twice(self, shelf, kind):
        hits = await search(shelf, "zeppelin", of=kind, limit=18)
        assert [is_unread(hit.item) for hit in hits] == [False] * 16 + [True] * 2
        assert len({hit.item.id for hit in hits}) == 18
