"""Expected versions: a change built on what is stale changes nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .checking import done, refused, revision
from .making import HELLO, contents, get_dialogue, new_dialogue, new_memory, new_message

CHANGES = [
    ("PUT", "/dialogue/d", {"label": "new"}),
    ("PUT", "/dialogue/d", {"tags": ["new"]}),
    ("PUT", "/dialogue/d", {"state": {"new": 1}}),
    ("PUT", "/dialogue/d", {"label": "new", "message": HELLO}),
    ("PUT", "/dialogue/d/state", {"new": 1}),
    ("PATCH", "/dialogue/d/state", {"new": 1}),
    ("POST", "/dialogue/d/end", {}),
    ("POST", "/dialogue/d/archive", {}),
    ("PUT", "/dialogue/d/end", {}),
]
NO_REVISIONS = ["*", 'W/"r1"', '"r1", "r2"', "", '""', '"r"', '"rx"', '"r-1"', '"r1', '"5"', "5"]
APPENDS = ("/dialogue/d/messages", "/message?dialogueId=d", "/messages?dialogueId=d")


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d", label="old", state={"old": 1})


def now(api):
    """Return the ETag of the dialogue."""
    return api.get("/dialogue/d").headers["ETag"]


class TestTheRevision:
    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    def test_it_grows_with_each_change_and_is_told(self, method, path, body, api):
        before = revision(api.get("/dialogue/d"))
        answer = api.request(method, path, json=body)
        done(answer)
        assert revision(answer) > before
        assert revision(answer) == revision(api.get("/dialogue/d"))

    def test_creating_tells_it_and_reopening_grows_it(self, api):
        made = api.post("/dialogue", json={"id": "e"})
        assert revision(made) == revision(api.get("/dialogue/e"))
        ended = revision(api.post("/dialogue/e/end"))
        assert revision(api.post("/dialogue/e/reopen")) > ended

    def test_appends_leave_it_alone(self, api):
        before = now(api)
        new_message(api, "d", id="m")
        done(api.put("/dialogue/d", json={"message": HELLO}))
        done(api.delete("/dialogue/d/messages/m"))
        assert now(api) == before

    def test_changing_nothing_leaves_it_alone(self, api):
        done(api.post("/dialogue/d/end"))
        before = now(api)
        done(api.post("/dialogue/d/end"))
        done(api.put("/dialogue/d", json={}))
        done(api.get("/dialogue/d/state"))
        assert now(api) == before


class TestExpectingARevision:
    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    def test_the_current_one_lets_the_change_through_once(self, method, path, body, api):
        headers = {"If-Match": now(api)}
        done(api.request(method, path, json=body, headers=headers))
        refused(
            api.put("/dialogue/d", json={"tags": ["t"]}, headers=headers),
            "DIALOGUE_IMMUTABLE" if "archive" in path else "VERSION_CONFLICT",
        )

    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    def test_a_stale_one_changes_nothing(self, method, path, body, api):
        stale = {"If-Match": now(api)}
        done(api.put("/dialogue/d", json={"tags": ["meanwhile"]}))
        before = get_dialogue(api, "d", messages=9)
        refused(api.request(method, path, json=body, headers=stale), "VERSION_CONFLICT")
        assert get_dialogue(api, "d", messages=9) == before

    def test_one_of_the_future_is_stale_too(self, api):
        future = {"If-Match": f'"r{revision(api.get("/dialogue/d")) + 1}"'}
        refused(api.put("/dialogue/d", json={"label": "l"}, headers=future), "VERSION_CONFLICT")

    def test_quotes_may_be_left_out(self, api):
        headers = {"If-Match": now(api).strip('"')}
        done(api.put("/dialogue/d", json={"label": "l"}, headers=headers))
        refused(api.put("/dialogue/d", json={"label": "m"}, headers=headers), "VERSION_CONFLICT")

    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    def test_nonsense_is_refused(self, method, path, body, api):
        for nonsense in NO_REVISIONS:
            answer = api.request(method, path, json=body, headers={"If-Match": nonsense})
            refused(answer, "INVALID_PARAMETER")
        assert get_dialogue(api, "d")["label"] == "old"

    def test_of_many_at_once_one_wins(self, api, server, project):
        headers = {"If-Match": now(api)}

        def change(number):
            with server.client(project.key) as client:
                return client.put("/dialogue/d/state", json={"n": number}, headers=headers)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(change, range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
        winner = next(answer.json()["n"] for answer in answers if answer.status_code == 200)
        assert get_dialogue(api, "d")["state"]["n"] == winner


class TestTheLastSequenceNumber:
    def test_listing_and_appending_tell_it(self, api):
        assert api.get("/dialogue/d/messages").headers["ETag"] == '"0"'
        for number, path in enumerate(APPENDS, 1):
            assert api.post(path, json=HELLO).headers["ETag"] == f'"{number}"'
        assert api.post(APPENDS[0], json=[HELLO] * 3).headers["ETag"] == '"6"'
        for path in ["/dialogue/d/messages?limit=2", "/messages?dialogueId=d&limit=2"]:
            assert api.get(path).headers["ETag"] == '"6"'

    def test_it_does_not_go_back_when_messages_are_deleted(self, api):
        new_message(api, "d", id="m")
        done(api.delete("/dialogue/d/messages/m"))
        assert api.get("/dialogue/d/messages").headers["ETag"] == '"1"'
        refused(api.post(APPENDS[0], json=HELLO, headers={"If-Match": '"0"'}), "VERSION_CONFLICT")

    @pytest.mark.parametrize("path", APPENDS)
    @pytest.mark.parametrize("body", [HELLO, [HELLO, HELLO], {"messages": [HELLO]}], ids=type)
    def test_expecting_it_lets_the_append_through_once(self, path, body, api):
        headers = {"If-Match": '"0"'}
        done(api.post(path, json=body, headers=headers))
        before = contents(api, "d")
        refused(api.post(path, json=body, headers=headers), "VERSION_CONFLICT")
        assert contents(api, "d") == before

    @pytest.mark.parametrize("version", ["0", '"0"'])
    def test_quotes_may_be_left_out(self, version, api):
        done(api.post(APPENDS[0], json=HELLO, headers={"If-Match": version}))

    @pytest.mark.parametrize(
        "nonsense",
        ["*", 'W/"0"', '"0", "1"', "", '""', '"x"', '"-1"', '"r1"', "r1", '"0.0"', '"1e1"'],
    )
    def test_nonsense_is_refused(self, nonsense, api):
        answer = api.post(APPENDS[0], json=HELLO, headers={"If-Match": nonsense})
        refused(answer, "INVALID_PARAMETER")
        assert contents(api, "d") == []

    def test_of_many_at_once_one_wins(self, server, project, api):
        def append(number):
            with server.client(project.key) as client:
                return client.post(APPENDS[0], json=HELLO, headers={"If-Match": '"0"'})

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(append, range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
        assert len(contents(api, "d")) == 1


class TestRoutesWithoutVersions:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/dialogue", {}),
            ("POST", "/memory", {"value": 1}),
            ("PUT", "/memory/k", {"tags": ["t"]}),
            ("DELETE", "/memory/k", None),
            ("PUT", "/dialogue/d/messages/m", {"tags": ["t"]}),
            ("DELETE", "/dialogue/d/messages/m", None),
            ("DELETE", "/dialogue/d", None),
            ("PUT", "/admin/settings", {}),
            ("POST", "/admin/keys", {}),
        ],
    )
    def test_expecting_one_there_is_refused(self, method, path, body, api):
        new_memory(api, id="k")
        new_message(api, "d", id="m")
        answer = api.request(method, path, json=body, headers={"If-Match": '"1"'})
        refused(answer, "INVALID_PARAMETER")
        assert get_dialogue(api, "d")["totalMessages"] == 1
        assert done(api.get("/memory/k"))["tags"] == []
