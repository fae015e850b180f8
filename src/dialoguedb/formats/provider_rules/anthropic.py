"""What Anthropic's Messages API refuses."""

import re
from collections.abc import Iterator

from dialoguedb.formats.provider_rules.anthropic_blocks import (
    SERVER_CALLS,
    THOUGHTS,
    blocks_of,
    first_of_turn,
    is_server_result,
)
from dialoguedb.formats.provider_rules.anthropic_content import CONTENT_RULES
from dialoguedb.formats.provider_rules.rule import (
    Finding,
    Rule,
    SentMessages,
    Source,
    each,
    text_of,
)

_ROLES = ("user", "assistant", "system")
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def roles_are_known(sent: SentMessages) -> Iterator[Finding]:
    """The role is `user` or `assistant`, or `system` behind a user's message."""
    before = ""
    for index, message in each(sent):
        role = text_of(message, "role")
        if role not in _ROLES:
            yield Finding(index, f"has the role {message.get('role')!r}")
        elif role == "system" and before != "user":
            yield Finding(index, "is the system's and does not follow a user's")
        before = role


def a_user_begins(sent: SentMessages) -> Iterator[Finding]:
    """The first message is a user's."""
    for index, message in list(each(sent))[:1]:
        if message.get("role") == "assistant":
            yield Finding(index, "begins the conversation and is the assistant's")


def uses_are_answered(sent: SentMessages) -> Iterator[Finding]:
    """Every `tool_use` has its `tool_result` in the user's message right behind it."""
    for turn in _turns(sent):
        used = {text_of(block, "id"): at for at, block in turn.before if _is(block, "tool_use")}
        answered = {
            text_of(block, "tool_use_id") for _, block in turn.blocks if _is(block, "tool_result")
        }
        for call_id, at in used.items():
            if call_id not in answered:
                yield Finding(at, f"uses a tool ({call_id!r}) whose result does not follow at once")


def results_answer_uses(sent: SentMessages) -> Iterator[Finding]:
    """Every `tool_result` answers a `tool_use` of the assistant's message right before it."""
    for turn in _turns(sent):
        used = {text_of(block, "id") for _, block in turn.before if _is(block, "tool_use")}
        for at, block in turn.blocks:
            call_id = text_of(block, "tool_use_id")
            if _is(block, "tool_result") and call_id not in used:
                yield Finding(at, f"answers {call_id!r}, which the message before does not use")


def results_come_once(sent: SentMessages) -> Iterator[Finding]:
    """Every `tool_use` has one `tool_result`."""
    for turn in _turns(sent):
        answered: set[str] = set()
        for at, block in turn.blocks:
            call_id = text_of(block, "tool_use_id")
            if _is(block, "tool_result") and call_id in answered:
                yield Finding(at, f"answers {call_id!r} once more")
            elif _is(block, "tool_result"):
                answered.add(call_id)


def results_stand_first(sent: SentMessages) -> Iterator[Finding]:
    """The `tool_result` blocks stand before all others of their message."""
    for turn in _turns(sent):
        other = False
        for at, block in turn.blocks:
            if _is(block, "tool_result") and other:
                yield Finding(at, "has the result of a tool behind something else")
            other = other or not _is(block, "tool_result")


def ids_differ(sent: SentMessages) -> Iterator[Finding]:
    """No two `tool_use` blocks have the same id."""
    known: set[str] = set()
    for index, message in each(sent):
        for block in blocks_of(message):
            call_id = text_of(block, "id")
            if _is(block, "tool_use") and call_id in known:
                yield Finding(index, f"uses the id {call_id!r} of another call")
            elif _is(block, "tool_use"):
                known.add(call_id)


def ids_fit(sent: SentMessages) -> Iterator[Finding]:
    """The id of a tool use has characters of `a-z`, `A-Z`, `0-9`, `_` and `-`."""
    for index, message in each(sent):
        for block in blocks_of(message):
            key = {"tool_use": "id", "tool_result": "tool_use_id"}.get(text_of(block, "type"))
            if key and not _ID.fullmatch(text_of(block, key)):
                yield Finding(index, f"has the id {block.get(key)!r} of a call")


def names_fit(sent: SentMessages) -> Iterator[Finding]:
    """The name of a tool has 1 to 128 characters of `a-z`, `A-Z`, `0-9`, `_` and `-`."""
    for index, message in each(sent):
        for block in blocks_of(message):
            if _is(block, "tool_use") and not _NAME.fullmatch(text_of(block, "name")):
                yield Finding(index, f"uses a tool by the name {block.get('name')!r}")


def server_tools_have_their_results(sent: SentMessages) -> Iterator[Finding]:
    """A `server_tool_use` or `mcp_tool_use` has its result in the same turn, or behind the results
    of the program's tools that the turn uses as well, unless the conversation ends before it; and a
    result of such a tool has its use.
    """
    waiting: dict[str, int] = {}
    turns = list(_turns(sent))[:-1]
    for turn in turns:
        uses = {text_of(b, "id"): at for at, b in turn.blocks if text_of(b, "type") in SERVER_CALLS}
        results = {text_of(b, "tool_use_id"): at for at, b in turn.blocks if is_server_result(b)}
        waiting |= uses
        for call_id in results.keys() - waiting.keys():
            yield Finding(results[call_id], f"has half of a server tool's use ({call_id!r})")
        waiting = {call_id: at for call_id, at in waiting.items() if call_id not in results}
        if turn is not turns[-1] and not _uses_tools(turn):
            for call_id, at in waiting.items():
                yield Finding(at, f"has half of a server tool's use ({call_id!r})")
            waiting = {}


def _uses_tools(turn: "_Turn") -> bool:
    """Tell whether a turn uses tools of the program, or has nothing but their results."""
    uses = any(_is(block, "tool_use") for _, block in turn.blocks)
    return uses or all(_is(block, "tool_result") for _, block in turn.blocks)


def thinking_begins_the_turn(sent: SentMessages) -> Iterator[Finding]:
    """While a tool is in use and thinking is on, the assistant's turn begins with thinking."""
    thinks = any(
        text_of(block, "type") in THOUGHTS for _, one in each(sent) for block in blocks_of(one)
    )
    first = first_of_turn(sent.messages)
    if not thinks or first is None:
        return
    begins = blocks_of(sent.messages[first])[:1]
    if any(text_of(block, "type") not in THOUGHTS for block in begins):
        yield Finding(first, "begins the turn that uses tools without thinking")


class _Turn:
    """The blocks of consecutive messages of one role, and those of the turn before."""

    def __init__(self, before: "list[tuple[int, dict[str, object]]]") -> None:
        self.before = before
        self.blocks: list[tuple[int, dict[str, object]]] = []


def _turns(sent: SentMessages) -> Iterator[_Turn]:
    """Yield the turns: Anthropic joins consecutive messages of a role. An empty one ends them."""
    turn, role = _Turn([]), None
    for index, message in each(sent):
        if message.get("role") != role:
            if role is not None:
                yield turn
            turn, role = _Turn(turn.blocks), message.get("role")
        turn.blocks += [(index, block) for block in blocks_of(message)]
    if role is not None:
        yield turn
    yield _Turn(turn.blocks)


def _is(block: dict[str, object], kind: str) -> bool:
    return block.get("type") == kind


_TYPES = Source("the types of `anthropic` 2.14.0", "2026-11-29")
_MESSAGES = Source(
    "https://platform.claude.com/docs/en/build-with-claude/working-with-messages", "2026-11-29"
)
_SYSTEM = Source(
    "https://platform.claude.com/docs/build-with-claude/mid-conversation-system-messages",
    "2026-11-29",
)
_TOOLS = Source(
    "https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use", "2026-11-29"
)
_SERVER_TOOLS = Source(
    "https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools", "2026-11-30"
)
_THINKING = Source(
    "https://platform.claude.com/docs/en/build-with-claude/extended-thinking", "2026-11-29"
)

RULES = (
    Rule("INVALID_ROLE", roles_are_known, _SYSTEM),
    Rule("ROLE_ORDER", a_user_begins, _MESSAGES),
    Rule("ORPHANED_TOOL_CALL", uses_are_answered, _TOOLS),
    Rule("ORPHANED_TOOL_RESULT", results_answer_uses, _TOOLS),
    Rule("DUPLICATE_TOOL_RESULT", results_come_once, _TOOLS),
    Rule("ROLE_ORDER", results_stand_first, _TOOLS),
    Rule("INVALID_ID", ids_differ, _TOOLS),
    Rule("INVALID_ID", ids_fit, _TYPES),
    Rule("INVALID_NAME", names_fit, _TOOLS),
    Rule("ORPHANED_TOOL_CALL", server_tools_have_their_results, _SERVER_TOOLS),
    Rule("INVALID_REASONING", thinking_begins_the_turn, _THINKING),
    *CONTENT_RULES,
)
