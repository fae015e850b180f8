"""Checks of dialogues by the rules of providers, and their repair."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET, Struct, structs

from dialoguedb.formats.dialects import RenderRequest, render, write_alone
from dialoguedb.formats.outgoing.losses import Loss
from dialoguedb.formats.provider_fixes.refused import parts_of
from dialoguedb.formats.provider_fixes.repairs import Fixed, fix
from dialoguedb.formats.provider_rules.rule import Json, Provider
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.formats.provider_rules.stored import DIALECTS, StoredAsSent, as_sent
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import parse_turn, speaker_of
from dialoguedb.model.checks import Checked, CheckIssue, Repaired, RepairedPart
from dialoguedb.model.messages import Message, MessageFilter
from dialoguedb.model.projects import Project
from dialoguedb.ports import MessageStore
from dialoguedb.ports.context import ContextStore, Ending
from dialoguedb.service.context_window.history import History
from dialoguedb.service.context_window.plan import text_of
from dialoguedb.values import limits
from dialoguedb.values.lists import Window

_CHECKED_AT_ONCE = 500
_STRICT = frozenset({"mistral", "strict"})
"""The providers whose messages are written for strict chat templates."""

_CALL_IDS = ("tool_call_id", "tool_use_id", "call_id", "id")


class CheckService:
    """Checks what providers would refuse in dialogues, and repairs it."""

    def __init__(self, endings: ContextStore, messages: MessageStore) -> None:
        self._endings = endings
        self._messages = messages

    async def check(self, project: Project, namespace: str, dialogue_id: str) -> Checked:
        """Return what any provider would reject in a dialogue."""
        links = ToolLinker()
        after: tuple[str | int, ...] | None = None
        while True:
            page_window = Window(_CHECKED_AT_ONCE, "asc", after)
            found = await self._messages.list(
                project, namespace, dialogue_id, MessageFilter(), page_window
            )
            await asyncio.to_thread(_add_turns, links, found.value.items)
            after = found.value.more_after
            if after is None:
                break
        issues = [
            CheckIssue(code=one.code, message_id=one.message_id, message=one.message)
            for one in links.finish()
        ]
        return Checked(ok=not issues, issues=issues[: limits.CONTEXT_ISSUES_MAX])

    async def check_for(
        self, project: Project, namespace: str, dialogue_id: str, provider: Provider
    ) -> Checked:
        """Return what a provider would reject in a dialogue as it is."""
        ending = await self._read(project, namespace, dialogue_id)
        issues = await asyncio.to_thread(issues_of, provider, in_order(ending))
        return Checked(
            ok=not issues,
            issues=issues[: limits.CONTEXT_ISSUES_MAX],
            omitted=_omitted(ending),
        )

    async def repair(
        self, project: Project, namespace: str, dialogue_id: str, provider: Provider
    ) -> Repaired:
        """Return a dialogue's messages as a provider takes them."""
        ending = await self._read(project, namespace, dialogue_id)
        return await asyncio.to_thread(_repaired, provider, ending)

    async def _read(self, project: Project, namespace: str, dialogue_id: str) -> Ending:
        return await self._endings.read(project, namespace, dialogue_id, limits.CONTEXT_TOKENS_MAX)


def in_order(ending: Ending) -> list[Message]:
    """Return all messages that were read, oldest first."""
    read = {message.seq: message for message in (*ending.system, *ending.messages)}
    return sorted(read.values(), key=lambda message: (message.created, message.seq))


def issues_of(provider: Provider, messages: Sequence[Message]) -> list[CheckIssue]:
    """Return what a provider would reject in messages as they are, in their order."""
    stored = as_sent(provider, messages)
    found = sorted(_issues(provider, stored), key=lambda one: one[0])
    return list(dict.fromkeys(issue for _, issue in found))


def _issues(provider: Provider, stored: StoredAsSent) -> Iterator[tuple[int, CheckIssue]]:
    for rule, finding in findings(provider, stored.sent):
        issue = CheckIssue(
            code=rule.code,
            message=f"The messages {finding.problem}",
            rule=rule.name,
            source=rule.source.where,
        )
        if finding.at is not None:
            message_id = stored.ids[finding.at]
            issue = structs.replace(
                issue, message_id=message_id, message=f"Message '{message_id}' {finding.problem}"
            )
        yield (-1 if finding.at is None else finding.at), issue


class Repair(Struct, frozen=True):
    """Messages of a provider, and what was changed."""

    messages: list[Json]
    system: str
    changes: list[RepairedPart]


def repair(provider: Provider, ending: Ending) -> Repair:
    """Return messages that break no rule of a provider."""
    spoken = [one for one in ending.messages if speaker_of(one.role) != "system"]
    history = History.of(spoken, whole=ending.whole)
    system = filter(None, map(text_of, map(parse_turn, ending.system)))
    request = RenderRequest(
        dialect=DIALECTS[provider],
        system="\n\n".join(system),
        target="strict" if provider in _STRICT else "any",
    )
    rendered = render(history.turns, history.pairs, request)
    fixed = fix(provider, rendered.messages)
    opened = ["A user's message begins the conversation."] if rendered.opened else []
    notes = [RepairedPart(message=one) for one in dict.fromkeys((*opened, *fixed.changes))]
    losses = dict.fromkeys((*map(_change, rendered.losses), *_refused(provider, fixed, history)))
    return Repair(fixed.messages, rendered.system, [*losses, *notes])


def _refused(provider: Provider, fixed: Fixed, history: History) -> Iterator[RepairedPart]:
    """Yield what was left out, by the message that it is from."""
    found: dict[str, str] = {}
    for turn in history.turns if fixed.refused else ():
        for message in write_alone(turn, DIALECTS[provider]):
            found |= {key: turn.id for part in parts_of(message) for key in _keys(part)}
    for part in fixed.refused:
        kind = part.get("type") or part.get("role") or next(iter(part), "")
        problem = f"the provider would refuse its part {kind!r} in any case; it is left out"
        message_id = next((found[key] for key in _keys(part) if key in found), None)
        if message_id is None:
            yield RepairedPart(message=f"A message: {problem}")
        else:
            yield RepairedPart(message_id=message_id, message=f"Message '{message_id}': {problem}")


def _keys(part: Json) -> Iterator[str]:
    """Yield what a part is known by: all that it has, or else the id of its call."""
    yield json.dumps(_bare(part))
    yield from (part[key] for key in _CALL_IDS if isinstance(part.get(key), str) and part[key])


def _bare(value: Any) -> Any:
    """Return a part without ids and signatures, which may be others in a provider's messages."""
    if isinstance(value, list):
        return [*map(_bare, value)]
    if not isinstance(value, dict):
        return value
    return {
        key: _bare(item)
        for key, item in value.items()
        if not key.endswith("id") and key != "thoughtSignature"
    }


def _change(loss: Loss) -> RepairedPart:
    return RepairedPart(
        message_id=loss.message_id or UNSET,
        message=f"Message '{loss.message_id}': {loss.why}",
    )


def _repaired(provider: Provider, ending: Ending) -> Repaired:
    issues = issues_of(provider, in_order(ending))
    made = repair(provider, ending)
    return Repaired(
        ok=not issues,
        issues=issues[: limits.CONTEXT_ISSUES_MAX],
        repaired=made.changes[: limits.CONTEXT_ISSUES_MAX],
        messages=made.messages,
        system=made.system or UNSET,
        omitted=_omitted(ending),
    )


def _omitted(ending: Ending) -> int:
    return max(ending.total_messages - len(in_order(ending)), 0)


def _add_turns(links: ToolLinker, messages: Sequence[Message]) -> None:
    for message in messages:
        links.add(parse_turn(message))
