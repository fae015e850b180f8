"""Projects: made, set, used up to their quotas, deleted."""

from typing import Any

import msgspec
import pytest

from dialoguedb.errors import (
    DuplicateId,
    InvalidRequest,
    ProjectNotFound,
    ProjectProtected,
    QuotaExceeded,
)
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.projects import ProjectInput, SettingsChange
from tests.contract.making import idempotent, message, plain, read_to_end, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

DEFAULTS: dict[str, Any] = {
    "rateLimit": {"enabled": True, "perSecond": 20_000, "burst": 20_000},
    "quotas": {"requests": None, "messages": None, "dialogues": None, "storedBytes": None},
    "immutable": False,
    "deletionProtection": False,
    "allowedIps": [],
    "summariesAfterDeletion": "delete",
    "autoCompact": None,
}


async def projects(world, order="desc", limit=1_000):
    """Read the list of projects to its end."""
    return await read_to_end(world.store.projects.list, order, limit)


class TestProjects:
    async def test_a_fresh_one_has_every_default(self, world, me):
        found = await world.services.projects.get(me.project.id)
        assert plain(found) == {
            "id": me.project.id,
            "name": "project-1",
            "created": me.project.created,
            "modified": me.project.created,
            "settings": DEFAULTS,
        }

    async def test_it_is_found_by_id_and_by_name(self, world, me, stranger):
        for tenant in [me, stranger]:
            for word in [tenant.project.id, tenant.project.name]:
                assert await world.services.projects.get(word) == tenant.project

    @pytest.mark.parametrize("word", ["", "nobody", "PROJECT-1", "project-1 ", "%", "' OR 1=1 --"])
    async def test_others_are_not_found(self, word, world, me):
        with pytest.raises(ProjectNotFound):
            await world.services.projects.get(word)

    async def test_a_taken_name_is_refused_and_leaves_no_key(self, world, me):
        issued = world.services.keys.issue(KeyInput(), "admin")
        with pytest.raises(DuplicateId) as caught:
            await world.services.projects.create(
                ProjectInput(me.project.name), issued.new, world.services.write_options()
            )
        assert caught.value.details[0].field == "name"
        assert await world.services.keys.find(issued.secret) is None
        assert len(await projects(world)) == 1

    async def test_of_many_of_one_name_at_once_one_is_made(self, world):
        attempts = await together(
            (
                world.services.projects.create(
                    ProjectInput("n"), None, world.services.write_options()
                )
                for _ in range(16)
            ),
            failing=DuplicateId,
        )
        made = [one for one in attempts if not isinstance(one, DuplicateId)]
        assert await projects(world) == made

    async def test_they_are_listed_newest_first_in_pages(self, world):
        names = [(await world.tenant()).project.name for _ in range(7)]
        assert [one.name for one in await projects(world)] == names[::-1]
        assert [one.name for one in await projects(world, "asc", limit=2)] == names


class TestSettings:
    async def test_only_what_is_named_changes_and_null_is_the_default(self, me):
        await me.set(rateLimit={"perSecond": 5}, quotas={"messages": 7}, allowedIps=["10.0.0.0/8"])
        assert plain(await me.set(rateLimit={"burst": 9}, deletionProtection=True)) == {
            **DEFAULTS,
            "rateLimit": {"enabled": True, "perSecond": 5, "burst": 9},
            "quotas": {**DEFAULTS["quotas"], "messages": 7},
            "allowedIps": ["10.0.0.0/8"],
            "autoCompact": None,
            "deletionProtection": True,
        }
        await me.set(rateLimit={"perSecond": None}, quotas=None, allowedIps=None)
        assert plain(await me.set(deletionProtection=None, rateLimit={"burst": None})) == DEFAULTS

    async def test_they_are_found_again(self, world, me):
        await me.set(immutable=True, quotas={"storedBytes": 1})
        assert await world.services.projects.get(me.project.id) == me.project
        assert me.project.modified > me.project.created

    async def test_nothing_to_change_changes_nothing(self, world, me):
        before = me.project
        await me.set()
        await me.set(immutable=False, quotas={})
        assert me.project == before

    async def test_immutable_never_goes_back(self, me):
        await me.set(immutable=True)
        for value in [False, None]:
            with pytest.raises(InvalidRequest):
                await me.set(immutable=value, deletionProtection=True)
        assert (await me.set(immutable=True)).immutable
        assert not me.project.settings.deletion_protection

    async def test_changes_at_once_lose_nothing(self, world, me):
        projects = world.services.projects
        changes = [
            {"rateLimit": {"perSecond": 5}},
            {"rateLimit": {"burst": 6}},
            {"quotas": {"messages": 7}},
            {"quotas": {"dialogues": 8}},
            {"deletionProtection": True},
        ]
        await together(
            projects.update(me.project, msgspec.convert(one, SettingsChange), me.write_options())
            for one in changes
        )
        settings = plain((await projects.get(me.project.id)).settings)
        assert settings["rateLimit"] == {"enabled": True, "perSecond": 5, "burst": 6}
        assert settings["quotas"] == {**DEFAULTS["quotas"], "messages": 7, "dialogues": 8}
        assert settings["deletionProtection"] is True


class TestDeleting:
    async def fill(self, tenant):
        """Put one of everything into a project."""
        await tenant.new("root", messages=[message(id="m", tags=("t",))], tags=("t",))
        await tenant.new("child", thread_of="root", messages=[message(), message()])
        await tenant.new("root", "ns")
        await tenant.remember(id="m", tags=("t",))
        await tenant.remember(id="m", namespace="ns")
        await tenant.append(
            message(), to="root", options=tenant.write_options(idempotent(tenant.project.id))
        )
        return (await tenant.new_key())[0]

    async def test_all_it_holds_goes_and_is_counted(self, world, me, stranger):
        secret, kept = await self.fill(me), await self.fill(stranger)
        deleted = await world.services.projects.delete(
            me.project.id, world.services.write_options()
        )
        assert plain(deleted) == {"dialogues": 3, "messages": 4, "memories": 2, "summaries": 0}
        with pytest.raises(ProjectNotFound):
            await world.services.projects.get(me.project.name)
        assert await world.services.keys.find(secret) is None
        assert [one.id for one in await projects(world)] == [stranger.project.id]
        assert len(await stranger.dialogues()) == 3
        assert len(await stranger.memories()) == 2
        assert (await world.services.keys.find(kept)).project == stranger.project

    async def test_its_name_can_be_used_again(self, world, me):
        await self.fill(me)
        await world.services.projects.delete(me.project.id, world.services.write_options())
        new = ProjectInput(me.project.name)
        again = await world.services.projects.create(new, None, world.services.write_options())
        assert again.id != me.project.id
        me.project = again
        assert await me.dialogues() == []
        assert await me.memories() == []
        assert (await me.usage()).messages == 0
        assert await me.keys() == []
        await me.new("root", options=me.write_options(idempotent(again.id)))

    async def test_nothing_more_can_be_stored_in_it(self, world, me):
        await self.fill(me)
        await world.services.projects.delete(me.project.id, world.services.write_options())
        operations = [
            me.new("new"),
            me.remember(id="new"),
            me.new_key(),
            world.store.projects.update(
                me.project, SettingsChange(immutable=True), me.write_options()
            ),
            world.store.projects.count_request(me.project, "2026-03"),
        ]
        for operation in operations:
            with pytest.raises(ProjectNotFound):
                await operation
        assert await projects(world) == []

    async def test_a_protected_one_stays(self, world, me):
        await self.fill(me)
        await me.set(deletionProtection=True)
        with pytest.raises(ProjectProtected):
            await world.services.projects.delete(me.project.id, world.services.write_options())
        assert len(await me.dialogues()) == 3
        await me.delete("child")
        await me.set(deletionProtection=False)
        await world.services.projects.delete(me.project.id, world.services.write_options())

    async def test_an_unknown_one_is_not_found(self, world, me):
        await world.services.projects.delete(me.project.id, world.services.write_options())
        for word in [me.project.id, "nobody", ""]:
            with pytest.raises(ProjectNotFound):
                await world.services.projects.delete(word, world.services.write_options())


class TestUsage:
    async def test_what_was_accepted_is_counted(self, me):
        await me.new("d", state=b'{"s":1}', metadata=b'{"m":1}', messages=[message("1234")])
        await me.append(message("12"), message("34", metadata=b'{"m":1}'), to="d")
        await me.put_state("replace", b'{"s":12}')
        await me.remember("v", metadata=b'{"m":1}')
        used = await me.usage()
        assert (used.month, used.dialogues, used.messages) == ("2026-03", 1, 3)
        stored = [b'{"s":1}{"m":1}', b'"1234"{}', b'"12"{}"34"{"m":1}', b'{"s":12}', b'"v"{"m":1}']
        assert used.stored_bytes == sum(len(one) for one in stored)

    async def test_what_was_refused_or_repeated_is_not(self, me):
        await me.new("d", messages=[message(id="m")])
        before = await me.usage()
        await me.append(message(id="m"))
        with pytest.raises(DuplicateId):
            await me.append(message(), message("other", id="m"))
        with pytest.raises(DuplicateId):
            await me.new("d", messages=[message()])
        assert await me.usage() == before

    async def test_a_state_sent_again_as_it_is_costs_nothing(self, me):
        await me.new("d", state=b'{"a":1}')
        before = await me.usage()
        await me.change(state=b'{"a":1}')
        await me.change(state=b'{"a":1}', label="l", tags=("t",))
        await me.put_state("replace", b'{"a":1}')
        await me.put_state("merge", b'{"a":1}')
        assert await me.usage() == before
        await me.change(state=b'{"a":2}')
        assert (await me.usage()).stored_bytes == before.stored_bytes + 7

    async def test_deleting_gives_nothing_back(self, me):
        await me.new("d", messages=[message(id="m")])
        before = await me.usage()
        await me.delete_message("m")
        await me.delete("d")
        assert await me.usage() == before

    async def test_each_month_starts_from_nothing(self, me):
        await me.new("d", messages=[message()])
        me.clock.set(31 * 24 * 3600)
        assert plain(await me.usage()) == {
            "month": "2026-04",
            "requests": 0,
            "messages": 0,
            "dialogues": 0,
            "storedBytes": 0,
        }
        await me.append(message())
        assert (await me.usage()).messages == 1
        me.clock.set(0)
        assert (await me.usage()).messages == 1

    async def test_requests_are_counted_one_by_one_and_in_heaps(self, world, me, stranger):
        projects = world.services.projects
        counts = await together(projects.count_request(me.project, me.clock()) for _ in range(20))
        assert sorted(counts) == list(range(1, 21))
        heap = {me.project.id: 5, stranger.project.id: 2, "gone": 9}
        await projects.record_activity(me.clock(), heap, {})
        assert (await me.usage()).requests == 25
        assert (await stranger.usage()).requests == 2


class TestQuotas:
    async def test_messages_up_to_the_quota_and_none_past_it(self, me):
        await me.new("d")
        await me.set(quotas={"messages": 3})
        await me.append(message(), message())
        with pytest.raises(QuotaExceeded) as caught:
            await me.append(message(), message())
        assert "messages" in str(caught.value)
        assert caught.value.details[0].field == "messages"
        await me.append(message())
        for attempt in [me.append(message()), me.change(messages=[message()])]:
            with pytest.raises(QuotaExceeded):
                await attempt
        with pytest.raises(QuotaExceeded):
            await me.new("e", messages=[message()])
        assert (await me.get()).total_messages == 3
        assert (await me.usage()).messages == 3

    async def test_dialogues_up_to_the_quota_and_none_past_it(self, me):
        await me.set(quotas={"dialogues": 2})
        await me.new("a")
        await me.new("b")
        with pytest.raises(QuotaExceeded) as caught:
            await me.new("c")
        assert caught.value.details[0].field == "dialogues"
        await me.delete("a")
        with pytest.raises(QuotaExceeded):
            await me.new("c")
        await me.append(message(), to="b")

    async def test_stored_bytes_of_every_kind(self, me):
        await me.new("d")
        used = (await me.usage()).stored_bytes
        await me.set(quotas={"storedBytes": used + 20})
        attempts = [
            me.append(message("x" * 20)),
            me.change(state=b'{"x":"' + b"x" * 20 + b'"}'),
            me.put_state("merge", b'{"x":"' + b"x" * 20 + b'"}'),
            me.remember("x" * 20),
            me.new("e", metadata=b'{"x":"' + b"x" * 20 + b'"}'),
        ]
        for attempt in attempts:
            with pytest.raises(QuotaExceeded) as caught:
                await attempt
            assert caught.value.details[0].field == "storedBytes"
        assert (await me.usage()).stored_bytes == used
        await me.append(message("x" * 16))
        with pytest.raises(QuotaExceeded):
            await me.remember(b"1")

    async def test_duplicates_deletes_tags_and_labels_stay_free(self, me):
        await me.new("d", messages=[message(id="m")])
        await me.new("e")
        await me.remember(id="m")
        used = await me.usage()
        await me.set(
            quotas={
                "messages": used.messages,
                "dialogues": used.dialogues,
                "storedBytes": used.stored_bytes,
            }
        )
        await me.append(message(id="m"))
        await me.remember(id="m")
        await me.tag("m", ("t",))
        await me.change(label="l", tags=("t",))
        await me.change_status("end")
        await me.change_status("reopen")
        await me.tag_memory("m", ("t",))
        await me.delete_message("m")
        await me.forget("m")
        await me.delete("e")

    async def test_a_new_month_has_its_own(self, me):
        await me.new("d")
        await me.set(quotas={"messages": 1})
        await me.append(message())
        with pytest.raises(QuotaExceeded):
            await me.append(message())
        me.clock.set(31 * 24 * 3600)
        await me.append(message())

    async def test_no_quota_is_passed_however_many_try_at_once(self, me):
        await me.new("d")
        await me.set(quotas={"messages": 10})
        attempts = await together((me.append(message()) for _ in range(32)), failing=QuotaExceeded)
        assert sum(not isinstance(one, QuotaExceeded) for one in attempts) == 10
        assert (await me.get()).total_messages == 10
