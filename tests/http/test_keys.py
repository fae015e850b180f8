"""Keys: who is let in, how far, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from .checking import TIMESTAMP, check_headers, done, eventually, ids, refused
from .making import HELLO, get_dialogue, new_dialogue, new_key, new_memory, new_message, walk
from .rows import ADMIN, DATA, OPEN_PATHS, OPERATOR, READS, WRITES, World, make_world

ALPHABET = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class TestWithoutAGoodKey:
    @pytest.mark.parametrize("row", [*DATA, *ADMIN, *OPERATOR], ids=str)
    def test_every_route_refuses(self, row, nobody, server):
        for header in [None, "Bearer ddb_" + "A" * 43]:
            nobody.headers.pop("Authorization", None)
            if header:
                nobody.headers["Authorization"] = header
            answer = row.ask(nobody, World())
            refused(answer, "UNAUTHORIZED")
            assert answer.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Basic {key}",
            "{key}",
            "Bearer {key}x",
            "Bearer {key} {key}",
            "Bearer x{key}",
            "Bearer {short}",
            "Bearer {upper}",
            "Token {key}",
            "Bearer " + "a" * 5_000,
            "Bearer '; --",
        ],
    )
    def test_a_malformed_one_is_refused(self, header, project, nobody):
        key = project.key
        text = header.format(key=key, short=key[:-1], upper=key.upper())
        answer = nobody.get("/dialogue", headers={"Authorization": text})
        refused(answer, "UNAUTHORIZED")

    @pytest.mark.parametrize("header", [b"Bearer \xff\xfe", "Bearer é".encode()])
    def test_bytes_that_are_no_text_are_refused(self, header, nobody):
        refused(nobody.get("/dialogue", headers={"Authorization": header}), "UNAUTHORIZED")

    def test_a_key_in_the_query_opens_nothing(self, project, nobody):
        for name in ["key", "token", "access_token", "apiKey"]:
            refused(nobody.get("/dialogue", params={name: project.key}), "UNAUTHORIZED")

    @pytest.mark.parametrize("path", OPEN_PATHS)
    def test_operations_routes_answer_with_a_bad_key_too(self, path, nobody):
        answer = nobody.get(path, headers={"Authorization": "Bearer wrong"})
        assert answer.status_code == 200


class TestScopes:
    @pytest.mark.parametrize("row", READS, ids=str)
    def test_a_read_key_reads(self, row, api, client_of):
        world = make_world(api)
        done(row.ask(client_of(new_key(api, scope="read")["key"]), world), row.status)

    @pytest.mark.parametrize("row", [*WRITES, *ADMIN, *OPERATOR], ids=str)
    def test_a_read_key_does_nothing_else(self, row, api, client_of):
        world = make_world(api)
        before = get_dialogue(api, world.dialogue)
        refused(row.ask(client_of(new_key(api, scope="read")["key"]), world), "FORBIDDEN")
        assert get_dialogue(api, world.dialogue) == before

    def test_a_read_key_is_not_told_what_exists(self, api, client_of):
        make_world(api)
        reader = client_of(new_key(api, scope="read")["key"])
        for path in ["/dialogue/dlg:1", "/dialogue/none", "/memory/mem:1", "/memory/none"]:
            refused(reader.delete(path), "FORBIDDEN")

    @pytest.mark.parametrize("row", DATA, ids=str)
    def test_a_write_key_reads_and_writes(self, row, api, client_of):
        world = make_world(api)
        done(row.ask(client_of(new_key(api, scope="write")["key"]), world), row.status)

    @pytest.mark.parametrize("row", [*ADMIN, *OPERATOR], ids=str)
    def test_a_write_key_administers_nothing(self, row, api, client_of):
        refused(row.ask(client_of(new_key(api)["key"]), World()), "FORBIDDEN")

    @pytest.mark.parametrize("row", OPERATOR, ids=str)
    def test_an_admin_key_is_no_operator(self, row, api):
        refused(row.ask(api, World()), "FORBIDDEN")

    @pytest.mark.parametrize("row", [*DATA, *ADMIN], ids=str)
    def test_an_operator_key_opens_no_data(self, row, operator):
        refused(row.ask(operator, World()), "FORBIDDEN")

    def test_the_default_scope_is_write(self, api):
        assert new_key(api)["scope"] == "write"

    @pytest.mark.parametrize("scope", ["operator", "root", "", 1, "READ"])
    def test_there_are_no_other_scopes_to_give(self, scope, api):
        refused(api.post("/admin/keys", json={"scope": scope}), "INVALID_PARAMETER", "scope")


class TestKeysBoundToANamespace:
    @pytest.fixture
    def bound(self, api, client_of):
        return client_of(new_key(api, scope="write", namespace="mine")["key"])

    def test_an_omitted_namespace_means_theirs_and_is_echoed(self, api, bound):
        made = new_dialogue(bound, id="d", message=HELLO)
        assert made["namespace"] == "mine"
        assert made["messages"][0]["namespace"] == "mine"
        assert get_dialogue(api, "d", namespace="mine") == get_dialogue(bound, "d")
        refused(api.get("/dialogue/d"), "DIALOGUE_NOT_FOUND")
        assert new_message(bound, "d")["namespace"] == "mine"
        memory = new_memory(bound, id="k")
        assert memory["namespace"] == done(bound.get("/memory/k"))["namespace"] == "mine"
        assert done(bound.put("/dialogue/d/state", json={"a": 1})) == {"a": 1}

    @pytest.mark.parametrize("row", READS + WRITES, ids=str)
    def test_every_route_finds_theirs_without_being_told(self, row, bound):
        done(row.ask(bound, make_world(bound)), row.status)

    def test_naming_their_own_is_allowed(self, bound):
        new_dialogue(bound, id="d", namespace="mine")
        assert get_dialogue(bound, "d", namespace="mine")["id"] == "d"
        assert ids(done(bound.get("/dialogue?namespace=mine"))) == ["d"]

    def test_lists_show_theirs_alone(self, api, bound):
        for namespace in ["mine", "other", None]:
            new_dialogue(api, id="d", namespace=namespace)
            new_memory(api, id="k", namespace=namespace)
        for path in ["/dialogue", "/memory"]:
            items = done(bound.get(path))["items"]
            assert [item["namespace"] for item in items] == ["mine"]

    @pytest.mark.parametrize("row", DATA, ids=str)
    def test_naming_another_is_forbidden(self, row, bound):
        sign = "&" if "?" in row.path else "?"
        for namespace in ["other", "default", "mine2", "MINE"]:
            path = f"{row.path}{sign}namespace={namespace}".format(**vars(World()))
            refused(bound.request(row.method, path, json=row.body), "FORBIDDEN")

    def test_naming_another_in_a_body_is_forbidden(self, bound):
        new_dialogue(bound, id="d")
        other = {"namespace": "other"}
        refused(bound.post("/dialogue", json=other), "FORBIDDEN")
        refused(bound.put("/dialogue/d", json=other), "FORBIDDEN")
        refused(bound.post("/memory", json={"value": 1, **other}), "FORBIDDEN")
        refused(bound.post("/dialogue/d/messages", json={**HELLO, **other}), "FORBIDDEN")
        refused(bound.post("/dialogue/d/messages", json=[{**HELLO, **other}]), "FORBIDDEN")
        batch = {"messages": [HELLO], **other}
        refused(bound.post("/dialogue/d/messages", json=batch), "FORBIDDEN")

    def test_naming_another_is_forbidden_whatever_else_is_wrong(self, bound):
        new_dialogue(bound, id="d")
        other = {"namespace": "other"}
        refused(bound.post("/dialogue", json={**other, "label": 5}), "FORBIDDEN")
        refused(bound.post("/dialogue/none/messages", json=other), "FORBIDDEN")
        refused(bound.post("/dialogue/d/messages", json=[{}, other]), "FORBIDDEN")
        refused(bound.post("/dialogue?namespace=mine", json=other), "FORBIDDEN")
        refused(bound.get("/dialogue?namespace=other&limit=0"), "FORBIDDEN")
        refused(bound.get("/messages?namespace=other"), "FORBIDDEN")

    def test_a_namespace_inside_of_state_or_content_is_none(self, bound):
        new_dialogue(bound, id="d", metadata={"namespace": "other"})
        state = {"namespace": "other"}
        assert done(bound.put("/dialogue/d/state", json=state)) == state
        assert done(bound.patch("/dialogue/d/state", json=state)) == state
        new_message(bound, "d", content=state, metadata=state)
        new_memory(bound, value=state)

    def test_a_bound_key_never_reaches_the_default_namespace(self, api, bound):
        new_dialogue(api, id="d")
        refused(bound.get("/dialogue/d"), "DIALOGUE_NOT_FOUND")
        refused(bound.get("/dialogue/d?namespace="), "FORBIDDEN")
        refused(bound.get("/dialogue?namespace="), "FORBIDDEN")

    def test_a_bound_read_key_reads_theirs(self, api, bound, client_of):
        new_dialogue(bound, id="d")
        reader = client_of(new_key(api, scope="read", namespace="mine")["key"])
        assert get_dialogue(reader, "d")["namespace"] == "mine"
        refused(reader.delete("/dialogue/d"), "FORBIDDEN")

    def test_an_admin_key_cannot_be_bound(self, api):
        answer = api.post("/admin/keys", json={"scope": "admin", "namespace": "mine"})
        assert answer.status_code == 400


class TestKeysThatEnd:
    def test_a_revoked_key_is_refused_within_a_second(self, api, client_of):
        key = new_key(api)
        client = client_of(key["key"])
        done(client.get("/dialogue"))
        assert done(api.delete(f"/admin/keys/{key['id']}")) == {"success": True, "id": key["id"]}
        eventually(lambda: client.get("/dialogue").status_code == 401)
        refused(client.get("/dialogue"), "UNAUTHORIZED")

    def test_an_expired_key_is_refused_within_a_second(self, api, client_of):
        expires = datetime.now(UTC) + timedelta(seconds=4)
        client = client_of(new_key(api, expires=expires.isoformat())["key"])
        done(client.get("/dialogue"))
        eventually(lambda: client.get("/dialogue").status_code == 401, seconds_max=5.5)
        refused(client.get("/dialogue"), "UNAUTHORIZED")

    def test_a_key_that_expires_later_works_until_then(self, api, client_of):
        key = new_key(api, expires="2199-01-01")
        assert key["expires"] == "2199-01-01T00:00:00.000Z"
        done(client_of(key["key"]).get("/dialogue"))

    def test_the_keys_of_a_deleted_project_are_refused(self, project, api, operator):
        done(api.get("/dialogue"))
        done(operator.delete(f"/admin/projects/{project.id}"))
        eventually(lambda: api.get("/dialogue").status_code == 401)


class TestTheListOfKeys:
    def test_a_key_is_long_random_and_shown_once(self, api):
        made = [new_key(api, name=f"key {number}") for number in range(3)]
        for key in made:
            assert key["key"].startswith("ddb_")
            assert len(key["key"]) == 47
            assert set(key["key"][4:]) <= ALPHABET
        assert len({key["key"] for key in made}) == 3
        listed = api.get("/admin/keys").text
        assert not any(key["key"] in listed for key in made)

    def test_a_key_is_in_no_file_and_no_log_line(self, api, project, server):
        headers = {"Idempotency-Key": "k"}
        made = [new_key(api)["key"], done(api.post("/admin/keys", headers=headers))["key"]]
        done(api.get("/dialogue"))
        files = [server.log_file, *server.data.iterdir()]
        for secret in [*made, project.key, server.operator_key]:
            assert not [file.name for file in files if secret.encode() in file.read_bytes()]

    def test_a_retried_creation_makes_one_key_and_does_not_show_it_again(self, api):
        headers = {"Idempotency-Key": "k"}
        first, again = (done(api.post("/admin/keys", headers=headers)) for _ in range(2))
        assert again["id"] == first["id"]
        assert "key" not in again

    def test_it_tells_what_a_key_is_for_and_not_the_key(self, api, project):
        key = new_key(api, name="robot", scope="read", namespace="ns")
        listed = {one["id"]: one for one in done(api.get("/admin/keys"))["items"]}
        shown = listed[key["id"]]
        assert (shown["name"], shown["scope"], shown["namespace"]) == ("robot", "read", "ns")
        assert key["key"].startswith(shown["prefix"])
        assert len(shown["prefix"]) <= 16
        assert TIMESTAMP.fullmatch(shown["created"])
        assert shown["projectId"] == project.id
        assert "key" not in shown
        assert done(api.get(f"/admin/keys/{key['id']}")) == shown

    def test_it_tells_when_a_key_was_last_used(self, api, client_of):
        key = new_key(api)
        assert "lastUsed" not in done(api.get(f"/admin/keys/{key['id']}"))
        done(client_of(key["key"]).get("/dialogue"))
        shown = eventually(
            lambda: done(api.get(f"/admin/keys/{key['id']}")).get("lastUsed"), seconds_max=30
        )
        assert TIMESTAMP.fullmatch(shown)

    def test_it_comes_in_pages(self, api):
        made = {new_key(api)["id"] for _ in range(5)}
        assert len(done(api.get("/admin/keys?limit=2"))["items"]) == 2
        seen = [key["id"] for key in walk(api, "/admin/keys", limit=2)]
        assert made < set(seen)
        assert len(seen) == len(set(seen)) == 6

    def test_another_projects_keys_are_not_there(self, api, stranger):
        key = new_key(api)
        refused(stranger.get(f"/admin/keys/{key['id']}"), "KEY_NOT_FOUND")
        refused(stranger.delete(f"/admin/keys/{key['id']}"), "KEY_NOT_FOUND")
        assert key["id"] not in ids(done(stranger.get("/admin/keys")))
        check_headers(api.get(f"/admin/keys/{key['id']}"))

    @pytest.mark.parametrize("expires", ["soon", 5, "2025-13-01", "", "2025-11-22"])
    def test_a_time_that_is_none_is_refused(self, expires, api):
        refused(api.post("/admin/keys", json={"expires": expires}), "INVALID_PARAMETER", "expires")
