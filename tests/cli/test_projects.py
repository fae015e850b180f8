"""`dialoguedb projects`, beside a running server."""

import itertools

import pytest

from tests.cli.test_keys import status, wait_for

names = (f"project-{number}" for number in itertools.count(1))


@pytest.fixture
def project(shared_room, serving):
    """Make a project of this test's own."""
    return shared_room.run("projects", "create", next(names)).record


def test_a_created_project_comes_with_an_admin_key(serving, project):
    assert status(serving, project["key"], path="/admin/settings") == 200


def test_quiet_prints_exactly_the_key(shared_room, serving):
    ended = shared_room.run("projects", "create", next(names), "--quiet")
    assert status(serving, ended.out.removesuffix("\n")) == 200


def test_every_project_is_listed(shared_room, project):
    records = shared_room.run("projects", "list").records
    listed = [record["name"] for record in records]
    assert listed[0] == "default"
    assert project["name"] in listed


def test_a_project_is_shown_by_name_and_by_id_with_what_it_used(shared_room, serving, project):
    serving.client(project["key"]).post("/message", json={})
    dialogue = {"message": {"role": "user", "content": "12345678"}}
    assert status(serving, project["key"], "POST", json=dialogue) == 200
    for name in (project["name"], project["id"]):
        shown = shared_room.run("projects", "show", name).record
        assert shown["settings"] == project["settings"]
        assert (shown["usage"]["dialogues"], shown["usage"]["messages"]) == (1, 1)


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--rate", "7"], "rateLimit", {"enabled": True, "perSecond": 7, "burst": 20_000}),
        (["--burst", "9"], "rateLimit", {"enabled": True, "perSecond": 20_000, "burst": 9}),
        (
            ["--no-rate-limit"],
            "rateLimit",
            {"enabled": False, "perSecond": 20_000, "burst": 20_000},
        ),
        (
            ["--requests-per-month", "1", "--messages-per-month", "2"],
            "quotas",
            {"requests": 1, "messages": 2, "dialogues": None, "storedBytes": None},
        ),
        (
            ["--dialogues-per-month", "3", "--bytes-per-month", "4"],
            "quotas",
            {"requests": None, "messages": None, "dialogues": 3, "storedBytes": 4},
        ),
        (
            ["--auto-compact-above", "500", "--auto-compact-keep", "3"],
            "autoCompact",
            {"aboveTokens": 500, "keepRecent": 3},
        ),
        (["--immutable"], "immutable", True),
        (["--deletion-protection"], "deletionProtection", True),
        (
            ["--allowed-ip", "10.0.0.0/8", "--allowed-ip", "::1"],
            "allowedIps",
            ["10.0.0.0/8", "::1"],
        ),
    ],
)
def test_each_setting_can_be_set_and_leaves_the_others(shared_room, project, words, field, value):
    changed = shared_room.run("projects", "set", project["name"], *words).record
    assert changed["settings"] == project["settings"] | {field: value}


def test_settings_can_be_taken_back(shared_room, project):
    name = project["name"]
    shared_room.run(
        *("projects", "set", name, "--no-rate-limit", "--bytes-per-month", "4"),
        *("--allowed-ip", "10.0.0.0/8", "--deletion-protection"),
        *("--auto-compact-above", "500"),
    )
    changed = shared_room.run(
        *("projects", "set", name, "--rate-limit", "--bytes-per-month", "none"),
        *("--any-ip", "--no-deletion-protection", "--auto-compact-above", "none"),
    )
    assert changed.record["settings"] == project["settings"]


def test_a_setting_takes_effect_on_a_running_server_within_a_second(shared_room, serving, project):
    assert status(serving, project["key"]) == 200
    shared_room.run("projects", "set", project["name"], "--allowed-ip", "192.0.2.0/24")
    wait_for(lambda: status(serving, project["key"]) == 403)
    shared_room.run("projects", "set", project["name"], "--any-ip")
    wait_for(lambda: status(serving, project["key"]) == 200)


def test_a_deleted_project_is_gone_with_its_key_and_data(shared_room, serving, project):
    assert status(serving, project["key"], "POST", json={"messages": []}) == 200
    ended = shared_room.run("projects", "delete", project["name"], "--yes")
    assert ended.record["deleted"] == {
        "dialogues": 1,
        "messages": 0,
        "memories": 0,
        "summaries": 0,
    }
    wait_for(lambda: status(serving, project["key"]) == 401)
    assert shared_room.run("projects", "show", project["name"]).code == 1


def test_a_project_is_not_deleted_when_nobody_can_be_asked(shared_room, serving, project):
    ended = shared_room.run("projects", "delete", project["name"])
    assert ended.code == 2
    assert ended.error == "Nobody can be asked without a terminal; --yes deletes."
    assert status(serving, project["key"]) == 200


def test_a_protected_project_is_not_deleted(shared_room, serving, project):
    shared_room.run("projects", "set", project["name"], "--deletion-protection")
    ended = shared_room.run("projects", "delete", project["name"], "--yes")
    assert ended.code == 1
    assert ended.error == f"Project '{project['name']}' is protected from deletion"
    assert status(serving, project["key"]) == 200


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["create", "default"], "Project 'default' already exists"),
        (["create", "a b"], "name holds characters that are not allowed"),
        (["show", "nobody"], "Project 'nobody' not found"),
        (["set", "nobody", "--rate", "1"], "Project 'nobody' not found"),
        (["set", "default", "--allowed-ip", "here"], "allowedIps[0]: 'here' is not an address"),
        (["delete", "nobody", "--yes"], "Project 'nobody' not found"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(shared_room, serving, words, complaint):
    ended = shared_room.run("projects", *words)
    assert ended.code == 1
    assert ended.error.startswith(complaint)
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["create"],
        ["set", "default"],
        ["set", "default", "--rate", "0"],
        ["set", "default", "--rate", "many"],
        ["set", "default", "--bytes-per-month", "-1"],
        ["set", "default", "--bytes-per-month", "some"],
        ["set", "default", "--any-ip", "--allowed-ip", "::1"],
        ["set", "default", "--auto-compact-above", "none", "--auto-compact-keep", "3"],
        ["set", "default", "--no-immutable"],
    ],
)
def test_a_wrong_use_ends_with_code_2(shared_room, serving, words):
    ended = shared_room.run("projects", *words)
    assert ended.code == 2
    assert ended.out == ""
