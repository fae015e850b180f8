"""Whatever JSON a message is, reading it fails never, and shows neither JSON nor bytes."""

import json
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.formats.issues import IssueCode
from dialoguedb.formats.parts import Attachment, ToolCall, ToolResult
from dialoguedb.formats.search_text import message_text
from dialoguedb.formats.shown import attachment_text, texts_of
from dialoguedb.formats.spellings.dispatch import TABLES
from dialoguedb.formats.tokens import measure_message
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import Turn, parse_parts

BYTES = "iVBORw0KGgoAAAANSUhEUgAAAAEA" * 10
ROLES = ["user", "assistant", "tool", "system", "message"]
TYPES = sorted({one.name for table in TABLES.values() for one in table if one.by != "shape"})
KEYS = sorted(
    {key for table in TABLES.values() for one in table for keys in one.keys for key in keys.split()}
    | {"id", "call_id", "tool_call_id", "output", "arguments", "action", "media_type", "status"}
    | {"encrypted_content", "function", "data", "state", "image_url", "outputs", "results"}
    | {"outcome", "role", "approval", "error", "event", "tools", "parts", "input", "args"}
)
WORDS = {"text", "content", "refusal", "title", "name", "filename", "description", "reason"}
"""Members that are written to be read, so that bytes in them are a text."""

LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "word", "two words"])
OPAQUE = st.sampled_from([BYTES, f"data:image/png;base64,{BYTES}", f"data:{BYTES}"])


def objects(inner):
    """Make objects that look like parts of some spelling."""
    names = st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from([*TYPES, "tool-ls", "data-x", "sparkline"]),
            "part_kind": st.sampled_from(TYPES),
            "kind": st.sampled_from(TYPES),
            "role": st.sampled_from(ROLES),
        },
    )
    hidden = st.dictionaries(
        st.sampled_from([key for key in KEYS if key not in WORDS]), inner | OPAQUE, max_size=4
    )
    written = st.dictionaries(st.sampled_from(sorted(WORDS)), inner, max_size=2)
    return st.tuples(names, hidden, written).map(lambda all_: {**all_[1], **all_[2], **all_[0]})


JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | objects(inner))
CONTENTS = objects(JSON) | st.lists(objects(JSON), min_size=1, max_size=3)


def seen(parts):
    """Return what is shown of parts, calls and the outputs of tools aside."""
    beside = (part for part in parts if not isinstance(part, ToolCall | ToolResult))
    return list(texts_of(beside))


@given(CONTENTS, st.sampled_from(ROLES))
def test_neither_json_nor_bytes_are_shown(content, role):
    _, parts = parse_parts(role, json.dumps(content).encode(), b"{}")
    for text in shown_beside_tools(parts):
        assert BYTES not in text
        assert "{" not in text
        assert text.strip()


def shown_beside_tools(parts):
    """Return what is shown of parts, calls and the outputs of tools aside."""
    return list(texts_of(one for one in parts if not isinstance(one, ToolCall | ToolResult)))


@given(CONTENTS, st.sampled_from(ROLES))
def test_what_is_shown_is_counted_and_searched(content, role):
    stored = json.dumps(content).encode()
    _, parts = parse_parts(role, stored, b"{}")
    found = message_text(role, stored)
    assert all(text in found for text in shown_beside_tools(parts))
    counted: list[str] = []

    def count(text):
        counted.append(text)
        return 0

    measure_message(role, stored, None, b"{}", count)
    shown, attached = set(texts_of(parts)), attachments(parts)
    # An image takes as much as its URL at least, another attachment what stands for it.
    beside = {one.url if one.kind == "image" else attachment_text(one) for one in attached}
    assert shown - set(texts_of(attached)) <= set(counted) <= shown | beside


def attachments(parts):
    """Return the attachments among parts and in results."""
    inner = [one for part in parts if isinstance(part, ToolResult) for one in part.parts]
    return [one for one in [*parts, *inner] if isinstance(one, Attachment)]


@given(st.lists(st.tuples(CONTENTS, st.sampled_from(ROLES)), max_size=3))
def test_any_history_can_be_checked(messages):
    links = ToolLinker()
    for number, (content, role) in enumerate(messages):
        speaker, parts = parse_parts(role, json.dumps(content).encode(), b"{}")
        links.add(Turn(f"m{number}", "", number, speaker, None, parts, 0))
    assert {issue.code for issue in links.finish()} <= set(get_args(IssueCode))
