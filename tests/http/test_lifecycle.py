"""The life of a dialogue: active, ended, archived, and what each lets be done."""

from typing import Any

import pytest

from .checking import TIMESTAMP, done, ids, refused
from .making import HELLO, contents, get_dialogue, new_dialogue, new_message

Calls = list[tuple[str, str, Any]]

APPENDS: Calls = [
    ("POST", "/dialogue/d/messages", HELLO),
    ("POST", "/dialogue/d/messages", [HELLO]),
    ("POST", "/messages?dialogueId=d", {"messages": [HELLO]}),
    ("POST", "/message?dialogueId=d", HELLO),
    ("PUT", "/dialogue/d", {"message": HELLO}),
    ("PUT", "/dialogue/d", {"messages": [HELLO], "label": "l"}),
]
CHANGES: Calls = [
    ("PUT", "/dialogue/d", {"label": "l"}),
    ("PUT", "/dialogue/d", {"label": None}),
    ("PUT", "/dialogue/d", {"tags": ["t"]}),
    ("PUT", "/dialogue/d", {"state": {"a": 1}}),
    ("PUT", "/dialogue/d/state", {"a": 1}),
    ("PUT", "/dialogue/d/state?merge=false", {"a": 1}),
    ("PATCH", "/dialogue/d/state", {"a": 1}),
    ("PUT", "/dialogue/d/messages/m", {"tags": ["t"]}),
    ("DELETE", "/dialogue/d/messages/m", None),
    ("POST", "/dialogue", {"threadOf": "d"}),
]
READS: Calls = [
    ("GET", "/dialogue/d?messages=9", None),
    ("GET", "/dialogue/d/state", None),
    ("GET", "/dialogue/d/messages", None),
    ("GET", "/dialogue/d/messages/m", None),
    ("GET", "/dialogue?status={status}", None),
    ("GET", "/dialogue?threadOf=d", None),
]
GOINGS: Calls = [("DELETE", "/dialogue/child", None), ("DELETE", "/dialogue/d", None)]


@pytest.fixture(autouse=True)
def dialogue(api):
    new_dialogue(api, id="d", label="old", messages=[{**HELLO, "id": "m"}])
    return new_dialogue(api, id="child", threadOf="d")


def change_status(api, *actions):
    """Do these actions and return the dialogue after the last."""
    shown = {}
    for action in actions:
        shown = done(api.post(f"/dialogue/d/{action}"))
    return shown


class TestActive:
    @pytest.mark.parametrize(("method", "path", "body"), APPENDS + CHANGES + READS + GOINGS)
    def test_everything_is_allowed(self, method, path, body, api):
        done(api.request(method, path.format(status="active"), json=body))


class TestEnded:
    @pytest.fixture(autouse=True)
    def ended(self, dialogue, api):
        return change_status(api, "end")

    def test_it_says_so_and_when(self, ended, api):
        assert ended["status"] == "ended"
        assert TIMESTAMP.fullmatch(ended["endedAt"])
        assert "archivedAt" not in ended
        assert get_dialogue(api, "d") == ended
        assert ids(done(api.get("/dialogue?status=ended"))) == ["d"]

    @pytest.mark.parametrize(("method", "path", "body"), APPENDS)
    def test_no_message_can_be_added(self, method, path, body, api):
        refused(api.request(method, path, json=body), "DIALOGUE_ENDED")
        assert len(contents(api, "d")) == 1
        assert get_dialogue(api, "d")["label"] == "old"

    @pytest.mark.parametrize(("method", "path", "body"), CHANGES + READS + GOINGS)
    def test_all_else_is_allowed(self, method, path, body, api):
        done(api.request(method, path.format(status="ended"), json=body))

    def test_ending_again_changes_nothing(self, ended, api):
        assert change_status(api, "end") == ended

    def test_it_can_be_archived_and_keeps_its_end(self, ended, api):
        archived = change_status(api, "archive")
        assert archived["status"] == "archived"
        assert archived["endedAt"] == ended["endedAt"]


class TestArchived:
    @pytest.fixture(autouse=True)
    def archived(self, dialogue, api):
        return change_status(api, "archive")

    def test_it_says_so_and_when(self, archived, api):
        assert archived["status"] == "archived"
        assert TIMESTAMP.fullmatch(archived["archivedAt"])
        assert "endedAt" not in archived
        assert get_dialogue(api, "d") == archived

    @pytest.mark.parametrize(
        ("method", "path", "body"), [*APPENDS, *CHANGES, ("POST", "/dialogue/d/end", None)]
    )
    def test_nothing_can_be_changed(self, method, path, body, archived, api):
        refused(api.request(method, path, json=body), "DIALOGUE_IMMUTABLE")
        assert get_dialogue(api, "d") == archived
        assert done(api.get("/dialogue/d/messages/m"))["tags"] == []

    @pytest.mark.parametrize(("method", "path", "body"), READS + GOINGS)
    def test_it_can_be_read_and_deleted(self, method, path, body, api):
        done(api.request(method, path.format(status="archived"), json=body))

    def test_its_threads_live_on(self, api):
        new_message(api, "child")
        done(api.put("/dialogue/child", json={"label": "l"}))
        assert get_dialogue(api, "child")["status"] == "active"

    def test_archiving_again_changes_nothing(self, archived, api):
        assert change_status(api, "archive") == archived


class TestReopened:
    @pytest.mark.parametrize("before", [["end"], ["archive"], ["end", "archive"], []])
    def test_it_is_as_if_nothing_had_been(self, before, api):
        change_status(api, *before)
        reopened = change_status(api, "reopen")
        assert reopened["status"] == "active"
        assert not {"endedAt", "archivedAt"} & reopened.keys()
        new_message(api, "d")
        done(api.put("/dialogue/d", json={"label": "l"}))

    def test_reopening_again_changes_nothing(self, api):
        change_status(api, "end")
        assert change_status(api, "reopen") == change_status(api, "reopen")

    def test_it_can_end_again(self, api):
        assert change_status(api, "end", "reopen", "end")["status"] == "ended"


class TestActions:
    @pytest.mark.parametrize("method", ["POST", "PUT"])
    @pytest.mark.parametrize("action", ["end", "archive", "reopen"])
    def test_they_answer_the_whole_dialogue(self, method, action, api):
        shown = done(api.request(method, f"/dialogue/d/{action}", json={}))
        assert shown == get_dialogue(api, "d")


class TestAnImmutableProject:
    @pytest.fixture(autouse=True)
    def immutable(self, dialogue, api):
        done(api.put("/admin/settings", json={"immutable": True}))

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("DELETE", "/dialogue/d/messages/m", None),
            ("DELETE", "/message/m?dialogueId=d", None),
            ("PUT", "/dialogue/d/messages/m", {"tags": ["t"]}),
            ("DELETE", "/dialogue/d", None),
            ("DELETE", "/dialogue/child", None),
        ],
    )
    def test_history_cannot_be_changed(self, method, path, body, api):
        refused(api.request(method, path, json=body), "DIALOGUE_IMMUTABLE")
        assert done(api.get("/dialogue/d/messages/m"))["tags"] == []
        assert get_dialogue(api, "d")["threadCount"] == 1

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            *APPENDS,
            *(change for change in CHANGES if "/messages/m" not in change[1]),
            *READS,
            ("POST", "/dialogue", {}),
            ("POST", "/dialogue/d/end", {}),
            ("POST", "/dialogue/d/archive", {}),
            ("POST", "/dialogue/d/reopen", {}),
        ],
    )
    def test_all_else_goes_on(self, method, path, body, api):
        done(api.request(method, path.format(status="active"), json=body))

    def test_memories_are_not_history(self, api):
        done(api.post("/memory", json={"id": "k", "value": 1}))
        done(api.put("/memory/k", json={"tags": ["t"]}))
        done(api.delete("/memory/k"))

    def test_what_is_absent_is_still_absent(self, api):
        refused(api.delete("/dialogue/none"), "DIALOGUE_NOT_FOUND")
        refused(api.delete("/dialogue/d/messages/none"), "MESSAGE_NOT_FOUND")
