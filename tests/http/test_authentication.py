"""Who is let in: from which address, with which scope, and how long a key is remembered."""

import asyncio
import time

import pytest

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import Forbidden, Unauthorized
from dialoguedb.http.admission.authentication import KEYS_MAX, Authentication
from dialoguedb.http.requests.incoming import read_head
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.projects import ProjectInput, SettingsChange
from dialoguedb.ports import WriteOptions
from dialoguedb.service import build_services
from dialoguedb.service.ids import IdGenerator
from dialoguedb.store.sqlite import SQLiteStore

NOW = "2026-06-01T00:00:00.000Z"


class World:
    """An engine with one project, and what lets its callers in."""

    def __init__(self, store, proxies=()):
        self.services = build_services(
            store,
            clock=lambda: NOW,
            new_id=IdGenerator(time.time_ns),
            token_secret=store.page_token_secret(),
            count_tokens=count_tokens,
        )
        self.passed = 0.0
        self.authentication = Authentication(self.services, proxies, lambda: self.passed)
        self.project = None

    async def make_project(self, allowed=()):
        project_input = ProjectInput("p", SettingsChange(allowed_ips=list(allowed)))
        self.project = await self.services.projects.create(
            project_input, None, self.services.write_options()
        )

    async def key(self, scope="write", expires=None, made=NOW):
        """Store a key, and return its id and its secret."""
        issued = self.services.keys.issue(KeyInput(expires=expires), scope)
        project = None if scope == "operator" else self.project
        await self.services.keys.create(project, issued.new, WriteOptions(made))
        return issued.new.id, issued.secret

    async def revoke(self, key_id):
        await self.services.keys.revoke(self.project, key_id, self.services.write_options())

    async def admit(self, secret, scope="read", client="203.0.113.7", forwarded=None):
        headers = [(b"authorization", b"Bearer " + secret.encode())]
        if forwarded:
            headers.append((b"x-forwarded-for", forwarded))
        request = {
            "method": "GET",
            "raw_path": b"/dialogue",
            "query_string": b"",
            "headers": headers,
            "client": (client, 1) if client else None,
        }
        head = read_head(request)
        self.authentication.authorize(head, await self.authentication.authenticate(head), scope)


@pytest.fixture
def within(tmp_path):
    """Run a story within a world."""

    def run(story, proxies=(), allowed=()):
        async def tell():
            store = await SQLiteStore.open(tmp_path)
            try:
                world = World(store, proxies)
                await world.make_project(allowed)
                return await story(world)
            finally:
                await store.close()

        return asyncio.run(tell())

    return run


class TestAddresses:
    @pytest.mark.parametrize(
        ("client", "forwarded", "proxies", "allowed"),
        [
            ("10.1.2.3", None, [], ["10.0.0.0/8"]),
            ("::ffff:10.1.2.3", None, [], ["10.0.0.0/8"]),
            ("2001:db8::1", None, [], ["2001:db8::/32"]),
            ("192.0.2.1", b"10.1.2.3", ["192.0.2.0/24"], ["10.0.0.0/8"]),
            ("192.0.2.1", b"6.6.6.6, 10.1.2.3, 192.0.2.9", ["192.0.2.0/24"], ["10.0.0.0/8"]),
            ("10.1.2.3", b"6.6.6.6", [], ["10.0.0.0/8"]),
        ],
    )
    def test_the_one_that_asks_counts(self, client, forwarded, proxies, allowed, within):
        async def story(world):
            _, secret = await world.key()
            await world.admit(secret, client=client, forwarded=forwarded)

        within(story, proxies, allowed)

    @pytest.mark.parametrize(
        ("client", "forwarded", "proxies"),
        [
            ("6.6.6.6", None, []),
            ("6.6.6.6", b"10.1.2.3", []),
            ("6.6.6.6", b"10.1.2.3", ["192.0.2.0/24"]),
            ("192.0.2.1", b"10.1.2.3, 6.6.6.6", ["192.0.2.0/24"]),
            ("192.0.2.1", b"10.1.2.3, nonsense", ["192.0.2.0/24"]),
            (None, None, []),
        ],
    )
    def test_any_other_is_forbidden(self, client, forwarded, proxies, within):
        async def story(world):
            _, secret = await world.key()
            with pytest.raises(Forbidden):
                await world.admit(secret, client=client, forwarded=forwarded)

        within(story, proxies, ["10.0.0.0/8"])


@pytest.mark.parametrize(
    ("held", "opens", "refused"),
    [
        ("read", ["read"], ["write", "admin", "operator"]),
        ("write", ["read", "write"], ["admin", "operator"]),
        ("admin", ["read", "write", "admin"], ["operator"]),
        ("operator", ["operator"], ["read", "write", "admin"]),
    ],
)
def test_a_scope_includes_the_lower_ones_and_an_operator_opens_no_data(
    held, opens, refused, within
):
    async def story(world):
        _, secret = await world.key(held)
        for scope in opens:
            await world.admit(secret, scope)
        for scope in refused:
            with pytest.raises(Forbidden):
                await world.admit(secret, scope)

    within(story)


class TestRemembering:
    @pytest.mark.parametrize("how", ["told to", "half a second passed"])
    def test_a_revoked_key_is_remembered_no_longer_than_that(self, how, within):
        async def story(world):
            key_id, secret = await world.key()
            await world.admit(secret)
            await world.revoke(key_id)
            await world.admit(secret)
            if how == "told to":
                world.authentication.forget_keys()
            else:
                world.passed += 0.501
            with pytest.raises(Unauthorized):
                await world.admit(secret)

        within(story)

    def test_an_expired_key_is_refused_to_the_millisecond(self, within):
        async def story(world):
            _, good = await world.key(expires="2026-06-01T00:00:00.001Z")
            _, old = await world.key(expires=NOW, made="2026-05-31T00:00:00.000Z")
            await world.admit(good)
            with pytest.raises(Unauthorized):
                await world.admit(old)

        within(story)

    def test_guessing_leaves_room_for_keys_that_somebody_holds(self, within):
        async def story(world):
            for number in range(KEYS_MAX):
                with pytest.raises(Unauthorized):
                    await world.admit(f"guess-{number}")
            key_id, secret = await world.key()
            await world.admit(secret)
            with pytest.raises(Unauthorized):
                await world.admit("one-more")
            await world.revoke(key_id)
            await world.admit(secret)

        within(story)

    @pytest.mark.parametrize("secret", ["", " ", "x" * 500, "ddb_"])
    def test_what_can_be_no_key_is_none(self, secret, within):
        async def story(world):
            with pytest.raises(Unauthorized):
                await world.admit(secret)

        within(story)
