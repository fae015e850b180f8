"""What the Gemini API refuses, with the models of Gemini 3."""

import re
from collections.abc import Iterator, Sequence

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

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
_DATA = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
_SNAKE = {re.sub("([A-Z])", r"_\1", key).lower(): key for key in (*_DATA, "thoughtSignature")}


def member(part: Json, key: str) -> object:
    """Return a member of a part by its name in camel case, whichever case it is spelled in."""
    snake = next(snake for snake, camel in _SNAKE.items() if camel == key)
    return part.get(key, part.get(snake))


def parts_of(content: Json) -> list[Json]:
    """Return the parts of a content."""
    return dicts(content.get("parts"))


def _of_kind(content: Json, key: str) -> list[Json]:
    found = [member(part, key) for part in parts_of(content)]
    return [one for one in found if isinstance(one, dict)]


def roles_are_known(sent: SentMessages) -> Iterator[Finding]:
    """The role is `user` or `model`; left out, it is `user`."""
    for index, content in each(sent):
        if content.get("role", "user") not in ("user", "model"):
            yield Finding(index, f"has the role {content.get('role')!r}")


def a_user_begins(sent: SentMessages) -> Iterator[Finding]:
    """The first content is a user's."""
    for index, content in list(each(sent))[:1]:
        if content.get("role") == "model":
            yield Finding(index, "begins the conversation and is the model's")


def roles_alternate(sent: SentMessages) -> Iterator[Finding]:
    """The user and the model take turns."""
    before = None
    for index, content in each(sent):
        role = content.get("role", "user")
        if role == before:
            yield Finding(index, f"of role {role!r} comes after one of the same role")
        before = role


def calls_are_answered(sent: SentMessages) -> Iterator[Finding]:
    """A content with function calls is followed by one with as many function responses."""
    for index, content, answer in with_next(sent):
        calls = _of_kind(content, "functionCall")
        if len(calls) > len(_of_kind(answer, "functionResponse")):
            yield Finding(index, "calls functions whose responses do not follow at once")


def responses_follow_calls(sent: SentMessages) -> Iterator[Finding]:
    """A content with function responses follows one with as many function calls."""
    calls: list[Json] = []
    for index, content in each(sent):
        if len(_of_kind(content, "functionResponse")) > len(calls):
            yield Finding(index, "responds to functions that the content before does not call")
        calls = _of_kind(content, "functionCall")


def responses_name_their_calls(sent: SentMessages) -> Iterator[Finding]:
    """A function response has the name, and the id if there is one, of a call before it."""
    called: list[tuple[str, str]] = []
    for index, content in each(sent):
        for response in _of_kind(content, "functionResponse"):
            ref = (text_of(response, "name"), text_of(response, "id"))
            if called and ref not in called:
                yield Finding(index, f"responds to {ref[0]!r}, which is not called before")
        called = [
            (text_of(call, "name"), text_of(call, "id"))
            for call in _of_kind(content, "functionCall")
        ]


def the_user_calls_no_function(sent: SentMessages) -> Iterator[Finding]:
    """Function calls are the model's, function responses the user's."""
    for index, content in each(sent):
        key = "functionResponse" if content.get("role") == "model" else "functionCall"
        if _of_kind(content, key):
            yield Finding(index, f"has a {key} in the other's role")


def steps_are_signed(sent: SentMessages) -> Iterator[Finding]:
    """The first function call of each step of the current turn has its `thoughtSignature`."""
    for index in range(current_turn(sent.messages), len(sent.messages)):
        content = sent.messages[index]
        calls = [one for one in parts_of(content) if isinstance(member(one, "functionCall"), dict)]
        if calls and not member(calls[0], "thoughtSignature"):
            yield Finding(index, "calls a function without the signature of the thoughts before")


def current_turn(contents: Sequence[Json]) -> int:
    """Return where the current turn begins: at the user's last content that is no response."""
    for index in range(len(contents) - 1, -1, -1):
        content = contents[index]
        is_user = content.get("role", "user") == "user"
        if is_user and not _of_kind(content, "functionResponse"):
            return index
    return 0


def parts_are_there(sent: SentMessages) -> Iterator[Finding]:
    """A content has parts, and each part has one kind of data; a text is not empty."""
    for index, content in each(sent):
        parts = content.get("parts")
        whole = isinstance(parts, list) and parts and len(dicts(parts)) == len(parts)
        if not whole or any(not is_whole(part) for part in parts_of(content)):
            yield Finding(index, "has no parts, or one without data")


def is_whole(part: Json) -> bool:
    """Return whether a part has one kind of data."""
    kinds = [key for key in _DATA if member(part, key) is not None]
    if kinds == ["text"]:
        text = part.get("text")
        return isinstance(text, str) and bool(text or member(part, "thoughtSignature"))
    return len(kinds) == 1 and isinstance(member(part, kinds[0]), dict)


def names_fit(sent: SentMessages) -> Iterator[Finding]:
    """The name of a function begins with a letter or `_` and has at most 128 characters of `a-z`,
    `A-Z`, `0-9`, `_`, `.`, `:` and `-`.
    """
    for index, content in each(sent):
        for used in (
            *_of_kind(content, "functionCall"),
            *_of_kind(content, "functionResponse"),
        ):
            if not _NAME.fullmatch(text_of(used, "name")):
                yield Finding(index, f"has the name {used.get('name')!r} of a function")


def values_are_objects(sent: SentMessages) -> Iterator[Finding]:
    """The `args` of a function call and the `response` to it are JSON objects."""
    for index, content in each(sent):
        args = [one.get("args", {}) for one in _of_kind(content, "functionCall")]
        responses = [one.get("response") for one in _of_kind(content, "functionResponse")]
        if any(not isinstance(value, dict) for value in (*args, *responses)):
            yield Finding(index, "has arguments or a response that are no object")


_TYPES = Source("the types of `google-genai` 3.6.1", "2026-11-29")
_CALLING = Source("https://ai.google.dev/gemini-api/docs/function-calling", "2026-11-29")
_SIGNATURES = Source("https://ai.google.dev/gemini-api/docs/thought-signatures", "2026-11-29")
_REPORTED = Source("https://github.com/NousResearch/hermes-agent/issues/55125", "2026-11-29")
_API = Source("https://ai.google.dev/api/caching#Content", "2026-11-29")

RULES = (
    Rule("INVALID_ROLE", roles_are_known, _TYPES),
    Rule("ROLE_ORDER", a_user_begins, _CALLING),
    Rule("ROLE_ORDER", roles_alternate, _REPORTED),
    Rule("ORPHANED_TOOL_CALL", calls_are_answered, _CALLING),
    Rule("ORPHANED_TOOL_RESULT", responses_follow_calls, _CALLING),
    Rule("ORPHANED_TOOL_RESULT", responses_name_their_calls, _CALLING),
    Rule("ROLE_ORDER", the_user_calls_no_function, _CALLING),
    Rule("MISSING_SIGNATURE", steps_are_signed, _SIGNATURES),
    Rule("EMPTY_TURN", parts_are_there, _API),
    Rule("INVALID_NAME", names_fit, _API),
    Rule("INVALID_CONTENT", values_are_objects, _TYPES),
)
