"""A stranger's key: what is another project's answers as if it were not there."""

import pytest

from .checking import done, ids, refused
from .making import HELLO, get_dialogue, new_dialogue, new_memory, new_message, walk
from .rows import ADMIN, DATA, NAMING, World, make_world

THEIRS = World("d-theirs", "m-theirs", "k-theirs", "s-theirs")
ABSENT = World("d-absent", "m-absent", "k-absent", "s-absent")


@pytest.fixture
def theirs(api):
    return make_world(api, THEIRS)


def answered(answer, world):
    """Return all that an answer says, with the world's own names taken out."""
    body = answer.json()
    error = body.get("error", body)
    words = [answer.status_code, error.get("code"), error.get("message"), error.get("details")]
    text = repr(words)
    for name, value in vars(world).items():
        text = text.replace(value, name)
    return text


class TestNothingOfAnotherProject:
    @pytest.mark.parametrize("row", NAMING, ids=str)
    def test_what_exists_answers_like_what_is_absent(self, row, theirs, stranger, api):
        before = [get_dialogue(api, theirs.dialogue, messages=9), done(api.get("/memory"))]
        answer = row.ask(stranger, theirs)
        refused(answer, row.missing)
        assert answered(answer, theirs) == answered(row.ask(stranger, ABSENT), ABSENT)
        assert [get_dialogue(api, theirs.dialogue, messages=9), done(api.get("/memory"))] == before

    @pytest.mark.parametrize("row", [row for row in DATA if not row.missing], ids=str)
    def test_what_names_nothing_sees_nothing(self, row, theirs, stranger):
        answer = done(row.ask(stranger, theirs))
        assert answer.get("items", []) == []

    def test_their_ids_are_free_to_use(self, theirs, api, stranger):
        make_world(stranger, THEIRS)
        assert new_message(stranger, theirs.dialogue)["seq"] == 2
        assert get_dialogue(api, theirs.dialogue)["totalMessages"] == 1

    def test_their_dialogue_is_no_parent(self, theirs, stranger, api):
        answer = stranger.post("/dialogue", json={"threadOf": theirs.dialogue})
        refused(answer, "DIALOGUE_NOT_FOUND")
        assert get_dialogue(api, theirs.dialogue)["threadCount"] == 0
        assert done(stranger.get("/dialogue", params={"threadOf": theirs.dialogue}))["items"] == []

    def test_deleting_an_equally_named_one_leaves_theirs(self, theirs, api, stranger):
        make_world(stranger, THEIRS)
        done(stranger.delete(f"/dialogue/{theirs.dialogue}"))
        done(stranger.delete(f"/memory/{theirs.memory}"))
        assert get_dialogue(api, theirs.dialogue)["totalMessages"] == 1
        done(api.get(f"/memory/{theirs.memory}"))

    def test_idempotency_keys_are_not_shared(self, api, stranger):
        headers = {"Idempotency-Key": "same"}
        mine = done(api.post("/dialogue", json={"label": "a"}, headers=headers))
        other = done(stranger.post("/dialogue", json={"label": "b"}, headers=headers))
        assert mine["id"] != other["id"]
        assert other["label"] == "b"

    def test_settings_and_usage_are_ones_own(self, api, stranger):
        done(api.put("/admin/settings", json={"quotas": {"messages": 7}}))
        assert done(stranger.get("/admin/settings"))["quotas"].get("messages") is None
        new_dialogue(api, message=HELLO)
        assert done(stranger.get("/admin/usage"))["messages"] == 0

    @pytest.mark.parametrize("row", ADMIN, ids=str)
    def test_admin_routes_speak_of_ones_own_project(self, row, api, stranger, project):
        answer = row.ask(stranger, World())
        done(answer)
        assert project.id not in answer.text

    def test_interleaved_lists_stay_apart(self, api, stranger):
        for number in range(12):
            client = (api, stranger)[number % 2]
            new_dialogue(client, id=f"d{number}")
            new_memory(client, id=f"k{number}")
        for client, parity in [(api, 0), (stranger, 1)]:
            for path in ["/dialogue", "/memory"]:
                seen = [int(item["id"][1:]) for item in walk(client, path, limit=2)]
                assert sorted(seen) == list(range(parity, 12, 2))

    def test_a_page_token_of_theirs_is_foreign(self, api, stranger):
        for client in (api, stranger):
            for number in range(3):
                new_dialogue(client, id=f"d{number}")
        token = done(api.get("/dialogue?limit=1"))["next"]
        refused(stranger.get("/dialogue", params={"next": token}), "INVALID_PARAMETER", "next")

    def test_project_ids_are_told_to_their_own_alone(self, api, stranger, project):
        assert new_dialogue(api)["projectId"] == project.id
        assert new_dialogue(stranger)["projectId"] != project.id
        assert len(ids(done(stranger.get("/dialogue")))) == 1
