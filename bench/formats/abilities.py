"""What a chat template can carry at all, by hand-made messages in the plainest spelling."""

from dataclasses import dataclass, fields

from bench.formats.rendering import Json, Prompt, RenderError

_CALL = {"name": "tide_table", "arguments": {"harbour": "Whitby"}}
_USER: Json = {"role": "user", "content": "When is low tide?"}
_CALLING: Json = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "call00001", "type": "function", "function": _CALL}],
}
_RESULT: Json = {
    "role": "tool",
    "name": "tide_table",
    "tool_call_id": "call00001",
    "content": "at ten past six",
}
_ANSWER = {"role": "assistant", "content": "Ten past six."}
_THANKS = {"role": "user", "content": "Thank you."}
_SYSTEM = {"role": "system", "content": "You watch the sea."}
_TOOLS = [_USER, _CALLING, _RESULT, _ANSWER, _THANKS]
_PICTURE: Json = {
    "role": "user",
    "content": [
        {"type": "text", "text": "Which boat is this?"},
        {"type": "image_url", "image_url": {"url": "https://harbour.example/boat.jpg"}},
    ],
}


@dataclass(frozen=True)
class Abilities:
    """What a template renders without an error and without a loss."""

    users: bool
    """One message of a user: without that, it takes what only its own program passes."""

    turns: bool
    """Turns of a user and of an assistant."""

    system: bool
    """A system message, before a user's message and in a run of calls."""

    calls: bool
    """The name and the arguments of a call, and no error for its result."""

    results: bool
    pictures: bool
    """The text beside a picture: content as a list of parts."""

    @property
    def lacking(self) -> list[str]:
        """Name what the template cannot carry."""
        return [one.name for one in fields(self) if not getattr(self, one.name)]


def abilities_of(source: str) -> Abilities:
    """Try what a template can carry."""
    tools = _prompt(source, _TOOLS)
    return Abilities(
        users=_carries(source, [_USER]),
        turns=_carries(source, [_USER, _ANSWER, _THANKS]),
        system=_carries(source, [_SYSTEM, _USER]) and _carries_system(source),
        calls=tools is not None and not tools.lost_calls(),
        results=tools is not None and not tools.lost_results(),
        pictures=_carries(source, [_PICTURE]),
    )


def _carries_system(source: str) -> bool:
    """Tell whether a run of calls does not lose the system message; without calls nothing does."""
    prompt = _prompt(source, [_SYSTEM, _USER, _CALLING, _RESULT])
    return prompt is None or not prompt.lost_texts()


def _carries(source: str, messages: list[Json]) -> bool:
    prompt = _prompt(source, messages)
    return prompt is not None and not prompt.lost_texts() + prompt.lost_captions()


def _prompt(source: str, messages: list[Json]) -> Prompt | None:
    try:
        return Prompt(source, messages)
    except RenderError:
        return None
