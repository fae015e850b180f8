"""Renders windows through chat templates as `transformers` does, and finds what is lost thereby.

As servers of open models do, arguments of calls are decoded to objects before. The tools that are
called are declared, and one that is not, as some templates insist on tools.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from transformers.utils.chat_template_utils import render_jinja_template

Json = dict[str, Any]

_SPECIAL_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "sep_token": "<sep>",
    "cls_token": "<cls>",
}


class RenderError(Exception):
    """A template refused messages; its text says why."""


class Prompt:
    """What a template makes of messages of the format `openai`; `RenderError` when it refuses."""

    def __init__(self, source: str, messages: Iterable[Json]) -> None:
        self.messages = [_with_objects(message) for message in messages]
        tools = declared_tools(self.messages)
        self.text = _rendered(source, self.messages, tools)
        self._tools_alone = ""
        system = [message for message in self.messages if message["role"] == "system"]
        with suppress(RenderError):
            self._tools_alone = _rendered(source, [*system, _NOTHING_CALLED], tools)

    def lost_texts(self) -> list[str]:
        """Return the lines of the system, the user and the assistant that are missing."""
        return self._missing(text_lines(m for m in self._spoken() if not is_list(m)))

    def lost_captions(self) -> list[str]:
        """Return the lines that stand beside pictures and are missing."""
        return self._missing(text_lines(m for m in self._spoken() if is_list(m)))

    def lost_results(self) -> list[str]:
        """Return the lines of results of tools that are missing."""
        results = (message for message in self.messages if message["role"] == "tool")
        return self._missing(text_lines(results))

    def lost_calls(self) -> list[str]:
        """Return the names of called tools and the values of arguments that are missing.

        A name must be there as often as it is called, not counting where tools are declared.
        """
        calls = [*_calls(self.messages)]
        counts = Counter(call["name"] for call in calls)
        lost = [name for name, count in counts.items() if self._count(name) < count]
        values = (value for call in calls for value in _leaves(call["arguments"]))
        return lost + self._missing(values)

    def _spoken(self) -> Iterator[Json]:
        return (message for message in self.messages if message["role"] != "tool")

    def _count(self, name: str) -> int:
        return self.text.count(name) - self._tools_alone.count(name)

    def _missing(self, lines: Iterable[str]) -> list[str]:
        return [line for line in lines if not is_in(line, self.text)]


_NOTHING_CALLED = {"role": "user", "content": "-"}


def _rendered(source: str, messages: list[Json], tools: list[Json]) -> str:
    try:
        rendered, _ = render_jinja_template(
            conversations=[messages],
            tools=tools,
            chat_template=source,
            add_generation_prompt=True,
            **_SPECIAL_TOKENS,
        )
    except Exception as error:
        raise RenderError(f"{type(error).__name__}: {error}") from error
    return str(rendered[0])


def _with_objects(message: Json) -> Json:
    """Decode the arguments of calls, and copy whatever a template could change."""
    copied: Json = json.loads(json.dumps(message))
    for call in copied.get("tool_calls") or ():
        with suppress(ValueError, TypeError, KeyError):  # a custom tool has a text
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return copied


def declared_tools(messages: Iterable[Json]) -> list[Json]:
    """Declare every tool that is called, and one more."""
    parameters: dict[str, dict[str, Json]] = {"get_phase_of_moon": {}}
    for call in _calls(messages):
        arguments = call["arguments"]
        known = parameters.setdefault(call["name"], {})
        if isinstance(arguments, dict):
            known |= {name: _schema(value) for name, value in arguments.items()}
    return [_declared(name, properties) for name, properties in parameters.items()]


def _declared(name: str, properties: dict[str, Json]) -> Json:
    schema: Json = {"type": "object", "properties": properties, "required": []}
    function = {"name": name, "description": "A tool.", "parameters": schema}
    return {"type": "function", "function": function}


def _schema(value: Any) -> Json:
    schema: Json = {"type": _TYPES.get(type(value), "string"), "description": "As in the call."}
    if isinstance(value, list):
        schema["items"] = _schema(value[0] if value else "")
    elif isinstance(value, dict):
        schema["properties"] = {name: _schema(item) for name, item in value.items()}
        schema["additionalProperties"] = _schema("")
    return schema


_TYPES = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def is_list(message: Json) -> bool:
    """Tell whether the content of a message is a list of parts, as beside pictures."""
    return isinstance(message.get("content"), list)


def text_lines(messages: Iterable[Json]) -> Iterator[str]:
    """Yield each line of text that is not blank."""
    for message in messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        for part in parts:
            if part.get("type") == "text":
                yield from lines_of(part["text"] or "")


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines that are not blank, without outer space."""
    yield from filter(None, map(str.strip, text.splitlines()))


def _calls(messages: Iterable[Json]) -> Iterator[Json]:
    for message in messages:
        for call in message.get("tool_calls") or ():
            custom = call.get("custom")
            called = {"name": custom["name"], "arguments": custom["input"]} if custom else None
            yield called or call["function"]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield from lines_of(value)
    else:
        yield json.dumps(value)


def is_in(line: str, rendered: str) -> bool:
    """Tell whether a prompt has a line, however it is quoted."""
    return any(spelling in rendered for spelling in _spellings(line))


def _spellings(line: str) -> Iterator[str]:
    """Yield a line as it is, as JSON in JSON, and as Python prints it."""
    yield line
    quoted = json.dumps(line, ensure_ascii=False)[1:-1]
    yield quoted
    yield json.dumps(quoted, ensure_ascii=False)[1:-1]
    yield json.dumps(line)[1:-1]
    yield repr(line)[1:-1]
    yield {"true": "True", "false": "False", "null": "None"}.get(line, line)
