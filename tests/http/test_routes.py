"""Every row of the endpoint table, at both prefixes, in every spelling."""

import httpx
import pytest

from .checking import check_headers, done, refused
from .making import HELLO, new_dialogue, new_messages
from .rows import ADMIN, DATA, MESSAGE_PATHS, OPEN_PATHS, OPERATOR, World, make_world
from .sockets import exact

PREFIXES = ["", "/api/v1", "//api/v1"]
SLASHES = ["", "/"]


@pytest.fixture
def world(api):
    return make_world(api)


class TestEveryRouteAnswersWhereverItIsCalled:
    @pytest.mark.parametrize("row", DATA, ids=str)
    def test_data_routes_answer_at_every_prefix_with_and_without_a_slash(self, row, api):
        for number, prefix in enumerate(PREFIXES):
            for slash in SLASHES:
                suffix = f"{number}{len(slash)}"
                world = World(f"d:{suffix}", f"m:{suffix}", f"k:{suffix}", f"s:{suffix}")
                done(row.ask(api, make_world(api, world), prefix, slash), row.status)

    @pytest.mark.parametrize("row", ADMIN, ids=str)
    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_admin_routes_answer_at_every_prefix(self, row, prefix, api):
        done(row.ask(api, World(), prefix))
        done(row.ask(api, World(), prefix, "/"))

    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_operator_routes_answer_at_every_prefix(self, prefix, operator, project):
        for slash in SLASHES:
            found = operator.get(f"{operator.base_url}{prefix}/admin/projects/{project.id}{slash}")
            assert done(found)["name"] == project.name
        for row in OPERATOR:
            if row.missing:
                refused(row.ask(operator, World(), prefix), row.missing)
        listed = done(operator.get(f"{operator.base_url}{prefix}/admin/projects"))
        assert listed["items"]

    @pytest.mark.parametrize("prefix", PREFIXES)
    @pytest.mark.parametrize("path", OPEN_PATHS)
    def test_operations_routes_answer_without_a_key(self, prefix, path, nobody):
        answer = nobody.get(f"{nobody.base_url}{prefix}{path}")
        assert answer.status_code == 200
        assert answer.headers["X-Request-Id"]
        assert int(answer.headers["X-RateLimit-Limit"]) == 20_000

    def test_a_path_with_a_trailing_slash_is_never_redirected(self, api, world, server, project):
        answer = exact(
            server, f"POST /dialogue/{world.dialogue}/messages/", key=project.key, body=b"[]"
        )
        assert (answer.status, answer.json) == (200, [])


class TestRoutesThatAreNotThere:
    @pytest.mark.parametrize(
        "path", ["/nothing", "/dialogues", "/api/v2/dialogue", "/api/v1", "/admin", "/memory/a/b"]
    )
    @pytest.mark.parametrize("prefix", ["", "/api/v1"])
    def test_an_unknown_route_is_not_found(self, path, prefix, api, nobody):
        refused(api.get(f"{prefix}{path}"), "ROUTE_NOT_FOUND")
        refused(nobody.get(f"{prefix}{path}"), "ROUTE_NOT_FOUND")
        refused(api.post(f"{prefix}{path}", json={}), "ROUTE_NOT_FOUND")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PATCH", "/dialogue", {"GET", "POST", "PUT", "DELETE"}),
            ("PATCH", "/dialogue/x", {"GET", "PUT", "DELETE"}),
            ("POST", "/dialogue/x/state", {"GET", "PUT", "PATCH"}),
            ("DELETE", "/dialogue/x/messages", {"GET", "POST"}),
            ("POST", "/dialogue/x/message/y", {"GET", "PUT", "DELETE"}),
            ("PATCH", "/messages/y", {"GET", "PUT", "DELETE"}),
            ("PUT", "/memory", {"GET", "POST"}),
            ("POST", "/memory/x", {"GET", "PUT", "DELETE"}),
            ("DELETE", "/admin/settings", {"GET", "PUT"}),
            ("PUT", "/admin/keys", {"GET", "POST"}),
            ("PUT", "/search", {"GET", "POST"}),
            ("POST", "/health", {"GET"}),
        ],
    )
    @pytest.mark.parametrize("prefix", ["", "/api/v1"])
    def test_a_wrong_method_is_told_the_right_ones(self, method, path, allowed, prefix, api):
        answer = api.request(method, f"{prefix}{path}")
        refused(answer, "METHOD_NOT_ALLOWED")
        methods = {word.strip() for word in answer.headers["Allow"].split(",")}
        assert methods - {"HEAD", "OPTIONS"} == allowed

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    @pytest.mark.parametrize("path", ["/message", "/message/", "/api/v1/message/"])
    def test_naming_no_message_is_a_missing_parameter(self, method, path, api):
        refused(api.request(method, path, params={"dialogueId": "x"}), "MISSING_PARAMETER")

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    @pytest.mark.parametrize("action", ["frobnicate", "END", "end2"])
    def test_an_unknown_action_is_an_invalid_parameter(self, method, action, api, world):
        for dialogue in (world.dialogue, "absent"):
            answer = api.request(method, f"/dialogue/{dialogue}/{action}")
            message = refused(answer, "INVALID_PARAMETER")["message"]
            assert message == "action must be one of compact, end, archive, reopen"

    def test_every_action_that_is_named_is_there(self, api, world):
        answer = api.post(f"/dialogue/{world.dialogue}/nonsense")
        named = refused(answer, "INVALID_PARAMETER")["message"].partition("one of ")[2]
        for action in named.split(", "):
            done(
                api.post(f"/dialogue/{world.dialogue}/{action}"),
                202 if action == "compact" else 200,
            )


class TestIdsInPaths:
    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("user:42:chat", "user:42:chat"),
            ("a b  c", "a%20b%20%20c"),
            ("a+b", "a+b"),
            ("a+b", "a%2Bb"),
            ("né ☃ 😀", "n%C3%A9%20%E2%98%83%20%F0%9F%98%80"),
            ("a&b=c;d,e", "a&b=c;d,e"),
            ("x'; DROP TABLE dialogues;--", "x'%3B%20DROP%20TABLE%20dialogues%3B--"),
            ('"[quoted]"', "%22%5Bquoted%5D%22"),
            ("...", "..."),
            ("state", "state"),
            ("messages", "messages"),
        ],
    )
    def test_an_id_is_found_as_clients_write_it(self, name, written, api, project, server):
        new_dialogue(api, id=name)
        new_messages(api, name, {"id": name})
        for target in [f"/dialogue/{written}", f"/dialogue/{written}/messages/{written}"]:
            found = exact(server, f"GET {target}", key=project.key)
            assert (found.status, found.json["id"]) == (200, name)

    @pytest.mark.parametrize(
        ("name", "written"), [("a b", "a+b"), ("a b", "a%20b"), ("a+b", "a%2Bb"), ("a:b", "a:b")]
    )
    def test_an_id_in_a_query_may_write_spaces_as_plus(self, name, written, api, project, server):
        new_dialogue(api, id=name)
        new_messages(api, name, {"id": "m"})
        listed = exact(server, f"GET /messages?dialogueId={written}", key=project.key)
        assert [item["id"] for item in listed.json["items"]] == ["m"]
        for path in MESSAGE_PATHS[:2]:
            target = path.format(message="m", dialogue=written)
            assert exact(server, f"GET {target}", key=project.key).status == 200

    @pytest.mark.parametrize("written", ["a%2Fb", "d%2Fmessages", "a%5Cb", "%00", "..%2F..", "%3F"])
    def test_an_id_that_cannot_be_is_refused_and_finds_nothing(self, written, api, project, server):
        new_dialogue(api, id="d")
        answer = exact(server, f"GET /dialogue/{written}", key=project.key)
        assert answer.status in {400, 404}
        assert answer.code in {"INVALID_PARAMETER", "DIALOGUE_NOT_FOUND", "ROUTE_NOT_FOUND"}

    @pytest.mark.parametrize("written", ["%ff", "%E9t%E9", "%", "%zz", "a%"])
    def test_an_id_that_is_no_text_is_refused(self, written, project, server):
        answer = exact(server, f"GET /dialogue/{written}", key=project.key)
        assert answer.status in {400, 404}
        assert answer.json["error"]["details"] is not None


class TestQueriesAndHeads:
    def test_a_value_may_hold_an_equals_sign_and_an_ampersand(self, api):
        new_dialogue(api, tags=["a=b&c"])
        page = done(api.get("/dialogue", params={"tags": "a=b&c"}))
        assert len(page["items"]) == 1

    def test_options_and_head_are_answered_in_json_or_without_a_body(self, api, world):
        for method in ["OPTIONS", "HEAD"]:
            answer: httpx.Response = api.request(method, f"/dialogue/{world.dialogue}")
            assert answer.status_code in {200, 204, 405}
            assert not answer.content or answer.json()

    def test_a_get_with_a_body_is_served(self, api, world):
        answer = api.request("GET", f"/dialogue/{world.dialogue}", json=HELLO)
        check_headers(answer)
        assert answer.status_code == 200
