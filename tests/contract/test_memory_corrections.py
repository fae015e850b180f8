"""Memories that are corrected, superseded, and true for a time only."""

import pytest

from dialoguedb.errors import DuplicateId, InvalidRequest, MemoryNotFound
from dialoguedb.model.memories import FoundSimilar, NewVersion
from dialoguedb.model.memory_details import Details, MemorySource
from dialoguedb.model.writes import WriteOptions
from tests.contract.making import at, idempotent, ids, memory, plain

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

FROM_TALK = MemorySource("d", ["m1", "m2"])
FULL = Details(
    source=FROM_TALK,
    valid_from=at(-100),
    valid_to=at(100),
    expires_at=at(50),
    confidence=0.5,
    trust="low",
)


def by(key_id, now):
    return WriteOptions(now, key_id=key_id)


def version(number=1, value=b'"was"', **fields):
    known = {
        "label": None,
        "description": None,
        "metadata": b"{}",
        "details": Details(),
        "written": at(-9),
        "replaced": at(-1),
    }
    return NewVersion(number, value, **{**known, **fields})


async def import_version(me, memory_id, new, namespace=""):
    store = me.store.memories
    return await store.create_version(me.project, namespace, memory_id, new, me.write_options())


async def active(me, seconds, **filters):
    return ids(await me.memories("asc", as_of=at(seconds), **filters))


class TestDetails:
    async def test_they_come_back_as_they_were_sent(self, me):
        made = plain(await me.remember(id="m", details=FULL))
        assert made["source"] == {"dialogueId": "d", "messageIds": ["m1", "m2"]}
        assert (made["validFrom"], made["validTo"], made["expiresAt"]) == (
            at(-100),
            at(100),
            at(50),
        )
        assert (made["confidence"], made["trust"]) == (0.5, "low")
        assert plain(await me.memory("m")) == made == plain((await me.memories())[0])

    async def test_the_same_sent_again_is_answered_and_other_details_are_another_memory(self, me):
        made = await me.remember(id="m", details=FULL)
        assert await me.remember(id="m", details=FULL) == made
        with pytest.raises(DuplicateId):
            await me.remember(id="m")

    async def test_what_would_never_be_true_is_refused_and_nothing_changes(self, me):
        made = await me.remember(id="m", details=Details(valid_from=at(5)))
        with pytest.raises(InvalidRequest, match="validTo is not after validFrom"):
            await me.correct("m", valid_to=at(5))
        assert await me.memory("m") == made
        assert await me.history("m") == []


class TestCorrecting:
    async def test_what_it_said_before_becomes_a_version(self, me):
        made = await me.remember("tea", id="m", label="Drink", metadata=b'{"a":1.0}', tags=("t",))
        after = await me.correct("m", value="coffee", source=FROM_TALK)
        assert plain(after) == plain(made) | {
            "value": "coffee",
            "source": {"dialogueId": "d", "messageIds": ["m1", "m2"]},
            "modified": after.modified,
            "version": 2,
        }
        assert await me.memory("m") == after
        assert list(map(plain, await me.history("m"))) == [
            {
                "version": 1,
                "label": "Drink",
                "value": "tea",
                "metadata": {"a": 1.0},
                "written": made.modified,
                "replaced": after.modified,
            }
        ]

    async def test_versions_tell_by_which_key_they_were_written(self, me):
        await me.remember("1", id="m", options=by("k1", at(1)))
        await me.correct("m", options=by("k2", at(2)), value="2")
        await me.correct("m", options=by(None, at(3)), value="3", confidence=0.25)
        newest, first = map(plain, await me.history("m"))
        assert (first["writtenBy"], first["replacedBy"]) == ("k1", "k2")
        assert (first["written"], first["replaced"]) == (at(1), at(2))
        assert (newest["writtenBy"], newest["value"]) == ("k2", "2")
        assert "replacedBy" not in newest
        assert plain(await me.memory("m"))["version"] == 3

    async def test_everything_but_the_times_of_its_row_may_change_and_be_removed(self, me):
        await me.remember(id="m", label="l", description="d", details=FULL)
        gone = dict.fromkeys(["source", "valid_from", "valid_to", "expires_at", "confidence"])
        after = await me.correct(
            "m", label=None, description=None, metadata=b'{"n":1}', trust=None, **gone
        )
        assert plain(after).keys() == {
            *("id", "value", "tags", "metadata", "created", "modified", "version"),
        }
        former = plain((await me.history("m"))[0])
        assert (former["label"], former["description"], former["trust"]) == ("l", "d", "low")

    @pytest.mark.parametrize("changes", [{}, {"value": "v"}, {"label": None}, {"trust": None}])
    async def test_the_same_again_changes_nothing(self, changes, me):
        made = await me.remember("v", id="m")
        assert await me.correct("m", **changes) == made
        assert await me.history("m") == []

    async def test_tags_alone_make_no_version(self, me):
        await me.remember(id="m")
        tagged = await me.tag_memory("m", ("t",))
        assert "version" not in plain(tagged)
        assert await me.history("m") == []

    async def test_history_is_paged_in_both_orders(self, me):
        await me.remember("0", id="m")
        for number in range(1, 6):
            await me.correct("m", value=str(number))
        newest = [one.version for one in await me.history("m", limit=2)]
        oldest = [one.version for one in await me.history("m", order="asc", limit=2)]
        assert newest == [5, 4, 3, 2, 1] == oldest[::-1]

    async def test_a_deleted_one_takes_its_history_along(self, me):
        await me.remember("old", id="m")
        await me.correct("m", value="new")
        await me.forget("m")
        with pytest.raises(MemoryNotFound):
            await me.history("m")
        await me.remember("other", id="m")
        assert await me.history("m") == []

    async def test_its_creation_sent_again_answers_what_it_says_now(self, me):
        await me.remember("tea", id="m", label="l", created=at(-5))
        after = await me.correct("m", value="coffee")
        assert await me.remember("tea", id="m", label="l") == after
        assert await me.remember("coffee", id="m", label="l", created=at(-5)) == after
        with pytest.raises(DuplicateId):
            await me.remember("water", id="m", label="l")

    async def test_a_correction_with_a_key_happens_once(self, me):
        await me.remember("1", id="m")
        await me.correct("m", options=me.write_options(idempotent("k")), value="2")
        await me.correct("m", value="1")
        with pytest.raises(Exception, match="kept response"):
            await me.correct("m", options=me.write_options(idempotent("k")), value="2")
        assert plain(await me.memory("m"))["value"] == "1"

    async def test_another_namespace_has_another_history(self, me):
        for namespace in ["a", "b"]:
            await me.remember("1", namespace, id="m")
        await me.correct("m", "a", value="2")
        assert len(await me.history("m", "a")) == 1
        assert await me.history("m", "b") == []


class TestImportedVersions:
    async def test_they_come_before_what_it_says_now(self, me):
        await me.remember("now", id="m")
        for number in [2, 1]:
            await import_version(me, "m", version(number, b'"was"', details=FULL))
        assert plain(await me.memory("m"))["version"] == 3
        assert [one.version for one in await me.history("m")] == [2, 1]
        shown = plain((await me.history("m"))[0])
        assert (shown["value"], shown["written"], shown["replaced"]) == ("was", at(-9), at(-1))
        assert shown["trust"] == "low"

    async def test_the_same_again_is_answered_and_another_one_refused(self, me):
        await me.remember("now", id="m")
        made = await import_version(me, "m", version())
        assert await import_version(me, "m", version()) == made
        for other in [version(value=b'"x"'), version(written=at(-8))]:
            with pytest.raises(DuplicateId):
                await import_version(me, "m", other)
        assert len(await me.history("m")) == 1

    async def test_an_unknown_memory_has_none(self, me):
        with pytest.raises(MemoryNotFound):
            await import_version(me, "m", version())


class TestSuperseding:
    async def test_the_other_ends_when_the_new_one_begins(self, me):
        await me.remember("tea", id="old", created=at(-9))
        new = await me.remember(
            "coffee", id="new", created=at(-5), details=Details(supersedes="old")
        )
        assert plain(new)["supersedes"] == "old"
        old = plain(await me.memory("old"))
        assert (old["supersededBy"], old["supersededAt"]) == ("new", at(-5))
        assert await active(me, -6) == ["old"]
        assert await active(me, -5) == ["new"]

    async def test_it_begins_when_it_is_true(self, me):
        await me.remember(id="old")
        details = Details(supersedes="old", valid_from=at(30))
        await me.remember(id="new", details=details)
        assert await active(me, 29) == ["old"]
        assert await active(me, 30) == ["new"]
        await me.correct("new", valid_from=at(60))
        assert (await me.memory("old")).superseded_at == at(60)
        assert await active(me, 59) == ["old"]

    async def test_what_is_not_there_cannot_be_superseded(self, me):
        await me.remember(id="old", namespace="other")
        for named in ["old", "new", "none"]:
            with pytest.raises(MemoryNotFound):
                await me.remember(id="new", details=Details(supersedes=named))
        assert ids(await me.memories()) == ["old"]

    async def test_the_first_of_several_ends_it(self, me):
        await me.remember(id="old", created=at(-9))
        for name, seconds in [("b", -3), ("a", -5), ("c", -4)]:
            details = Details(supersedes="old")
            await me.remember(id=name, created=at(seconds), details=details)
        assert (await me.memory("old")).superseded_by == "a"
        await me.forget("a")
        assert (await me.memory("old")).superseded_by == "c"

    async def test_without_what_superseded_it_it_is_valid_again(self, me):
        await me.remember(id="old", created=at(-9))
        await me.remember(id="new", created=at(-5), details=Details(supersedes="old"))
        await me.forget("new")
        assert plain(await me.memory("old")).keys() & {"supersededBy", "supersededAt"} == set()
        assert await active(me, 0) == ["old"]

    async def test_one_that_takes_the_id_of_what_was_superseded_is_valid(self, me):
        await me.remember(id="old", created=at(-9))
        new = await me.remember(id="new", created=at(-5), details=Details(supersedes="old"))
        await me.forget("old")
        assert await me.memory("new") == new
        await me.remember(id="old", created=at(-4))
        await me.remember(id="newer", created=at(-3), details=Details(supersedes="new"))
        assert await active(me, 0) == ["old", "newer"]

    async def test_the_same_sent_again_is_answered(self, me):
        await me.remember(id="old")
        new = await me.remember(id="new", details=Details(supersedes="old"))
        assert await me.remember(id="new", details=Details(supersedes="old")) == new
        assert await me.remember(id="new") == new
        with pytest.raises(DuplicateId):
            await me.remember(id="new", details=Details(supersedes="new"))


class TestValidity:
    async def test_bounds_are_of_the_time_asked_about(self, me):
        await me.remember(id="always")
        await me.remember(id="from", details=Details(valid_from=at(10)))
        await me.remember(id="to", details=Details(valid_to=at(20)))
        await me.remember(id="expires", details=Details(expires_at=at(15), valid_to=at(99)))
        assert set(await active(me, 9.999)) == {"always", "to", "expires"}
        assert set(await active(me, 10)) == {"always", "from", "to", "expires"}
        assert set(await active(me, 15)) == {"always", "from", "to"}
        assert set(await active(me, 20)) == {"always", "from"}
        assert len(await me.memories()) == 4

    async def test_pages_and_other_filters_go_along(self, me):
        for number in range(9):
            details = Details(expires_at=at(5) if number % 2 else None)
            await me.remember(id=f"m{number}", namespace="n", tags=("t",), details=details)
        await me.remember(id="x", namespace="n")
        listed = await me.memories(
            "asc", limit=2, namespace="n", tags=("t",), as_of=at(5), order_by="modified"
        )
        assert ids(listed) == ["m0", "m2", "m4", "m6", "m8"]


class TestSimilar:
    """What the service has found is decided again by what is there."""

    async def remember(self, me, policy, **fields):
        similar = FoundSimilar("old", 0.75, equal=False, policy=policy)
        new = memory("coffee", id="new", similar=similar, **fields)
        return await me.store.memories.create(me.project, "", new, me.write_options())

    async def test_the_other_is_returned(self, me):
        old = await me.remember("tea", id="old")
        answer = plain(await self.remember(me, "return"))
        similar = {"id": "old", "likeness": 0.75, "equal": False, "action": "returned"}
        assert answer == plain(old) | {"similar": similar}
        assert ids(await me.memories()) == ["old"]

    async def test_the_other_is_superseded(self, me):
        await me.remember("tea", id="old")
        answer = plain(await self.remember(me, "supersede"))
        assert (answer["id"], answer["supersedes"]) == ("new", "old")
        assert answer["similar"]["action"] == "superseded"
        assert (await me.memory("old")).superseded_by == "new"

    @pytest.mark.parametrize("policy", ["return", "supersede"])
    async def test_one_that_is_gone_meanwhile_is_no_obstacle(self, policy, me):
        answer = plain(await self.remember(me, policy))
        assert (answer["id"], answer["value"]) == ("new", "coffee")
        assert answer.keys() & {"similar", "supersedes"} == set()
