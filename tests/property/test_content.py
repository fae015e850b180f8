"""Whatever JSON comes in goes out again, byte for byte in its compact form."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.http.checking import done
from tests.http.making import new_dialogue, post_bytes

from .written_json import SPACES, compact, contents, objects, spread, values

EAGER = settings(max_examples=60)


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


def length(content: bytes) -> int:
    """Return what `contentLength` must be of these received bytes."""
    if not content.startswith(b'"'):
        return len(content)
    return len(json.loads(content).encode("utf-8", "surrogatepass"))


@EAGER
@given(batch=st.lists(contents, min_size=1, max_size=5), space=SPACES)
@example(batch=[("{", '"a"', ":", "1e400", "}")], space="")
def test_any_content_comes_back_as_it_was_sent(batch, space, api):
    start = done(api.get("/dialogue/d"))["lastSeq"]
    messages = [b'{"role":"u","content":%s}' % spread(tokens, space) for tokens in batch]
    sent = done(post_bytes(api, "/dialogue/d/messages", b"[%s]" % b",".join(messages)))
    for message, tokens in zip(sent, batch, strict=True):
        content = compact(tokens)
        assert message["contentLength"] == length(content)
        response = api.get(f"/dialogue/d/messages/{message['id']}")
        if content.startswith(b'"'):
            assert done(response)["content"] == json.loads(content)
        else:
            assert re.search(b'"content":%s[,}]' % re.escape(content), response.content)
    assert done(api.get("/dialogue/d"))["lastSeq"] == start + len(batch)
    assert done(api.post("/search", json={"query": "a", "object": "message"}))["items"]


@EAGER
@given(value=values, metadata=objects, space=SPACES)
def test_any_memory_comes_back_as_it_was_sent(value, metadata, space, api):
    body = b'{"value":%s,"metadata":%s}' % (spread(value, space), spread(metadata, space))
    made = done(post_bytes(api, "/memory", body))
    response = api.get(f"/memory/{made['id']}")
    assert re.search(b'"metadata":%s[,}]' % re.escape(compact(metadata)), response.content)
    if compact(value).startswith(b'"'):
        assert done(response)["value"] == json.loads(compact(value))
    else:
        assert re.search(b'"value":%s[,}]' % re.escape(compact(value)), response.content)
    assert done(api.post("/search", json={"query": "a", "object": "memory"}))["items"]


small = st.recursive(
    st.sampled_from([None, True, 0, 1.5, "x", "é", [], [1, None]]),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
small_objects = st.dictionaries(st.sampled_from("abc"), small, max_size=3)


def merge_patched(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch as RFC 7396 defines it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patched(result.get(name), value)
    return result


STEPS = {
    "merge": lambda state, body: {**state, **body},
    "replace": lambda _, body: body,
    "patch": merge_patched,
}


@EAGER
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), small_objects), max_size=6))
def test_state_follows_any_row_of_changes(steps, api):
    state = done(api.put("/dialogue/d/state?merge=false", json={}))
    for kind, body in steps:
        method = "PATCH" if kind == "patch" else "PUT"
        query = "?merge=false" if kind == "replace" else ""
        state = STEPS[kind](state, body)
        assert done(api.request(method, f"/dialogue/d/state{query}", json=body)) == state
    assert done(api.get("/dialogue/d"))["state"] == state
