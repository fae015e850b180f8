"""Two servers on the same data: what one was told, the other knows."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from .checking import done, eventually, ids, refused
from .making import HELLO, contents, get_dialogue, new_dialogue, new_key, new_message
from .server import running


@pytest.fixture(scope="module")
def second(engine, server, tmp_path_factory):
    """Run another server on the data of the first."""
    with running(engine, tmp_path_factory.mktemp("second"), server.data) as second:
        yield second


@pytest.fixture
def other(second, project):
    """Speak to the other server with the same project's key."""
    with second.client(project.key) as client:
        yield client


def is_refused(client):
    """Say whether the client's key opens nothing any more."""
    return client.get("/dialogue").status_code == 401


def is_kept(client, message):
    """Say whether a message cannot be tagged any more."""
    return client.put(message, json={"tags": []}).status_code == 409


class TestWhatOneWasTold:
    def test_is_read_from_the_other_at_once(self, api, other):
        for number in range(10):
            writer, reader = [(api, other), (other, api)][number % 2]
            new_dialogue(writer, id=f"d{number}", message={**HELLO, "id": "m"})
            assert get_dialogue(reader, f"d{number}")["totalMessages"] == 1
            done(writer.put(f"/dialogue/d{number}/state", json={"n": number}))
            assert done(reader.get(f"/dialogue/d{number}/state")) == {"n": number}
            done(writer.delete(f"/dialogue/d{number}/messages/m"))
            assert contents(reader, f"d{number}") == []

    def test_is_not_stored_again_by_the_other(self, api, other):
        new_dialogue(api, id="d")
        headers = {"Idempotency-Key": "k"}
        first = done(api.post("/dialogue/d/messages", json=HELLO, headers=headers))
        assert done(other.post("/dialogue/d/messages", json=HELLO, headers=headers)) == first
        sent = new_message(api, "d", id="m")
        assert new_message(other, "d", id="m") == sent
        assert len(contents(api, "d")) == 2

    def test_is_counted_once_while_both_write(self, api, other):
        new_dialogue(api, id="d")

        def write(client):
            return [new_message(client, "d")["seq"] for _ in range(40)]

        with ThreadPoolExecutor(2) as pool:
            seqs = list(pool.map(write, [api, other]))
        assert sorted(seqs[0] + seqs[1]) == list(range(1, 81))
        assert get_dialogue(api, "d")["totalMessages"] == 80

    def test_goes_on_at_the_other_with_the_same_page_token(self, api, other):
        for number in range(5):
            new_dialogue(api, id=str(number))
        page = done(api.get("/dialogue?limit=2"))
        rest = done(other.get(f"/dialogue?next={page['next']}"))
        assert ids(page) + ids(rest) == list("43210")


class TestWithinASecond:
    def test_a_key_revoked_at_one_is_refused_by_the_other(self, api, second):
        key = new_key(api)
        with second.client(key["key"]) as client:
            done(client.get("/dialogue"))
            done(api.delete(f"/admin/keys/{key['id']}"))
            eventually(partial(is_refused, client))

    def test_a_key_revoked_on_the_command_line_is_refused_by_both(self, api, server, second):
        key = new_key(api)
        with server.client(key["key"]) as first, second.client(key["key"]) as other:
            done(first.get("/dialogue"))
            done(other.get("/dialogue"))
            server.command("keys", "revoke", key["id"])
            for client in (first, other):
                eventually(partial(is_refused, client))

    def test_settings_changed_at_one_hold_at_the_other(self, api, other):
        rate = {"enabled": True, "perSecond": 1, "burst": 1}
        done(other.get("/dialogue"))
        done(api.put("/admin/settings", json={"rateLimit": rate, "immutable": True}))
        eventually(lambda: other.get("/dialogue").status_code == 429)

    def test_settings_changed_on_the_command_line_hold_at_both(self, api, other, server, project):
        new_dialogue(api, id="d", message={**HELLO, "id": "m"})
        server.command("projects", "set", project.name, "--immutable")
        for client in (api, other):
            eventually(partial(is_kept, client, "/dialogue/d/messages/m"))
            refused(client.delete("/dialogue/d"), "DIALOGUE_IMMUTABLE")

    def test_a_project_deleted_at_one_is_gone_at_the_other(self, operator, other, project):
        new_dialogue(other)
        done(operator.delete(f"/admin/projects/{project.id}"))
        eventually(partial(is_refused, other))
