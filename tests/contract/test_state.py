"""State: merged, replaced or patched on the received bytes, versioned with its dialogue."""

import json

import pytest

from dialoguedb.errors import (
    DialogueImmutable,
    DialogueNotFound,
    InvalidRequest,
    VersionConflict,
)
from dialoguedb.values.limits import STATE_BYTES_MAX
from tests.contract.making import message, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

NASTY = (
    b'{"z":1.0,"a":1e400,"big":123456789012345678901234567890,"s":"\\ud800\\u0000","e":{"b":[]}}'
)

MERGE_PATCHES = [
    # The examples of RFC 7396, appendix A, as far as a state can be: an object before and after.
    (b'{"a":"b"}', b'{"a":"c"}', b'{"a":"c"}'),
    (b'{"a":"b"}', b'{"b":"c"}', b'{"a":"b","b":"c"}'),
    (b'{"a":"b"}', b'{"a":null}', b"{}"),
    (b'{"a":"b","b":"c"}', b'{"a":null}', b'{"b":"c"}'),
    (b'{"a":["b"]}', b'{"a":"c"}', b'{"a":"c"}'),
    (b'{"a":"c"}', b'{"a":["b"]}', b'{"a":["b"]}'),
    (b'{"a":{"b":"c"}}', b'{"a":{"b":"d","c":null}}', b'{"a":{"b":"d"}}'),
    (b'{"a":[{"b":"c"}]}', b'{"a":[1]}', b'{"a":[1]}'),
    (b'{"e":null}', b'{"a":1}', b'{"e":null,"a":1}'),
    (b"{}", b'{"a":{"bb":{"ccc":null}}}', b'{"a":{"bb":{}}}'),
    # And what its text says beside them.
    (b'{"a":1}', b'{"a":{"b":null,"c":1}}', b'{"a":{"c":1}}'),
    (b'{"a":{"x":{"y":1,"z":2}}}', b'{"a":{"x":{"y":null}}}', b'{"a":{"x":{"z":2}}}'),
    (b'{"a":1}', b"{}", b'{"a":1}'),
    (b'{"a":1}', b'{"b":null}', b'{"a":1}'),
]


class TestMerging:
    async def test_top_level_keys_are_put_over_the_stored_ones(self, me):
        await me.new("d", state=b'{"a":1,"b":{"x":1},"c":3}')
        merged = await me.put_state("merge", b'{"b":{"y":2},"d":4}')
        assert bytes(merged.value) == b'{"a":1,"b":{"y":2},"c":3,"d":4}'
        assert await me.state() == bytes(merged.value)

    async def test_null_is_stored(self, me):
        await me.new("d", state=b'{"a":1}')
        assert bytes((await me.put_state("merge", b'{"a":null}')).value) == b'{"a":null}'

    async def test_values_keep_their_bytes(self, me):
        await me.new("d", state=NASTY)
        merged = bytes((await me.put_state("merge", b'{"n":-0.0}')).value)
        assert merged == NASTY[:-1] + b',"n":-0.0}'
        merged = bytes((await me.put_state("merge", NASTY)).value)
        assert merged == NASTY[:-1] + b',"n":-0.0}'

    async def test_keys_may_be_any_text_in_any_spelling(self, me):
        keys = ["", "\0", "😀", "é", "a.b[0]", '"', "\\", "~"]
        await me.new("d")
        for number, key in enumerate(keys):
            escaped = json.dumps({key: number})
            await me.put_state("merge", escaped.encode())
        assert json.loads(await me.state()) == {key: number for number, key in enumerate(keys)}
        for key in keys:
            plain = json.dumps({key: None}, ensure_ascii=False)
            await me.put_state("patch", plain.encode())
        assert await me.state() == b"{}"

    async def test_merges_at_once_lose_nothing(self, me):
        await me.new("d")
        changes = [f'{{"k{number}":{number}}}'.encode() for number in range(32)]
        await together(me.put_state("merge", one) for one in changes)
        state = await me.state()
        assert all(one[1:-1] in state for one in changes)
        assert await me.revision() == 33


class TestReplacing:
    async def test_the_whole_state_is_the_new_one(self, me):
        await me.new("d", state=b'{"a":1,"b":2}')
        replaced = await me.put_state("replace", NASTY)
        assert bytes(replaced.value) == NASTY == await me.state()
        assert bytes((await me.get()).state) == NASTY


class TestPatching:
    @pytest.mark.parametrize(("before", "patch", "after"), MERGE_PATCHES)
    async def test_a_merge_patch_does_what_its_rfc_says(self, before, patch, after, me):
        await me.new("d", state=before)
        patched = await me.put_state("patch", patch)
        assert bytes(patched.value) == after == await me.state()

    async def test_untouched_values_keep_their_bytes(self, me):
        await me.new("d", state=NASTY)
        patched = bytes((await me.put_state("patch", b'{"gone":null,"e":{"c":1.0}}')).value)
        assert patched == NASTY.replace(b'{"b":[]}', b'{"b":[],"c":1.0}')

    async def test_a_deep_patch_is_applied(self, me):
        depth = 120
        deep = b'{"a":' * depth + b"{}" + b"}" * depth
        await me.new("d", state=deep)
        patch = b'{"a":' * depth + b'{"b":1}' + b"}" * depth
        assert bytes((await me.put_state("patch", patch)).value) == patch


class TestVersions:
    async def test_what_changes_nothing_is_no_new_version(self, me):
        await me.new("d", state=b'{"a":1}')
        before = await me.get()
        for mode, value in [("merge", b'{"a":1}'), ("merge", b"{}"), ("patch", b'{"b":null}')]:
            assert (await me.put_state(mode, value)).version == 1
        assert (await me.put_state("replace", b'{"a":1}')).version == 1
        assert await me.get() == before

    async def test_a_change_is_seen_in_modified(self, me):
        await me.new("d")
        before = (await me.get()).modified
        await me.put_state("merge", b'{"a":1}')
        assert (await me.get()).modified > before

    async def test_of_many_that_expect_the_same_one_goes_through(self, me):
        await me.new("d")
        options = [me.write_options(expected=1) for _ in range(32)]
        attempts = await together(
            (
                me.put_state("replace", f'{{"winner":{number}}}'.encode(), options=one)
                for number, one in enumerate(options)
            ),
            failing=VersionConflict,
        )
        won = [one for one in attempts if not isinstance(one, VersionConflict)]
        assert len(won) == 1
        assert await me.state() == bytes(won[0].value)
        assert await me.revision() == 2


class TestLimits:
    async def test_the_limit_counts_the_state_as_merged(self, me):
        half = b'{"a":"' + b"x" * (STATE_BYTES_MAX // 2) + b'"}'
        await me.new("d", state=half)
        room = STATE_BYTES_MAX - len(half) - len(b',"b":""')
        full = await me.put_state("merge", b'{"b":"' + b"x" * room + b'"}')
        assert len(bytes(full.value)) == STATE_BYTES_MAX
        for mode in ["merge", "patch"]:
            with pytest.raises(InvalidRequest) as caught:
                await me.put_state(mode, b'{"b":"' + b"x" * (room + 1) + b'"}')
            assert caught.value.code == "STATE_TOO_LARGE"
        assert await me.state() == bytes(full.value)
        assert await me.revision() == full.version


class TestWhere:
    async def test_the_state_of_an_unknown_dialogue_is_not_found(self, me):
        await me.new("d", "a")
        for namespace in ["", "b"]:
            with pytest.raises(DialogueNotFound):
                await me.state("d", namespace)
            with pytest.raises(DialogueNotFound):
                await me.put_state("merge", b"{}", "d", namespace)

    async def test_an_archived_dialogue_keeps_its_state(self, me):
        await me.new("d", state=b'{"a":1}')
        await me.change_status("archive")
        for mode in ["merge", "replace", "patch"]:
            with pytest.raises(DialogueImmutable):
                await me.put_state(mode, b'{"a":2}')
        assert await me.state() == b'{"a":1}'

    async def test_an_ended_dialogue_still_changes_its_state(self, me):
        await me.new("d", messages=[message()])
        await me.change_status("end")
        assert bytes((await me.put_state("merge", b'{"a":2}')).value) == b'{"a":2}'
