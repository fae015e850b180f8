"""Keys: only their hashes are stored; revoked ones open nothing."""

import msgspec
import pytest

from dialoguedb.errors import InvalidRequest, KeyNotFound
from dialoguedb.model.keys import KeyInput, key_digest
from tests.contract.making import at, ids, plain

pytestmark = pytest.mark.anyio


class TestKeys:
    async def test_a_key_opens_its_project_and_says_what_it_may(self, world, me):
        fields = {"name": "ci", "scope": "read", "namespace": "ns", "expires": "2027-01-01"}
        secret, key = await me.new_key(**fields)
        caller = await world.services.keys.find(secret)
        assert (caller.key_id, caller.scope, caller.namespace) == (key.id, "read", "ns")
        assert caller.project == me.project
        assert caller.expires == "2027-01-01T00:00:00.000Z"

    async def test_it_is_shown_by_all_but_its_secret(self, world, me):
        secret, key = await me.new_key(name="ci")
        assert plain(key) == {
            "id": key.id,
            "prefix": secret[:12],
            "scope": "write",
            "created": key.created,
            "projectId": me.project.id,
            "name": "ci",
        }
        assert await world.services.keys.get(me.project, key.id) == key
        assert await me.keys() == [key]

    async def test_secrets_are_long_random_and_different(self, me):
        secrets = {(await me.new_key())[0] for _ in range(20)}
        assert len(secrets) == 20
        assert all(secret.startswith("ddb_") and len(secret) == 47 for secret in secrets)

    async def test_nobody_else_is_found(self, world, me):
        secret, key = await me.new_key()
        nobody = ["", "ddb_", key.id, key.prefix, secret[:-1], secret + "A", secret.lower()]
        for word in [*nobody, key_digest(secret).hex()]:
            assert await world.services.keys.find(word) is None

    async def test_a_revoked_one_opens_nothing_at_once_and_for_good(self, world, me):
        secret, key = await me.new_key()
        revoked = await world.services.keys.revoke(me.project, key.id, me.write_options())
        assert revoked.revoked > key.created
        assert await world.services.keys.find(secret) is None
        assert await world.services.keys.get(me.project, key.id) == revoked
        again = await world.services.keys.revoke(me.project, key.id, me.write_options())
        assert again == revoked

    async def test_revoking_one_leaves_the_others(self, world, me):
        first, key = await me.new_key()
        second, _ = await me.new_key()
        await world.services.keys.revoke(me.project, key.id, me.write_options())
        assert await world.services.keys.find(first) is None
        assert await world.services.keys.find(second) is not None

    async def test_an_unknown_one_is_not_found(self, world, me):
        for word in ["nobody", ""]:
            with pytest.raises(KeyNotFound):
                await world.services.keys.get(me.project, word)
            with pytest.raises(KeyNotFound):
                await world.services.keys.revoke(me.project, word, me.write_options())

    async def test_they_are_listed_newest_first_in_pages(self, me):
        made = [(await me.new_key())[1].id for _ in range(7)]
        assert ids(await me.keys()) == made[::-1]
        assert ids(await me.keys("asc", limit=2)) == made

    async def test_only_read_and_write_keys_are_bound_to_a_namespace(self, world):
        with pytest.raises(InvalidRequest):
            world.services.keys.issue(KeyInput(scope="admin", namespace="ns"))

    async def test_a_caller_sees_the_settings_of_now(self, world, me):
        secret, _ = await me.new_key()
        await me.set(quotas={"messages": 3})
        caller = await world.services.keys.find(secret)
        assert caller.project.settings.quotas.messages == 3

    async def test_the_last_use_is_noted(self, world, me):
        _, key = await me.new_key()
        _, other = await me.new_key()
        assert key.last_used is msgspec.UNSET
        await world.services.projects.record_activity(at(0), {}, {key.id: at(5), "gone": at(6)})
        assert (await world.services.keys.get(me.project, key.id)).last_used == at(5)
        assert await world.services.keys.get(me.project, other.id) == other


class TestOperatorKeys:
    async def make(self, world):
        issued = world.services.keys.issue(KeyInput(name="op"), "operator")
        key = await world.services.keys.create(None, issued.new, world.services.write_options())
        return issued.secret, key

    async def test_they_have_no_project(self, world):
        secret, key = await self.make(world)
        caller = await world.services.keys.find(secret)
        assert (caller.scope, caller.project) == ("operator", None)
        assert "projectId" not in plain(key)

    async def test_they_and_the_projects_keys_do_not_see_one_another(self, world, me):
        _, operators = await self.make(world)
        _, mine = await me.new_key()
        for owner, foreign in [(me.project, operators.id), (None, mine.id)]:
            with pytest.raises(KeyNotFound):
                await world.services.keys.get(owner, foreign)
            with pytest.raises(KeyNotFound):
                await world.services.keys.revoke(owner, foreign, me.write_options())
        assert ids(await me.keys()) == [mine.id]

    async def test_they_can_be_revoked(self, world):
        secret, key = await self.make(world)
        await world.services.keys.revoke(None, key.id, world.services.write_options())
        assert await world.services.keys.find(secret) is None
