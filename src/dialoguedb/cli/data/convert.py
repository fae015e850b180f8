"""`dialoguedb convert`: messages of one API as those of another."""

import json
import sys
from collections.abc import Sequence
from typing import IO, Any, NamedTuple, get_args

import click

from dialoguedb.cli.examples import examples
from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.formats.transcoder import Converted, Convertible, convert

Json = dict[str, Any]

_SPELLINGS = get_args(Convertible)
_MESSAGES_KEYS = ("messages", "input", "contents")
_SYSTEM_KEYS = ("system", "instructions", "systemInstruction", "system_instruction")


class _Request(NamedTuple):
    messages: list[Json]
    system: str = ""
    is_lines: bool = False


@click.command(
    "convert",
    epilog=examples(
        (
            "A conversation with Claude for OpenAI's Responses API",
            "dialoguedb convert --from anthropic --to responses claude.json",
        ),
        (
            "One message a line, in a pipe",
            "cat chat.jsonl | dialoguedb convert --to gemini -",
        ),
    ),
)
@click.argument("file", type=click.File("rb"), metavar="FILE|-")
@click.option(
    "--from",
    "source",
    type=click.Choice([*_SPELLINGS, "auto"]),
    default="auto",
    help="Whose messages these are.  [default: told by each message]",
)
@click.option(
    "--to", "target", type=click.Choice(_SPELLINGS), required=True, help="Whose they are to be."
)
@click.option("--lossless", is_flag=True, help="Exit with 1 if anything is lost.")
def convert_command(file: IO[bytes], source: Any, target: Any, *, lossless: bool) -> None:
    """Convert messages of one API to those of another.

    FILE holds a JSON array of messages, a request with `messages`, `input` or `contents`, or one
    message a line; - is standard input. What is printed has the same form; a system prompt that
    the API takes apart makes it a request, or in lines a first message. No server is needed.

    What has no counterpart is told on stderr, part by part.
    """
    request = _request(file.read())
    converted = convert(request.messages, source, target, system=request.system)
    _print(converted, target, is_lines=request.is_lines)
    for loss in converted.losses:
        where = f"message {loss.index}" + ("" if loss.part is None else f", part {loss.part}")
        click.echo(f"{where}: {loss.kind}: {loss.why}", err=True)
    if lossless and converted.losses:
        sys.exit(1)


def _request(text: bytes) -> _Request:
    """Read what a file holds: an array, a request, a message, or messages in lines."""
    try:
        value = json.loads(text)
    except ValueError:
        lines = [_line(line) for line in text.splitlines() if line.strip()]
        return _Request(_objects(lines), is_lines=True)
    if isinstance(value, list):
        return _Request(_objects(value))
    key = next((key for key in _MESSAGES_KEYS if isinstance(value, dict) and key in value), None)
    if key is None:
        return _Request(_objects([value]))
    messages = value[key]
    if isinstance(messages, str):  # `input` may be just a text
        messages = [{"role": "user", "content": messages}]
    return _Request(_objects(messages), _system(value))


def _line(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise InvalidJSON(f"A line is not JSON: {error}") from None


def _objects(messages: Any) -> list[Json]:
    if isinstance(messages, list) and all(isinstance(one, dict) for one in messages):
        return messages
    raise InvalidRequest("Messages are objects, in an array or one a line")


def _system(request: Json) -> str:
    """Return the system prompt of a request: a text, blocks with texts, or a content."""
    found = next((request[key] for key in _SYSTEM_KEYS if request.get(key)), "")
    if isinstance(found, dict):
        found = found.get("parts")
    if isinstance(found, list):
        return "\n\n".join(str(one.get("text", "")) for one in found if isinstance(one, dict))
    return found if isinstance(found, str) else ""


def _print(converted: Converted, target: str, *, is_lines: bool) -> None:
    messages: Sequence[Json] = converted.messages
    if is_lines:
        first = [{"role": "system", "content": converted.system}] if converted.system else []
        for message in (*first, *messages):
            click.echo(json.dumps(message, ensure_ascii=False))
        return
    written: Any = messages
    if converted.system:
        written = _REQUESTS[target](converted.system, messages)
    click.echo(json.dumps(written, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


_REQUESTS: Any = {
    "responses": lambda system, items: {"instructions": system, "input": items},
    "anthropic": lambda system, messages: {"system": system, "messages": messages},
    "gemini": lambda system, contents: {
        "systemInstruction": {"parts": [{"text": system}]},
        "contents": contents,
    },
}
