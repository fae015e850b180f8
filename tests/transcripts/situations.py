"""What a program is put through, and what is said by then."""

from typing import Literal

from msgspec import Struct

from tests.transcripts.script import (
    AFTER,
    AGAIN,
    BOTH,
    FULL,
    GO_ON,
    LONG,
    OTHER,
    TEA,
    TELL,
    TURNS,
    WAIT,
    halves,
)

How = Literal["new", "resume", "fork", "compact", "given", "take over"]
"""`given` is a conversation of another program, and `take over` goes on with it after a
`dialoguedb resume`."""


class Ask(Struct, frozen=True):
    """One run of a program."""

    how: How
    prompt: str = ""
    is_interrupted: bool = False

    @property
    def is_broken(self) -> bool:
        """Whether the turn is interrupted, or its stream breaks."""
        return self.is_interrupted or any(one.ends == "cut" for one in TURNS.get(self.prompt, ()))


SITUATIONS: dict[str, list[Ask]] = {
    "one tool": [Ask("new", TEA)],
    "parallel calls": [Ask("new", BOTH)],
    "resume, the same twice": [
        Ask("new", TEA),
        Ask("resume", FULL),
        Ask("resume", FULL),
        Ask("resume", BOTH),
    ],
    "interrupted command, then resume": [
        Ask("new", WAIT, is_interrupted=True),
        Ask("resume", AFTER),
    ],
    "interrupted answer, then resume": [
        Ask("new", TEA),
        Ask("resume", TELL, is_interrupted=True),
        Ask("resume", AFTER),
    ],
    "answer cut, and asked again": [Ask("new", AGAIN), Ask("resume", AFTER)],
    "fork": [Ask("new", TEA), Ask("fork", OTHER), Ask("resume", AFTER)],
    "compaction": [Ask("new", TEA), Ask("resume", LONG), Ask("compact"), Ask("resume", AFTER)],
    "taken over from elsewhere": [Ask("given", TEA), Ask("take over", AFTER)],
}


class Event(Struct, frozen=True):
    """Something that somebody said or did."""

    kind: Literal["user", "assistant", "call", "result"]
    text: str
    """Of a call its command; of a result that, too, which its tie says."""

    is_certain: bool = True
    """Whether it has to be there; what was interrupted or cut may be missing, or a part of it."""

    is_half: bool = False
    """Whether it is what came before a stream broke."""


Talk = list[Event]


def expected_of(asks: list[Ask]) -> list[Talk]:
    """Return the conversations that are to be there in the end."""
    talks: list[Talk] = []
    for ask in asks:
        if ask.how in {"new", "given"}:
            talks.append([])
        elif ask.how in {"fork", "take over"}:
            talks.append(list(talks[-1]))
        if ask.how == "compact":
            talks[-1] += [Event("assistant", step.text, is_certain=False) for step in TURNS[GO_ON]]
        else:
            talks[-1] += _turn(ask)
    return talks


def _turn(ask: Ask) -> Talk:
    found = [Event("user", ask.prompt, not ask.is_interrupted)]
    for step in TURNS[ask.prompt]:
        is_certain = not ask.is_interrupted and step.ends == "whole"
        if step.ends == "cut":  # and then sent again
            found.append(Event("assistant", halves(step.text)[0], is_certain, is_half=True))
        if step.text:
            found.append(Event("assistant", step.text, is_certain))
        found += [Event("call", one, is_certain) for one in step.commands]
        found += [Event("result", one, is_certain) for one in step.commands]
        if ask.is_interrupted:
            break
    return found
