"""What Mistral refuses: what every version of its request validator demands."""

import re
from collections.abc import Iterator

from dialoguedb.formats.provider_rules import chat
from dialoguedb.formats.provider_rules.attachments import image_url_problem
from dialoguedb.formats.provider_rules.rule import (
    Finding,
    Rule,
    SentMessages,
    Source,
    dicts,
    each,
    text_of,
)

_AFTER = {
    "system": {"user", "assistant", "system"},
    "user": {"assistant", "system", "user"},
    "assistant": {"assistant", "user", "tool"},
    "tool": {"assistant", "tool", "user"},
}
_ID = re.compile(r"[a-zA-Z0-9]{9}")


def roles_are_known(sent: SentMessages) -> Iterator[Finding]:
    """The role is `system`, `user`, `assistant` or `tool`."""
    for index, message in each(sent):
        if text_of(message, "role") not in _AFTER:
            yield Finding(index, f"has the role {message.get('role')!r}")


def roles_follow(sent: SentMessages) -> Iterator[Finding]:
    """After the system comes no tool, after a user no tool, after an assistant or a tool no
    system.
    """
    before = ""
    for index, message in each(sent):
        role = text_of(message, "role")
        if before in _AFTER and role in _AFTER and role not in _AFTER[before]:
            yield Finding(index, f"of role {role!r} comes after one of role {before!r}")
        before = role


def a_tool_is_not_used_first(sent: SentMessages) -> Iterator[Finding]:
    """The first message neither calls a tool nor answers one."""
    for index, message in list(each(sent))[:1]:
        if message.get("role") == "tool" or chat.calls_of(message):
            yield Finding(index, "comes first and uses a tool")


def ids_have_nine_characters(sent: SentMessages) -> Iterator[Finding]:
    """The id of a call has nine characters of `a-z`, `A-Z` and `0-9` (tokenizers v3 to v11)."""
    for index, message in each(sent):
        ids = [call.get("id") for call in chat.calls_of(message)]
        if message.get("role") == "tool":
            ids.append(message.get("tool_call_id"))
        if any(not (isinstance(one, str) and _ID.fullmatch(one)) for one in ids):
            yield Finding(index, "has the id of a call that has not nine letters and digits")


def text_or_calls(sent: SentMessages) -> Iterator[Finding]:
    """A message of the assistant has either content or tool calls (tokenizers v1 to v3)."""
    for index, message in each(sent, "assistant"):
        if bool(message.get("content")) == bool(message.get("tool_calls")):
            yield Finding(index, "has both content and tool calls, or neither")


def content_is_there(sent: SentMessages) -> Iterator[Finding]:
    """A message of the system, the user or a tool has content."""
    for index, message in each(sent):
        if message.get("role") != "assistant" and message.get("content") is None:
            yield Finding(index, "has no content")


def content_is_text(sent: SentMessages) -> Iterator[Finding]:
    """Content is text, of a user also images (from tokenizer v3 on)."""
    for index, message in each(sent):
        content = message.get("content")
        allowed = {"text", "image_url"} if message.get("role") == "user" else {"text"}
        if isinstance(content, list):
            kinds = {text_of(part, "type") for part in dicts(content)}
            is_right = kinds <= allowed and len(dicts(content)) == len(content)
        else:
            is_right = content is None or isinstance(content, str)
        if not is_right:
            yield Finding(index, "has content of a kind that its role may not hold")


def thoughts_are_left_out(sent: SentMessages) -> Iterator[Finding]:
    """A message has no `reasoning_content` (tokenizers before v11)."""
    for index, message in each(sent):
        if message.get("reasoning_content"):
            yield Finding(index, "has `reasoning_content`")


def images_are_readable(sent: SentMessages) -> Iterator[Finding]:
    """An image is at an HTTP address, or inline as JPEG, PNG, GIF or WebP."""
    for index, message in each(sent, "user"):
        for part in dicts(message.get("content")):
            if part.get("type") == "image_url":
                image = part.get("image_url")
                url = image.get("url") if isinstance(image, dict) else image
                if problem := image_url_problem(url):
                    yield Finding(index, problem)


def tool_names_fit(sent: SentMessages) -> Iterator[Finding]:
    """The `name` of a tool's message has 1 to 64 characters of `a-z`, `A-Z`, `0-9`, `_`, `-`."""
    for index, message in each(sent, "tool"):
        name = message.get("name")
        if name is not None and not (isinstance(name, str) and chat.FUNCTION_NAME.fullmatch(name)):
            yield Finding(index, f"has the name {name!r}")


_VALIDATOR = Source("the validators of `mistral-common` 1.13.1", "2026-11-29")
_IMAGES = Source("https://docs.mistral.ai/capabilities/vision", "2026-11-29")

RULES = (
    Rule("INVALID_ROLE", roles_are_known, _VALIDATOR),
    Rule("ROLE_ORDER", roles_follow, _VALIDATOR),
    Rule("ROLE_ORDER", a_tool_is_not_used_first, _VALIDATOR),
    Rule("ORPHANED_TOOL_CALL", chat.calls_are_answered, _VALIDATOR),
    Rule("ORPHANED_TOOL_RESULT", chat.results_follow_calls, _VALIDATOR),
    Rule("DUPLICATE_TOOL_RESULT", chat.results_come_once, _VALIDATOR),
    Rule("ROLE_ORDER", chat.only_assistants_call, _VALIDATOR),
    Rule("INVALID_ID", ids_have_nine_characters, _VALIDATOR),
    Rule("INVALID_ID", chat.call_ids_differ, _VALIDATOR),
    Rule("INVALID_NAME", chat.function_names_fit, _VALIDATOR),
    Rule("INVALID_NAME", tool_names_fit, _VALIDATOR),
    Rule("INVALID_CONTENT", text_or_calls, _VALIDATOR),
    Rule("INVALID_REASONING", thoughts_are_left_out, _VALIDATOR),
    Rule("EMPTY_TURN", content_is_there, _VALIDATOR),
    Rule("INVALID_CONTENT", content_is_text, _VALIDATOR),
    Rule("INVALID_ATTACHMENT", images_are_readable, _IMAGES),
)
