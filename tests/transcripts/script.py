"""What is said in a transcript: prompts, and the steps in which the model answers each of them."""

from typing import Literal

from msgspec import Struct


class Step(Struct, frozen=True):
    """One answer of the model: a text, and the commands that it wants to be run."""

    text: str = ""
    commands: tuple[str, ...] = ()
    ends: Literal["whole", "hanging", "cut"] = "whole"
    """Whether the stream stops in the middle of the text: for good, or once, to be asked again."""

    tokens: int = 0
    """How many tokens the model says it has read; as many as there are where it is 0."""


def halves(text: str) -> tuple[str, str]:
    """Return a text in the two pieces in which it is streamed."""
    middle = len(text) // 2
    return text[:middle], text[middle:]


TEA = "Where is the tea?"
BOTH = "Look for milk and sugar"
FULL = "Is the pot \u201cfull\u201d?\nSay it in one word \U0001f375"
WAIT = "Wait for the kettle"
TELL = "Tell me a story"
AGAIN = "Once more, please"
LONG = "Read the whole cookbook"
AFTER = "Which page was it?"
GO_ON = "Continue if you have next steps"
"""What opencode itself asks when it has compacted a session."""

OTHER = "And without sugar?"

TURNS = {
    TEA: (Step("I look for it.", ("echo tea is on the shelf",)), Step("On the shelf.")),
    BOTH: (
        Step("", ("sleep 1; echo milk is in the fridge", "echo sugar is in the jar")),
        Step("Fridge and jar."),
    ),
    FULL: (Step("Yes."),),
    WAIT: (Step("I wait.", ("touch reached; sleep 30; echo kettle",)), Step("It boils.")),
    TELL: (Step("Once upon a time there was a pot.", ends="hanging"),),
    AGAIN: (Step("Let me say it again from the start.", ends="cut"),),
    LONG: (Step("I read.", ("echo page after page",)), Step("I have read it.", tokens=160_000)),
    GO_ON: (Step("There is nothing more to do."),),
    AFTER: (Step("It was page seven."),),
    OTHER: (Step("I ask.", ("echo without is fine",)), Step("Without is fine.")),
}

BEFORE = TURNS[TEA][0].text
"""Something that the model said at first, and is not sent again when that was compacted."""

SUMMARY = "All about tea so far."
"""What the model answers when it is asked for something that is in no script, such as a title."""


def next_step(entries: list[tuple[str, str]]) -> tuple[str, int] | None:
    """Return which prompt is to be answered, and with which of its steps; None for anything else.

    Takes what a request repeats of the conversation: pairs of `user`, `assistant` or `result`,
    and a text. What was answered already is known from it, so that a repeated request gets the
    same answer. A program that compacts may leave out the last answer, which it keeps, and ask
    for a summary of what is before.
    """
    if entries and _wants_summary(*entries[-1]):
        return None
    for at in range(len(entries) - 1, -1, -1):
        kind, text = entries[at]
        prompts = [one for one in TURNS if one in text] if kind == "user" else []
        if prompts:  # a program may join one that was not answered with the next
            return _after(max(prompts, key=text.rfind), entries[at + 1 :])
    return None


def _wants_summary(kind: str, text: str) -> bool:
    is_script = any(prompt in text for prompt in TURNS)
    return kind == "user" and "summary" in text.lower() and not is_script


def _after(prompt: str, entries: list[tuple[str, str]]) -> tuple[str, int] | None:
    results = sum(kind == "result" for kind, _ in entries)
    spoken = [text.strip() for kind, text in entries if kind == "assistant"]
    for index, step in enumerate(TURNS[prompt]):
        if results < len(step.commands) or (not step.commands and step.text not in spoken):
            return prompt, index
        results -= len(step.commands)
    return None
