"""Compares imported conversations with what was said."""

import json
from collections.abc import Sequence
from typing import Any

from tests.transcripts.situations import Event, Talk


def imported(exported: Sequence[str]) -> list[Talk]:
    """Return the conversations in lines of an export in the format `anthropic`."""
    return [_talk(json.loads(line)) for line in exported]


def _talk(conversation: dict[str, Any]) -> Talk:
    found: Talk = []
    if conversation.get("system"):
        found.append(Event("user", f"(system) {conversation['system']}"))
    commands: dict[str, str] = {}
    for message in conversation["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        found += [_event(message["role"], block, commands) for block in blocks]
    return found


def _event(role: Any, block: dict[str, Any], commands: dict[str, str]) -> Event:
    if block["type"] == "tool_use":
        given = block["input"]
        command = given.get("command") or given.get("cmd") or (given.get("commands") or [""])[0]
        commands[block["id"]] = command
        return Event("call", command)
    if block["type"] == "tool_result":
        command = commands.get(block["tool_use_id"], "a call that is not there")
        printed = command.rpartition("echo ")[2]
        is_right = printed in json.dumps(block.get("content"))
        return Event("result", command if is_right else f"{command}: {block.get('content')}")
    if block["type"] == "text":
        return Event(role, block["text"])
    return Event(role, f"({block['type']})")


def given(talk: Talk) -> list[dict[str, Any]]:
    """Return a conversation as messages of OpenAI's, each of whose calls stands alone."""
    found: list[dict[str, Any]] = []
    for index, event in enumerate(talk):
        if event.kind == "call":
            function = {"name": "look", "arguments": json.dumps({"command": event.text})}
            call = {"id": f"given_{index}", "type": "function", "function": function}
            found.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif event.kind == "result":
            call_id = found[-1]["tool_calls"][0]["id"]
            text = event.text.rpartition("echo ")[2]
            found.append({"role": "tool", "tool_call_id": call_id, "content": text})
        else:
            found.append({"role": event.kind, "content": event.text})
    return found


def difference(expected: list[Talk], found: list[Talk]) -> tuple[list[str], list[str]]:
    """Return what is wrong, and what was kept of interrupted turns, in sentences."""
    wrong: list[str] = []
    kept: list[str] = []
    if len(expected) != len(found):
        wrong.append(f"{len(found)} conversations, not {len(expected)}")
    rest = sorted(found, key=len)
    for talk in sorted(expected, key=len):
        if rest:
            _compare(talk, rest.pop(0), wrong, kept)
    return wrong, kept


def _compare(expected: Talk, found: Talk, wrong: list[str], kept: list[str]) -> None:
    at = 0
    for event in expected:
        one = found[at] if at < len(found) else None
        if one and one.kind == event.kind and _is_of(one, event):
            at += 1
            if not event.is_certain:
                is_whole = one.text == event.text and not event.is_half
                kept.append(f"{event.kind}{'' if is_whole else ' in part'}")
        elif event.is_certain:
            wrong.append(f"for {event.kind} {event.text!r} there is {_shown(one)}")
            return
    wrong += [f"too much: {_shown(one)}" for one in found[at:]]


def _is_of(found: Event, event: Event) -> bool:
    if event.is_certain or event.is_half or event.kind == "user":
        return found.text == event.text
    if event.kind == "result":
        return found.text.startswith(event.text)
    return bool(found.text) and event.text.startswith(found.text)


def _shown(one: Event | None) -> str:
    return f"{one.kind} {one.text!r}" if one else "nothing"
