"""Every limit, at the limit and one past it."""

import base64

import pytest

from .checking import done, error_of, refused
from .making import (
    HELLO,
    compact,
    contents,
    get_dialogue,
    new_dialogue,
    new_memory,
    new_message,
    post_bytes,
)

MIB = 1024 * 1024
MESSAGES = "/dialogue/d/messages"
JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(3_000)).decode()

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "*"}}


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


def sized(size: int) -> dict[str, str]:
    """Return an object of exactly so many bytes of compact JSON."""
    return {"a": "x" * (size - len('{"a":""}'))}


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """Return arrays (or objects) within each other, so many deep."""
    return opening * depth + closing * depth


class TestContent:
    @pytest.mark.parametrize(
        ("at", "past"),
        [
            ("x" * MIB, "x" * (MIB + 1)),
            ("é" * (MIB // 2), "é" * (MIB // 2) + "x"),
            (sized(MIB), sized(MIB + 1)),
            ([sized(MIB - 2)], [sized(MIB - 1)]),
        ],
        ids=["text", "text of two bytes", "object", "array"],
    )
    def test_a_mebibyte_is_taken_and_a_byte_more_is_not(self, at, past, api):
        assert new_message(api, "d", content=at)["contentLength"] == MIB
        error = refused(
            api.post(MESSAGES, json={"role": "user", "content": past}),
            "MESSAGE_TOO_LARGE",
            "content",
        )
        assert error["details"][0]["code"] == "TOO_LARGE"
        batch = [HELLO, {"role": "user", "content": past}]
        refused(api.post(MESSAGES, json=batch), "MESSAGE_TOO_LARGE", "messages[1].content")
        assert get_dialogue(api, "d")["totalMessages"] == 1

    def test_white_space_outside_of_strings_does_not_count(self, api):
        padded = b'{"role":"user","content":{%s"a":1}}' % (b" " * MIB)
        assert done(post_bytes(api, MESSAGES, padded))["contentLength"] == 7

    def test_escapes_in_a_text_count_as_what_they_mean(self, api):
        written = b'{"role":"user","content":"%s"}' % (b"\\u0041" * MIB)
        assert done(post_bytes(api, MESSAGES, written))["contentLength"] == MIB

    @pytest.mark.parametrize(
        "part",
        [
            IMAGE,
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,*"}},
            {"type": "tool_result", "content": [IMAGE]},
        ],
        ids=["source", "image_url", "inside a tool result"],
    )
    def test_image_data_does_not_count(self, part, api):
        filled = compact(part).replace(b"*", JPEG.encode() * 600)
        content = b'[%s,{"type":"text","text":"%s"}]' % (filled, b"x" * (MIB - 1_000))
        sent = done(post_bytes(api, MESSAGES, b'{"role":"user","content":%s}' % content))
        assert sent["contentLength"] == len(content)
        past = b'[%s,{"type":"text","text":"%s"}]' % (filled, b"x" * MIB)
        answer = post_bytes(api, MESSAGES, b'{"role":"user","content":%s}' % past)
        refused(answer, "MESSAGE_TOO_LARGE")

    def test_a_link_to_an_image_counts(self, api):
        part = {"type": "image_url", "image_url": {"url": "https://x/" + "x" * MIB}}
        answer = api.post(MESSAGES, json={"role": "user", "content": [part]})
        refused(answer, "MESSAGE_TOO_LARGE")

    def test_data_elsewhere_counts(self, api):
        part = {"type": "text", "data": "x" * MIB}
        answer = api.post(MESSAGES, json={"role": "user", "content": [part]})
        refused(answer, "MESSAGE_TOO_LARGE")

    def test_a_data_prefix_inside_source_data_is_no_image(self, api):
        source = {"type": "base64", "media_type": "image/png", "data": "data:image/png;base64,AAAA"}
        for part in [
            {"type": "image", "source": source},
            {"type": "tool_result", "content": [{"type": "image", "source": source}]},
        ]:
            answer = api.post(MESSAGES, json={"role": "user", "content": [part]})
            refused(answer, "INVALID_IMAGE_CONTENT")


class TestMemoriesStateAndMetadata:
    def test_a_memory_of_a_mebibyte_is_taken_and_a_byte_more_is_not(self, api):
        new_memory(api, value="x" * MIB)
        new_memory(api, value=sized(MIB))
        for past in ["x" * (MIB + 1), sized(MIB + 1)]:
            refused(api.post("/memory", json={"value": past}), "INVALID_PARAMETER", "value")

    @pytest.mark.parametrize("call", ["PUT /dialogue/d/state", "PATCH /dialogue/d/state"])
    def test_a_state_of_a_mebibyte_is_taken_and_a_byte_more_is_not(self, call, api):
        method, path = call.split()
        refused(api.request(method, path, json=sized(MIB + 1)), "STATE_TOO_LARGE")
        assert done(api.request(method, path, json=sized(MIB)))
        assert get_dialogue(api, "d")["state"] == sized(MIB)

    def test_a_state_given_whole_is_measured_too(self, api):
        refused(api.post("/dialogue", json={"state": sized(MIB + 1)}), "STATE_TOO_LARGE", "state")
        refused(api.put("/dialogue/d", json={"state": sized(MIB + 1)}), "STATE_TOO_LARGE", "state")
        done(api.put("/dialogue/d", json={"state": sized(MIB)}))
        new_dialogue(api, state=sized(MIB))

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_it_is_the_merged_state_that_counts(self, method, api):
        half = "x" * (MIB // 2)
        done(api.put("/dialogue/d/state", json={"a": half}))
        past = api.request(method, "/dialogue/d/state", json={"b": half})
        refused(past, "STATE_TOO_LARGE")
        rest = MIB - len(compact({"a": half, "b": ""}))
        done(api.request(method, "/dialogue/d/state", json={"b": "y" * rest}))
        refused(api.put("/dialogue/d/state", json={"c": 1}), "STATE_TOO_LARGE")
        done(api.put("/dialogue/d/state", json={"a": 1}))

    @pytest.mark.parametrize(
        ("path", "body"), [("/dialogue", {}), (MESSAGES, HELLO), ("/memory", {"value": 1})]
    )
    def test_metadata_of_64_kib_is_taken_and_a_byte_more_is_not(self, path, body, api):
        done(api.post(path, json={**body, "metadata": sized(65_536)}))
        past = {**body, "metadata": sized(65_537)}
        error = refused(api.post(path, json=past), "INVALID_PARAMETER", "metadata")
        assert error["details"][0]["code"] == "TOO_LARGE"


class TestCounts:
    @pytest.mark.parametrize("call", ["POST /dialogue", "PUT /dialogue/d", f"POST {MESSAGES}"])
    def test_a_thousand_messages_are_taken_and_one_more_is_not(self, call, api):
        method, path = call.split()
        past = api.request(method, path, json={"messages": [HELLO] * 1_001})
        refused(past, "INVALID_PARAMETER", "messages")
        done(api.request(method, path, json={"messages": [HELLO] * 1_000}))

    def test_a_bare_array_has_the_same_limit(self, api):
        assert api.post(MESSAGES, json=[HELLO] * 1_001).status_code == 400
        assert contents(api, "d") == []
        assert len(done(api.post(MESSAGES, json=[HELLO] * 1_000))) == 1_000

    @pytest.mark.parametrize(
        ("path", "body"), [("/dialogue", {}), (MESSAGES, HELLO), ("/memory", {"value": 1})]
    )
    def test_fifty_tags_of_64_characters_are_taken_and_no_more(self, path, body, api):
        tags = [f"{number:02}" + "😀" * 62 for number in range(50)]
        made = done(api.post(path, json={**body, "tags": tags}))
        assert made["tags"] == tags
        refused(api.post(path, json={**body, "tags": [*tags, "x"]}), "INVALID_PARAMETER", "tags")
        longer = {**body, "tags": ["ok", "x" * 65]}
        refused(api.post(path, json=longer), "INVALID_PARAMETER", "tags[1]")

    def test_tags_have_the_same_limits_when_they_change(self, api):
        new_message(api, "d", id="m")
        new_memory(api, id="k")
        for path in ["/dialogue/d", f"{MESSAGES}/m", "/memory/k"]:
            done(api.put(path, json={"tags": ["x" * 64] + [str(n) for n in range(49)]}))
            for tags in [["x" * 65], [str(number) for number in range(51)]]:
                refused(api.put(path, json={"tags": tags}), "INVALID_PARAMETER")


class TestNames:
    @pytest.mark.parametrize("character", ["x", "é", "😀"])
    def test_names_of_256_characters_are_taken_and_no_longer_ones(self, character, api):
        at, past = character * 256, character * 257
        for path, *names in [
            ("/dialogue", "id", "namespace", "label"),
            (MESSAGES, "id", "role", "name"),
            ("/memory", "id", "namespace", "label"),
        ]:
            for name in names:
                body = {"value": 1, **HELLO}
                assert done(api.post(path, json={**body, name: at}))[name] == at
                refused(api.post(path, json={**body, name: past}), "INVALID_PARAMETER", name)

    def test_a_label_has_the_same_limit_when_it_changes(self, api):
        done(api.put("/dialogue/d", json={"label": "x" * 256}))
        refused(api.put("/dialogue/d", json={"label": "x" * 257}), "INVALID_PARAMETER", "label")

    def test_a_description_of_4096_characters_is_taken_and_no_longer_one(self, api):
        new_memory(api, description="é" * 4_096)
        body = {"value": 1, "description": "é" * 4_097}
        refused(api.post("/memory", json=body), "INVALID_PARAMETER", "description")

    @pytest.mark.parametrize(
        "name",
        [
            *("a/b", "a\\b", "a?b", "a#b", "a%b", " a", "a ", " ", "\ta", "a\nb", ".", ".."),
            *("a\u0000b", "\u007f", "a\u0085b"),
        ],
    )
    def test_an_id_that_could_not_stand_in_a_path_is_refused(self, name, api):
        refused(api.post("/dialogue", json={"id": name}), "INVALID_PARAMETER", "id")
        refused(api.post(MESSAGES, json={**HELLO, "id": name}), "INVALID_PARAMETER", "id")
        refused(api.post("/memory", json={"value": 1, "id": name}), "INVALID_PARAMETER", "id")

    @pytest.mark.parametrize("name", ["a\u0000b", "\n", "a\u001fb", "\u007f"])
    def test_a_namespace_has_no_control_characters(self, name, api):
        refused(api.post("/dialogue", json={"namespace": name}), "INVALID_PARAMETER", "namespace")

    @pytest.mark.parametrize("name", ["a/b", "a?b#c%d", "..", " a ", "\\"])
    def test_a_namespace_may_have_any_other(self, name, api):
        new_dialogue(api, id="n", namespace=name)
        assert get_dialogue(api, "n", namespace=name)["namespace"] == name


class TestDepth:
    @pytest.mark.parametrize(
        ("method", "path", "before", "around"),
        [
            ("POST", "/dialogue", b'{"metadata":{"m":%s}}', 2),
            ("POST", "/dialogue", b'{"ignored":%s}', 1),
            ("POST", MESSAGES, b'{"role":"u","content":{"c":%s}}', 2),
            ("POST", MESSAGES, b'[{"role":"u","content":{"c":%s}}]', 3),
            ("POST", "/memory", b'{"value":%s}', 1),
            ("PUT", "/dialogue/d/state", b'{"s":%s}', 1),
            ("PATCH", "/dialogue/d/state", b'{"s":%s}', 1),
        ],
    )
    def test_128_levels_are_taken_and_one_more_is_not(self, method, path, before, around, api):
        for opening, closing in [(b"[", b"]"), (b'{"a":', b"1}")]:
            deep = opening * (128 - around) + closing[:-1] + closing[-1:] * (128 - around)
            done(post_bytes(api, path, before % deep, method))
            deeper = opening + deep + closing[-1:]
            answer = post_bytes(api, path, before % deeper, method)
            assert answer.status_code == 400
            error_of(answer)

    def test_what_came_in_at_the_limit_can_be_read(self, api):
        value = nested(127)
        done(post_bytes(api, "/memory", b'{"id":"k","value":%s}' % value))
        assert b'"value":%s' % value in api.get("/memory/k").content
        assert b'"value":%s' % value in api.get("/memory").content
