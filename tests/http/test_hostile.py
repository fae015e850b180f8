"""Hostile use: whatever is asked, the answer is ours, and the server lives on."""

import pytest

from .checking import done, error_of, ids, refused
from .making import HELLO, new_dialogue, new_message, post_bytes, walk
from .sockets import Line, chunked, exact, head, no_surprise

SQL = [
    "'; DROP TABLE dialogues; --",
    '" OR "1"="1',
    "1 OR 1=1",
    "') UNION SELECT * FROM keys --",
    "%' OR '%'='",
    "x' AND randomblob(1000000000) --",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "$(reboot)",
    "\u202e\u200b",
]


pytestmark = pytest.mark.usefixtures("survives")


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


class TestPaths:
    @pytest.mark.parametrize(
        "target",
        [
            "/../../etc/passwd",
            "/dialogue/../admin/projects",
            "/dialogue/%2e%2e/admin/keys",
            "/api/v1/../../dialogue",
            "/docs/../../../etc/passwd",
            "/docs/%2e%2e%2fetc%2fpasswd",
            "/dialogue/..%2f..%2fadmin%2fkeys",
            "/./dialogue",
            "//dialogue",
            "///api/v1/dialogue",
            "//evil.example/dialogue",
            "/api/v1//dialogue",
            "/api/v1/api/v1/dialogue",
            "/dialogue;x=1",
            "/dialogue/d;x=1",
            "/dialogue%00",
            "/DIALOGUE",
            "/%64ialogue",
            "/dialogue/" + "a/" * 500,
            "/" + "/" * 5_000,
            "/dialogue?" + "&" * 5_000,
            "/dialogue?limit=1&" + "a=1&" * 5_000,
            "/dialogue?=",
            "/dialogue?%ff=%ff",
            "/dialogue?tags=%ff",
            "/dialogue?tags=%00",
            "/dialogue?namespace=%ed%a0%80",
            "/dialogue?limit=%31",
            "/dialogue/d?messages=" + "9" * 5_000,
            "/messages?dialogueId=" + "%F0%9F%98%80" * 300,
        ],
    )
    def test_tricks_are_answered_in_our_way(self, target, server, project):
        for key in [project.key, None]:
            answer = exact(server, f"GET {target}", key=key)
            no_surprise(answer)
            assert answer.status not in {301, 302, 307, 308}
            assert b"root:" not in answer.body

    def test_no_trick_reaches_admin_routes_without_the_scope(self, server, api):
        key = done(api.post("/admin/keys", json={"scope": "read"}))["key"]
        for target in ["/dialogue/../admin/keys", "//admin/keys", "/api/v1//admin/keys"]:
            assert exact(server, f"GET {target}", key=key).status in {400, 403, 404}


class TestWhatLooksLikeCode:
    @pytest.mark.parametrize("text", SQL)
    def test_it_is_only_text(self, text, api):
        name = "".join(character for character in text if character not in "/\\?#%")
        new_dialogue(api, id=name, namespace=text, label=text, tags=[text[:64]])
        new_message(api, name, namespace=text, id=name, role=text, name=text, content=text)
        for params in [{"namespace": text}, {"namespace": text, "tags": text.split(",")[0]}]:
            assert ids(done(api.get("/dialogue", params=params))) == [name]
        listed = done(api.get(f"/dialogue/{name}/messages", params={"namespace": text}))
        assert [(one["role"], one["content"]) for one in listed["items"]] == [(text, text)]
        assert len(walk(api, "/dialogue")) == 2

    @pytest.mark.parametrize("text", SQL)
    @pytest.mark.parametrize("name", ["tags", "namespace", "threadOf", "next", "order", "created"])
    def test_it_finds_nothing_in_a_query(self, name, text, api):
        answer = api.get("/dialogue", params={name: text})
        assert answer.status_code in {200, 400}
        if answer.status_code == 200:
            assert answer.json()["items"] == []

    def test_wildcards_are_plain_characters(self, api):
        new_dialogue(api, id="abc", namespace="abc", tags=["abc"])
        for wild in ["a%", "a_c", "*", "ab?", "[a-z]*"]:
            for name in ["tags", "namespace"]:
                assert done(api.get("/dialogue", params={name: wild}))["items"] == []


class TestJsonBombs:
    @pytest.mark.parametrize(
        "bomb",
        [
            b"[" * 1_000_000,
            b"[" * 500_000 + b"]" * 500_000,
            b'{"a":' * 300_000 + b"1" + b"}" * 300_000,
            b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
            b'{"state":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_001,
            b'{"role":"u","content":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        ],
        ids=["open", "arrays", "objects", "ignored", "state", "content"],
    )
    def test_depth(self, bomb, api):
        for call in [
            "POST /dialogue",
            "PUT /dialogue/d",
            "PUT /dialogue/d/state",
            "PATCH /dialogue/d/state",
            "POST /dialogue/d/messages",
            "POST /memory",
        ]:
            method, path = call.split()
            answer = post_bytes(api, path, bomb, method)
            assert answer.status_code == 400
            error_of(answer)

    def test_width(self, api):
        many_keys = b"{" + b",".join(b'"k%d":0' % number for number in range(70_000)) + b"}"
        done(post_bytes(api, "/dialogue/d/state?merge=false", many_keys, "PUT"))
        done(post_bytes(api, "/dialogue/d/state", many_keys, "PUT"))
        done(post_bytes(api, "/dialogue/d/state", many_keys, "PATCH"))
        zeros = b"[" + b"0," * 500_000 + b"0]"
        done(post_bytes(api, "/memory", b'{"value":%s}' % zeros))
        unknown = b"{" + b",".join(b'"k%d":{}' % number for number in range(200_000)) + b"}"
        done(post_bytes(api, "/dialogue", unknown))

    def test_duplicate_keys(self, api):
        copies = b",".join([b'"label":"x"'] * 100_000)
        answer = post_bytes(api, "/dialogue", b'{"id":"twice",%s}' % copies)
        assert answer.status_code in {200, 400}
        for body in [b'{"a":1,"a":2}', b'{"a":1,"a":{"b":1},"\\u0061":3}']:
            for method in ["PUT", "PATCH"]:
                answer = post_bytes(api, "/dialogue/d/state", body, method)
                assert answer.status_code in {200, 400}
                stored = api.get("/dialogue/d/state").content
                assert stored.count(b'"a"') <= 1
        answer = post_bytes(api, "/dialogue/d/messages", b'{"role":"a","role":"b","content":"c"}')
        assert answer.status_code in {200, 400}

    def test_huge_numbers_and_names(self, api):
        digits = b"9" * 500_000
        for value in [digits, b"-0.%se-%s" % (digits, digits[:400_000])]:
            made = post_bytes(api, "/memory", b'{"id":"k","value":%s}' % value)
            assert made.status_code == 200
            assert b'"value":%s' % value in api.get("/memory/k").content
            assert api.delete("/memory/k").status_code == 200
        name = b"k" * 400_000
        done(post_bytes(api, "/dialogue/d/state", b'{"%s":1}' % name, "PUT"))
        for field in ["limit", "id", "tags", "created", "role"]:
            answer = post_bytes(
                api, "/dialogue/d/messages", b'{"%s":%s}' % (field.encode(), digits)
            )
            assert answer.status_code == 400
            assert len(answer.content) < 10_000

    @pytest.mark.parametrize(
        "number", [b"9" * 5_000, b"1e400", b"-1e999999999", b"0.1e-400"], ids=len
    )
    def test_numbers_that_no_machine_holds_are_no_defect_anywhere(self, number, api):
        large = b"[%s]" % b",".join([b"0"] * 600_000)
        for path, body, statuses in [
            ("/dialogue/d/messages", b'[{"role":"u","content":{"n":%s}},{}]' % number, {400}),
            ("/dialogue/d/messages", b'[{"role":"u","content":{"n":%s}}]' % number, {200}),
            (
                "/dialogue/d/messages",
                b'{"role":"u","content":{"n":[%s,%s]}}' % (number, large),
                {400},
            ),
            ("/memory", b'{"value":{"n":[%s,%s]}}' % (number, large), {400}),
            ("/dialogue", b'{"label":5,"state":{"n":%s}}' % number, {400}),
            ("/dialogue", b'{"label":%s}' % number, {400}),
            ("/dialogue", b'{"unknown":%s,"metadata":{"n":"\\ud800"}}' % number, {200}),
            ("/dialogue", b'{"tags":[%s]}' % number, {400}),
            ("/admin/keys", b'{"name":%s}' % number, {400}),
        ]:
            answer = post_bytes(api, path, body)
            assert answer.status_code in statuses, (path, body[:80], answer.text[:300])
        for settings in [b'{"rateLimit":{"burst":%s}}', b'{"quotas":{"messages":%s}}']:
            answer = post_bytes(api, "/admin/settings", settings % number, "PUT")
            assert answer.status_code == 400

    def test_an_answer_to_many_errors_stays_small(self, api):
        batch = [{"role": 5, "content": 5, "id": 5, "name": 5, "tags": 5}] * 1_000
        answer = api.post("/dialogue/d/messages", json=batch)
        assert answer.status_code == 400
        assert len(answer.content) < 1_000_000

    def test_gathering_many_chunks_is_cheap(self, server, project):
        body = b'{"id":"chunks"}' + b" " * 200_000
        with Line(server) as line:
            line.send(head("POST", "/dialogue", project.key, Transfer_Encoding="chunked"))
            line.send(chunked(body, size=1))
            answer = line.answer()
        assert answer
        assert answer.status == 200


NUL_BODIES = {
    "label": ("/dialogue", {"label": "a\0b"}),
    "tags": ("/dialogue", {"tags": ["a", "\0"]}),
    "role": ("/dialogue", {"message": {"role": "a\0", "content": "b"}}),
    "name": ("/dialogue", {"messages": [{"role": "user", "content": "b", "name": "\0"}]}),
    "tags of a message": ("/dialogue", {"message": {**HELLO, "tags": ["\0"]}}),
    "label of a memory": ("/memory", {"value": 1, "label": "\0"}),
    "description": ("/memory", {"value": 1, "description": "a\0"}),
    "prompt": ("/admin/summary-templates", {"name": "t", "prompt": "{messages}\0"}),
    "purpose": (
        "/admin/summary-templates",
        {"name": "t", "prompt": "{messages}", "description": "\0"},
    ),
    "instructions": ("/summary", {"dialogueId": "d", "instructions": "\0"}),
    "name of a key": ("/admin/keys", {"scope": "read", "name": "\0"}),
}


class TestUnicodeEverywhere:
    @pytest.mark.parametrize(("path", "body"), NUL_BODIES.values(), ids=[*NUL_BODIES])
    def test_a_nul_is_refused_in_every_text_that_is_no_content(self, path, body, api):
        error = refused(api.post(path, json=body), "INVALID_PARAMETER")
        assert "characters that are not allowed" in str(error)

    def test_a_nul_is_kept_in_contents_and_values(self, api):
        new_dialogue(api, id="nul", state={"a": "\0"}, metadata={"\0": "\0"}, message=HELLO)
        assert new_message(api, "nul", content="a\0b")["content"] == "a\0b"
        found = done(api.get("/dialogue/nul"))
        assert (found["state"], found["metadata"]) == ({"a": "\0"}, {"\0": "\0"})

    @pytest.mark.parametrize("text", ["\u0000", "\uffff", "\U0010fffe", "\u2028", "İß", "a" * 300])
    @pytest.mark.parametrize("field", ["id", "namespace", "label", "threadOf", "tags", "created"])
    def test_any_text_in_any_field_is_taken_or_refused(self, field, text, api):
        value = [text] if field == "tags" else text
        answer = api.post("/dialogue", json={field: value})
        assert answer.status_code in {200, 400, 404}
        if answer.status_code == 200:
            assert done(answer)[field] == value
        else:
            error_of(answer)
