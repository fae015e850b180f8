"""Rules about chat messages that several providers share."""

import re
from collections.abc import Iterator

from dialoguedb.formats.provider_rules.rule import (
    Finding,
    Json,
    SentMessages,
    dicts,
    each,
    text_of,
)

FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def calls_of(message: Json) -> list[Json]:
    """Return the tool calls of a message."""
    return dicts(message.get("tool_calls"))


def called(call: Json) -> Json:
    """Return what a call is of: its function, or the custom tool."""
    inside = call.get("function", call.get("custom"))
    return inside if isinstance(inside, dict) else {}


def calls_are_answered(sent: SentMessages) -> Iterator[Finding]:
    """Every tool call is answered by a message of role `tool` right behind its message."""
    open_calls: dict[str, int] = {}
    for index, message in [*each(sent), (len(sent.messages), {})]:
        if message.get("role") == "tool":
            open_calls.pop(text_of(message, "tool_call_id"), None)
            continue
        for call_id, at in open_calls.items():
            yield Finding(at, f"calls a tool ({call_id!r}) whose result does not follow at once")
        open_calls = {text_of(call, "id"): index for call in calls_of(message)}


def results_follow_calls(sent: SentMessages) -> Iterator[Finding]:
    """Every message of role `tool` follows the message whose call it answers."""
    calls: set[str] = set()
    for index, message in each(sent):
        if message.get("role") != "tool":
            calls = {text_of(call, "id") for call in calls_of(message)}
        elif (call_id := text_of(message, "tool_call_id")) not in calls:
            yield Finding(index, f"answers {call_id!r}, which the message before does not call")


def results_come_once(sent: SentMessages) -> Iterator[Finding]:
    """Every tool call has one result."""
    answered: set[str] = set()
    for index, message in each(sent):
        call_id = text_of(message, "tool_call_id")
        if message.get("role") != "tool":
            answered = set()
        elif call_id in answered:
            yield Finding(index, f"answers {call_id!r} once more")
        else:
            answered.add(call_id)


def call_ids_differ(sent: SentMessages) -> Iterator[Finding]:
    """The tool calls of one message have ids of their own."""
    for index, message in each(sent):
        ids = [text_of(call, "id") for call in calls_of(message)]
        if "" in ids:
            yield Finding(index, "calls a tool without an id")
        elif len(set(ids)) < len(ids):
            yield Finding(index, "uses the id of a call twice")


def function_names_fit(sent: SentMessages) -> Iterator[Finding]:
    """The name of a function has 1 to 64 characters of `a-z`, `A-Z`, `0-9`, `_` and `-`."""
    for index, message in each(sent):
        for call in calls_of(message):
            name = called(call).get("name")
            if not (isinstance(name, str) and FUNCTION_NAME.fullmatch(name)):
                yield Finding(index, f"calls a tool by the name {name!r}")


def arguments_are_text(sent: SentMessages) -> Iterator[Finding]:
    """The arguments of a function, and the input of a custom tool, are a string."""
    for index, message in each(sent):
        for call in calls_of(message):
            inside = called(call)
            if not isinstance(inside.get("arguments", inside.get("input")), str):
                yield Finding(index, "calls a tool with arguments that are no string")


def only_assistants_call(sent: SentMessages) -> Iterator[Finding]:
    """Only a message of the assistant has tool calls."""
    for index, message in each(sent):
        if message.get("tool_calls") and message.get("role") != "assistant":
            yield Finding(index, "has tool calls and is not the assistant's")


def calls_are_some(sent: SentMessages) -> Iterator[Finding]:
    """The `tool_calls` of a message, if it has them, are an array of at least one."""
    for index, message in each(sent):
        if "tool_calls" in message and not calls_of(message):
            yield Finding(index, "has `tool_calls` without a call")
