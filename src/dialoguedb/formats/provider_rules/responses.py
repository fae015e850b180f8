"""What OpenAI's Responses API refuses of its `input`."""

import re
from collections.abc import Iterator

from dialoguedb.formats.provider_rules.attachments import image_url_problem
from dialoguedb.formats.provider_rules.rule import (
    Finding,
    Json,
    Rule,
    SentMessages,
    Source,
    dicts,
    each,
    text_of,
    with_next,
)
from dialoguedb.formats.spellings.responses import ANSWER_TYPES, CONTENT_TYPES, is_made_by_model

_ROLES = ("user", "assistant", "system", "developer")
_CALLS = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "computer_call": "computer_call_output",
    "local_shell_call": "local_shell_call_output",
    "shell_call": "shell_call_output",
    "apply_patch_call": "apply_patch_call_output",
}
"""The calls that the caller answers, and what answers them."""

_OUTPUTS = frozenset(_CALLS.values())
ITEMS = frozenset(
    {
        "message",
        "reasoning",
        "compaction",
        "compaction_trigger",
        "configuration_update",
        "item_reference",
        "file_search_call",
        "web_search_call",
        "image_generation_call",
        "code_interpreter_call",
        "tool_search_call",
        "tool_search_output",
        "additional_tools",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "mcp_approval_response",
        "program",
        "program_output",
        *_CALLS,
        *_OUTPUTS,
    }
)
"""The types of items that the API takes."""

_OF_OTHERS = (CONTENT_TYPES - ANSWER_TYPES) | {"input_audio"}
_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
_ID_CHARS_MAX = 64
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def kind_of(item: Json) -> str:
    """Return the type of an item; one with a role needs none."""
    return text_of(item, "type") or ("message" if "role" in item else "")


def call_ref(item: Json) -> str:
    """Return the id by which a call and its output are paired."""
    return text_of(item, "call_id") or text_of(item, "id")


def items_are_known(sent: SentMessages) -> Iterator[Finding]:
    """An item is of a type that the API takes."""
    for index, item in each(sent):
        if kind_of(item) not in ITEMS:
            yield Finding(index, f"is an item of type {item.get('type')!r}")


def roles_are_known(sent: SentMessages) -> Iterator[Finding]:
    """The role of a message is `user`, `assistant`, `system` or `developer`."""
    for index, item in _messages(sent):
        if item.get("role") not in _ROLES:
            yield Finding(index, f"has the role {item.get('role')!r}")


def calls_are_answered(sent: SentMessages) -> Iterator[Finding]:
    """Every call of a tool that the caller runs has an output behind it, of its type and id."""
    open_calls: dict[tuple[str, str], int] = {}
    for index, item in each(sent):
        kind = kind_of(item)
        if kind in _CALLS:
            open_calls[_CALLS[kind], call_ref(item)] = index
        open_calls.pop((kind, call_ref(item)), None)
    for (_, call_id), index in open_calls.items():
        yield Finding(index, f"calls a tool ({call_id!r}) whose output there is not")


def outputs_follow_calls(sent: SentMessages) -> Iterator[Finding]:
    """Every output of a tool has its call, of its type and id, before it."""
    calls: set[tuple[str, str]] = set()
    for index, item in each(sent):
        kind = kind_of(item)
        if kind in _CALLS:
            calls.add((_CALLS[kind], call_ref(item)))
        if kind in _OUTPUTS and (kind, call_ref(item)) not in calls:
            yield Finding(index, f"answers {call_ref(item)!r}, which is not called before")


def outputs_come_once(sent: SentMessages) -> Iterator[Finding]:
    """Every call has one output."""
    answered: set[tuple[str, str]] = set()
    for index, item in each(sent):
        kind, call_id = kind_of(item), call_ref(item)
        if kind in _CALLS:
            answered.discard((_CALLS[kind], call_id))
        elif kind in _OUTPUTS and (kind, call_id) in answered:
            yield Finding(index, f"answers {call_id!r} once more")
        elif kind in _OUTPUTS:
            answered.add((kind, call_id))


def reasoning_is_followed(sent: SentMessages) -> Iterator[Finding]:
    """A `reasoning` item is followed by what the model did: a call or its message."""
    for index, item, behind in with_next(sent):
        if kind_of(item) == "reasoning" and not is_made_by_model(behind):
            yield Finding(index, "is reasoning without the item that it led to")


def reasoning_is_whole(sent: SentMessages) -> Iterator[Finding]:
    """A `reasoning` item has its id and a `summary`, which may be empty."""
    for index, item in each(sent):
        is_whole = text_of(item, "id") and isinstance(item.get("summary"), list)
        if kind_of(item) == "reasoning" and not is_whole:
            yield Finding(index, "is reasoning without its id or `summary`")


def ids_fit(sent: SentMessages) -> Iterator[Finding]:
    """An item's id begins with `msg`, `rs` or `fc`, as its type demands, and ids have at most 64
    characters.
    """
    for index, item in each(sent):
        item_id, call_id = item.get("id"), item.get("call_id")
        prefix = _PREFIXES.get(kind_of(item), "")
        if isinstance(item_id, str) and not item_id.startswith(prefix):
            yield Finding(index, f"has the id {item_id!r}, which does not begin with {prefix!r}")
        if any(isinstance(one, str) and len(one) > _ID_CHARS_MAX for one in (item_id, call_id)):
            yield Finding(index, "has an id of more than 64 characters")


def calls_have_ids(sent: SentMessages) -> Iterator[Finding]:
    """A call and an output have a `call_id`."""
    for index, item in each(sent):
        kind = kind_of(item)
        if (kind in _CALLS or kind in _OUTPUTS) and not call_ref(item):
            yield Finding(index, "has no `call_id`")


def names_fit(sent: SentMessages) -> Iterator[Finding]:
    """The name of a function or custom tool has 1 to 128 characters of `a-z`, `A-Z`, `0-9`, `_` and
    `-`.
    """
    for index, item in each(sent):
        is_call = kind_of(item) in {"function_call", "custom_tool_call"}
        if is_call and not _NAME.fullmatch(text_of(item, "name")):
            yield Finding(index, f"calls a tool by the name {item.get('name')!r}")


def arguments_are_text(sent: SentMessages) -> Iterator[Finding]:
    """The `arguments` of a function and the `input` of a custom tool are strings."""
    keys = {"function_call": "arguments", "custom_tool_call": "input"}
    for index, item in each(sent):
        key = keys.get(kind_of(item))
        if key and not isinstance(item.get(key), str):
            yield Finding(index, f"calls a tool with `{key}` that are no string")


def outputs_are_there(sent: SentMessages) -> Iterator[Finding]:
    """The `output` of a function or a custom tool is a string, or an array of input parts."""
    for index, item in each(sent):
        output = item.get("output")
        if kind_of(item) not in {"function_call_output", "custom_tool_call_output"}:
            continue
        if not isinstance(output, str) and not _are_parts(output, _OF_OTHERS):
            yield Finding(index, "has an output that is neither a string nor parts")


def content_fits_its_role(sent: SentMessages) -> Iterator[Finding]:
    """Content is a string or parts: of the assistant `output_text` and `refusal`, of others
    `input_text`, `input_image` and `input_file`.
    """
    for index, item in _messages(sent):
        content = item.get("content")
        allowed = ANSWER_TYPES if item.get("role") == "assistant" else _OF_OTHERS
        if not isinstance(content, str) and not _are_parts(content, allowed):
            yield Finding(index, "has content of a kind that its role may not hold")


def _are_parts(value: object, allowed: frozenset[str]) -> bool:
    parts = dicts(value)
    is_whole = isinstance(value, list) and len(parts) == len(value)
    return is_whole and all(text_of(part, "type") in allowed for part in parts)


def images_are_readable(sent: SentMessages) -> Iterator[Finding]:
    """An image is a file, at an HTTP address, or inline as JPEG, PNG, GIF or WebP."""
    for index, item in each(sent):
        for part in (*dicts(item.get("content")), *dicts(item.get("output"))):
            if part.get("type") != "input_image" or part.get("file_id"):
                continue
            if problem := image_url_problem(part.get("image_url")):
                yield Finding(index, problem)


def _messages(sent: SentMessages) -> Iterator[tuple[int, Json]]:
    return (found for found in each(sent) if kind_of(found[1]) == "message")


_TYPES = Source("the types of `openai` 3.57.0", "2026-11-29")
_CALLING = Source("https://developers.openai.com/api/docs/guides/function-calling", "2026-11-29")
_REASONING = Source(
    "https://cookbook.openai.com/examples/responses_api/reasoning_items", "2026-11-29"
)
_API = Source("https://developers.openai.com/api/reference/resources/responses", "2026-11-29")
_IMAGES = Source("https://developers.openai.com/api/docs/guides/images-vision", "2026-11-29")

RULES = (
    Rule("INVALID_CONTENT", items_are_known, _TYPES),
    Rule("INVALID_ROLE", roles_are_known, _TYPES),
    Rule("ORPHANED_TOOL_CALL", calls_are_answered, _CALLING),
    Rule("ORPHANED_TOOL_RESULT", outputs_follow_calls, _CALLING),
    Rule("DUPLICATE_TOOL_RESULT", outputs_come_once, _CALLING),
    Rule("INVALID_REASONING", reasoning_is_followed, _REASONING),
    Rule("INVALID_REASONING", reasoning_is_whole, _TYPES),
    Rule("INVALID_ID", ids_fit, _API),
    Rule("INVALID_ID", calls_have_ids, _TYPES),
    Rule("INVALID_NAME", names_fit, _API),
    Rule("INVALID_CONTENT", arguments_are_text, _TYPES),
    Rule("INVALID_CONTENT", outputs_are_there, _TYPES),
    Rule("INVALID_CONTENT", content_fits_its_role, _TYPES),
    Rule("INVALID_ATTACHMENT", images_are_readable, _IMAGES),
)
