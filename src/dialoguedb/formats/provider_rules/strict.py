"""What the strictest chat templates of open models refuse, or drop without a word."""

import json
from collections.abc import Iterator

from dialoguedb.formats.provider_rules import chat
from dialoguedb.formats.provider_rules.rule import (
    Finding,
    Rule,
    SentMessages,
    Source,
    dicts,
    each,
    text_of,
)

_ROLES = ("system", "user", "assistant", "tool")


def roles_are_known(sent: SentMessages) -> Iterator[Finding]:
    """The role is `system`, `user`, `assistant` or `tool`."""
    for index, message in each(sent):
        if message.get("role") not in _ROLES:
            yield Finding(index, f"has the role {message.get('role')!r}")


def the_system_speaks_first(sent: SentMessages) -> Iterator[Finding]:
    """There is one message of the system at most, and it is the first."""
    for index, _ in each(sent, "system"):
        if index > 0:
            yield Finding(index, "is the system's and not the first")


def a_user_begins(sent: SentMessages) -> Iterator[Finding]:
    """The first message that is not the system's is a user's."""
    spoken = [(index, one) for index, one in each(sent) if one.get("role") != "system"]
    for index, message in spoken[:1]:
        if message.get("role") != "user":
            yield Finding(index, "begins the conversation and is not a user's")


def turns_alternate(sent: SentMessages) -> Iterator[Finding]:
    """The user and the assistant take turns; results of tools belong to the assistant's turn, which
    goes on behind them.
    """
    before = ""
    for index, message in each(sent):
        role = text_of(message, "role")
        if role in {"user", "assistant"} and before == role:
            yield Finding(index, f"of role {role!r} comes after one of the same role")
        if role == "user" and before == "tool":
            yield Finding(index, "of role 'user' comes after the result of a tool")
        before = role


def content_is_a_string(sent: SentMessages) -> Iterator[Finding]:
    """Content is a string, an empty one beside tool calls; of a user also an array that shows an
    image.
    """
    for index, message in each(sent):
        content = message.get("content")
        kinds = {text_of(part, "type") for part in dicts(content)}
        shows = message.get("role") == "user" and "image_url" in kinds
        if not isinstance(content, str) and not (shows and kinds <= {"text", "image_url"}):
            yield Finding(index, "has content that is no string")


def somebody_says_something(sent: SentMessages) -> Iterator[Finding]:
    """A message of the system, the user, or the assistant without calls is not empty."""
    for index, message in each(sent):
        content = message.get("content")
        is_empty = isinstance(content, str) and not content.strip()
        if is_empty and message.get("role") != "tool" and not chat.calls_of(message):
            yield Finding(index, "says nothing")


def arguments_are_objects(sent: SentMessages) -> Iterator[Finding]:
    """The arguments of a call are a JSON object, or its text."""
    for index, message in each(sent):
        for call in chat.calls_of(message):
            if not _is_object(chat.called(call).get("arguments")):
                yield Finding(index, "calls a tool with arguments that are no JSON object")


def _is_object(arguments: object) -> bool:
    if isinstance(arguments, str):
        try:
            return isinstance(json.loads(arguments), dict)
        except (ValueError, RecursionError):
            return False
    return isinstance(arguments, dict)


_TEMPLATES = Source("chat templates in the sources of `llama-cpp-python` and `vllm`", "2026-11-29")

RULES = (
    Rule("INVALID_ROLE", roles_are_known, _TEMPLATES),
    Rule("ROLE_ORDER", the_system_speaks_first, _TEMPLATES),
    Rule("ROLE_ORDER", a_user_begins, _TEMPLATES),
    Rule("ROLE_ORDER", turns_alternate, _TEMPLATES),
    Rule("ORPHANED_TOOL_CALL", chat.calls_are_answered, _TEMPLATES),
    Rule("ORPHANED_TOOL_RESULT", chat.results_follow_calls, _TEMPLATES),
    Rule("DUPLICATE_TOOL_RESULT", chat.results_come_once, _TEMPLATES),
    Rule("ROLE_ORDER", chat.only_assistants_call, _TEMPLATES),
    Rule("INVALID_ID", chat.call_ids_differ, _TEMPLATES),
    Rule("INVALID_NAME", chat.function_names_fit, _TEMPLATES),
    Rule("INVALID_CONTENT", content_is_a_string, _TEMPLATES),
    Rule("EMPTY_TURN", somebody_says_something, _TEMPLATES),
    Rule("INVALID_CONTENT", arguments_are_objects, _TEMPLATES),
)
