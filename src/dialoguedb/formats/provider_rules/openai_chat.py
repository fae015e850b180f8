"""What OpenAI's Chat Completions API refuses."""

import re
from collections.abc import Iterator

from dialoguedb.formats.provider_rules import chat
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
)

_ROLES = ("developer", "system", "user", "assistant", "tool", "function")
CALL_ID_CHARS_MAX = 40
_NAME = re.compile(r"[^\s<|\\/>]{1,64}")
_PARTS = {
    "user": {"text", "image_url", "input_audio", "file"},
    "assistant": {"text", "refusal"},
}
_ONLY_TEXT = {"text"}


def roles_are_known(sent: SentMessages) -> Iterator[Finding]:
    """The role is `developer`, `system`, `user`, `assistant`, `tool` or `function`."""
    for index, message in each(sent):
        if message.get("role") not in _ROLES:
            yield Finding(index, f"has the role {message.get('role')!r}")


def call_ids_are_short(sent: SentMessages) -> Iterator[Finding]:
    """The id of a tool call has at most 40 characters."""
    for index, message in each(sent):
        ids = [text_of(call, "id") for call in chat.calls_of(message)]
        if any(len(one) > CALL_ID_CHARS_MAX for one in (*ids, text_of(message, "tool_call_id"))):
            yield Finding(index, "has the id of a call with more than 40 characters")


def names_fit(sent: SentMessages) -> Iterator[Finding]:
    r"""The `name` of a message has 1 to 64 characters, none of them white space, `<`, `|`, `\`, `/`
    or `>`.
    """
    for index, message in each(sent):
        name = message.get("name")
        if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
            yield Finding(index, f"has the name {name!r}")


def content_is_there(sent: SentMessages) -> Iterator[Finding]:
    """A message has content, unless it is the assistant's with calls, a refusal or audio."""
    for index, message in each(sent):
        if message.get("content") not in (None, []):
            continue
        instead = ("tool_calls", "function_call", "refusal", "audio")
        if message.get("role") == "assistant" and any(message.get(key) for key in instead):
            continue
        yield Finding(index, "has no content")


def content_is_text_or_parts(sent: SentMessages) -> Iterator[Finding]:
    """Content is a string, or an array of the parts that its role may hold."""
    for index, message in each(sent):
        content = message.get("content")
        if content is None or isinstance(content, str):
            continue
        allowed = _PARTS.get(text_of(message, "role"), _ONLY_TEXT)
        if not isinstance(content, list):
            yield Finding(index, "has content that is neither a string nor an array")
        for name in _kinds(content) - allowed:
            yield Finding(index, f"has a part of type {name!r}")


def _kinds(content: object) -> set[str]:
    parts = content if isinstance(content, list) else []
    return {text_of(part, "type") if isinstance(part, dict) else "" for part in parts}


def parts_are_whole(sent: SentMessages) -> Iterator[Finding]:
    """A part has the member of its type: `text`, `image_url.url`, `input_audio.data`, `file`."""
    for index, message in each(sent):
        if any(not _is_whole(part) for part in dicts(message.get("content"))):
            yield Finding(index, "has a part without what its type promises")


def _is_whole(part: Json) -> bool:
    kind = text_of(part, "type")
    value = part.get(kind)
    match kind:
        case "text" | "refusal":
            return isinstance(value, str)
        case "image_url":
            return isinstance(value, dict) and isinstance(value.get("url"), str)
        case "input_audio":
            return isinstance(value, dict) and isinstance(value.get("data"), str)
        case "file":
            return isinstance(value, dict)
    return True


def images_are_readable(sent: SentMessages) -> Iterator[Finding]:
    """An image is at an HTTP address, or inline as JPEG, PNG, GIF or WebP."""
    for index, message in each(sent, "user"):
        for part in dicts(message.get("content")):
            image = part.get("image_url")
            if isinstance(image, dict) and (problem := image_url_problem(image.get("url"))):
                yield Finding(index, problem)


_TYPES = Source("the types of `openai` 3.57.0", "2026-11-29")
_TOOLS = Source("https://developers.openai.com/api/docs/guides/function-calling", "2026-11-29")
_API = Source("https://developers.openai.com/api/reference/resources/chat", "2026-11-29")
_IMAGES = Source("https://developers.openai.com/api/docs/guides/images-vision", "2026-11-29")

RULES = (
    Rule("INVALID_ROLE", roles_are_known, _TYPES),
    Rule("ORPHANED_TOOL_CALL", chat.calls_are_answered, _TOOLS),
    Rule("ORPHANED_TOOL_RESULT", chat.results_follow_calls, _TOOLS),
    Rule("DUPLICATE_TOOL_RESULT", chat.results_come_once, _TOOLS),
    Rule("INVALID_ID", chat.call_ids_differ, _TOOLS),
    Rule("INVALID_ID", call_ids_are_short, _API),
    Rule("INVALID_NAME", chat.function_names_fit, _API),
    Rule("INVALID_NAME", names_fit, _API),
    Rule("INVALID_CONTENT", chat.arguments_are_text, _TYPES),
    Rule("ROLE_ORDER", chat.only_assistants_call, _TYPES),
    Rule("INVALID_CONTENT", chat.calls_are_some, _API),
    Rule("EMPTY_TURN", content_is_there, _TYPES),
    Rule("INVALID_CONTENT", content_is_text_or_parts, _TYPES),
    Rule("INVALID_CONTENT", parts_are_whole, _TYPES),
    Rule("INVALID_ATTACHMENT", images_are_readable, _IMAGES),
)
