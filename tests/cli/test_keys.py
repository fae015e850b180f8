"""`dialoguedb keys`, beside a running server."""

import time

import pytest

from tests.e2e.programs import KEY, SECONDS_MAX


def wait_for(condition):
    """Wait until it holds: servers look again after `TRUST_SECONDS`."""
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline, "the server has not noticed"


def status(serving, key, method="GET", path="/dialogue", **kwargs):
    return serving.client(key).request(method, path, **kwargs).status_code


def test_quiet_prints_exactly_the_key_and_it_works_at_once(shared_room, serving):
    ended = shared_room.run("keys", "create", "--quiet")
    assert KEY.fullmatch(ended.out.removesuffix("\n"))
    assert status(serving, ended.out.strip()) == 200


def test_into_a_pipe_a_created_key_is_one_line_of_json(shared_room, serving):
    made = shared_room.run("keys", "create", "--name", "Bot 🤖").record
    assert KEY.fullmatch(made["key"])
    assert made["key"].startswith(made["prefix"])
    assert (made["project"], made["scope"], made["name"]) == ("default", "write", "Bot 🤖")


def test_a_list_shows_every_key_but_no_secret(shared_room, serving):
    secret = shared_room.run("keys", "create", "--quiet").out.strip()
    ended = shared_room.run("keys", "list")
    assert secret[:12] in [record["prefix"] for record in ended.records]
    assert not KEY.search(ended.out)


def test_a_list_can_be_of_one_project(shared_room, serving):
    key = shared_room.run("projects", "create", "listed").record
    for name in ("listed", key["id"]):
        (record,) = shared_room.run("keys", "list", "--project", name).records
        assert key["key"].startswith(record["prefix"])


def test_a_revoked_key_is_refused_within_a_second(shared_room, serving):
    made = shared_room.run("keys", "create").record
    assert status(serving, made["key"]) == 200
    revoked = shared_room.run("keys", "revoke", made["id"]).record
    assert revoked["revoked"]
    wait_for(lambda: status(serving, made["key"]) == 401)
    again = shared_room.run("keys", "revoke", made["id"]).record
    assert again["revoked"] == revoked["revoked"]


def test_the_scope_is_kept(shared_room, serving):
    reader, admin = (
        shared_room.run("keys", "create", "--scope", scope, "--quiet").out.strip()
        for scope in ("read", "admin")
    )
    assert status(serving, reader) == 200
    assert status(serving, reader, "POST") == 403
    assert status(serving, admin, path="/admin/settings") == 200


def test_a_key_can_be_bound_to_a_namespace(shared_room, serving):
    key = shared_room.run("keys", "create", "--namespace", "user_789", "--quiet").out.strip()
    made = serving.client(key).post("/dialogue").json()
    assert made["namespace"] == "user_789"
    assert status(serving, key, "POST", json={"namespace": "user_790"}) == 403


def test_an_expired_key_is_refused(shared_room, serving):
    ended = shared_room.run("keys", "create", "--expires", "2020-02-29", "--quiet")
    assert status(serving, ended.out.strip()) == 401


def test_an_operators_key_manages_projects_and_opens_no_data(shared_room, serving):
    made = shared_room.run("keys", "create", "--operator").record
    assert made["scope"] == "operator"
    assert status(serving, made["key"], path="/admin/projects") == 200
    assert status(serving, made["key"]) == 403
    shared_room.run("keys", "revoke", made["id"])
    wait_for(lambda: status(serving, made["key"], path="/admin/projects") == 401)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["create", "--project", "nobody"], "Project 'nobody' not found"),
        (["create", "--expires", "soon"], "expires: 'soon' is not a date or date-time"),
        (["create", "--name", "x" * 257], "name must be a string of length <= 256"),
        (
            ["create", "--scope", "admin", "--namespace", "n"],
            "Only a read or write key can be bound to a namespace",
        ),
        (["list", "--project", "nobody"], "Project 'nobody' not found"),
        (["revoke", "nothing"], "Key 'nothing' not found; `dialoguedb keys list` shows the ids"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(shared_room, serving, words, complaint):
    ended = shared_room.run("keys", *words)
    assert ended.code == 1
    assert ended.error.startswith(complaint)
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["create", "--scope", "all"],
        ["create", "--operator", "--project", "default"],
        ["create", "--operator", "--scope", "read"],
        ["revoke"],
        ["destroy"],
        ["create", "--colour", "red"],
    ],
)
def test_a_wrong_use_ends_with_code_2(shared_room, words):
    ended = shared_room.run("keys", *words)
    assert ended.code == 2
    assert ended.out == ""


def test_keys_can_be_made_before_the_first_start(room):
    ended = room.run("keys", "create", "--quiet")
    assert ended.err == "Created a new data directory: dialoguedb-data\n"
    with room.serving() as serving:
        assert not KEY.search(serving.out)
        assert status(serving, ended.out.strip()) == 200


def test_an_operators_key_made_before_the_first_start_takes_nothing_from_it(room):
    room.run("keys", "create", "--operator")
    with room.serving() as serving:
        assert status(serving, serving.first_key) == 200


def test_a_key_for_the_default_project_makes_it_beside_others(room):
    room.run("projects", "create", "acme")
    made = room.run("keys", "create")
    assert (made.code, made.record["project"]) == (0, "default")
    assert len(room.run("projects", "list").records) == 2
