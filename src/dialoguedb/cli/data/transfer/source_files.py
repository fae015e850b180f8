"""Files to import: the format of each, and its lines."""

import mmap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from dialoguedb.cli.data.transfer import chatgpt, claude, locomo, openai
from dialoguedb.cli.data.transfer import lines as own_format
from dialoguedb.cli.data.transfer.lines import DialogueLine, InputFile, Line
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import DialogueDBError, InvalidRequest

_SUFFIXES = (".json", ".jsonl")


class _Format(Struct):
    """How a format is recognised, and how its documents become lines."""

    recognises: Callable[[Any], bool]
    lines: Callable[[Any], Iterator[Line]]


_OTHER_FORMATS = {
    chatgpt.NAME: _Format(chatgpt.recognises, chatgpt.lines),
    claude.NAME: _Format(claude.recognises, claude.lines),
    locomo.NAME: _Format(locomo.recognises, locomo.lines),
    openai.CHAT: _Format(openai.recognises_chat, openai.chat_lines),
    openai.RESPONSES: _Format(openai.recognises_responses, openai.responses_lines),
}
FORMATS = (own_format.FORMAT, *_OTHER_FORMATS)

Read = Callable[[int], None]
"""Takes the position of bytes of a file that were read."""


def files_of(file: InputFile) -> list[InputFile]:
    """Return a file itself, or those of a directory that may be imported."""
    if not file.path.is_dir():
        return [file]
    found = [one for one in sorted(file.path.iterdir()) if one.suffix.lower() in _SUFFIXES]
    if not found:
        raise InvalidRequest(f"{file} has no file that ends in {' or '.join(_SUFFIXES)}")
    return [InputFile(one, str(one)) for one in found]


def format_of(file: InputFile) -> str | None:
    """Return the format of a file, by what its first document looks like; None when unknown."""
    first = next(_documents(file), None)
    if first is None:
        return None
    document = first[1]
    if own_format.is_header(document):
        return own_format.FORMAT
    return next((name for name, one in _OTHER_FORMATS.items() if one.recognises(document)), None)


Fail = Callable[[str, DialogueDBError], None]
"""Takes what could not be imported, and why."""


def lines_of(file: InputFile, format_name: str, read: Read, fail: Fail) -> Iterator[Line]:
    """Yield the content of a file as lines; calls `fail` when some of it is missing."""
    if format_name == own_format.FORMAT:
        check = own_format.CompletenessCheck(file.path)
        for offset, line in own_format.read_file(file):
            read(offset)
            check.count(line)
            yield line
        if problem := check.problem():
            fail(f"what {file} lacks", InvalidRequest(problem))
        return
    counts: dict[str, int] = {}
    for position, (offset, document) in enumerate(_documents(file), start=1):
        try:
            converted = _converted(document, format_name)
        except InvalidRequest as error:
            fail(f"conversation {position} of {file}", error)
        else:
            yield from _with_unique_ids(converted, counts)
        read(offset)


def _converted(document: Any, format_name: str) -> list[Line]:
    """Return a conversation as lines; InvalidRequest when some of it cannot be read."""
    chosen = _OTHER_FORMATS[format_name]
    if not chosen.recognises(document):
        raise InvalidRequest(f"It is not of the format {format_name}")
    try:
        return list(chosen.lines(document))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidRequest(f"It is not as the format {format_name} has it: {error!r}") from error


def _with_unique_ids(found: Iterable[Line], counts: dict[str, int]) -> Iterator[Line]:
    """Give dialogues with equal ids different ones, the same in every run."""
    for line in found:
        if isinstance(line, DialogueLine):
            counts[line.id] = counts.get(line.id, 0) + 1
            if counts[line.id] > 1:
                line.id = f"{line.id}-{counts[line.id]}"
        yield line


def _documents(file: InputFile) -> Iterator[tuple[int, Any]]:
    """Yield the documents of a file, each with the offset where it ends.

    They are the elements of an array, the lines of JSONL, or the whole file; an array of messages
    is one document. Only one is in memory at a time.
    """
    with file.path.open("rb") as opened:
        if file.path.stat().st_size == 0:
            return
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            try:
                if mapped[:64].lstrip()[:1] == b"[":
                    yield from _elements(mapped)
                else:
                    yield from _lines(mapped)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise InvalidRequest(f"{file} is not JSON: {error}") from error


def _elements(mapped: mmap.mmap) -> Iterator[tuple[int, Any]]:
    raws = msgspec.json.decode(mapped, type=list[msgspec.Raw])
    offset = 0
    if raws and _is_message(json_codec.decode(bytes(raws[0]), object)):
        yield len(mapped), [json_codec.decode(bytes(raw), object) for raw in raws]
        return
    for raw in raws:
        offset += len(memoryview(raw))
        yield offset, json_codec.decode(bytes(raw), object)


def _lines(mapped: mmap.mmap) -> Iterator[tuple[int, Any]]:
    first = mapped.readline()
    try:
        document = json_codec.decode(first, object)
    except msgspec.DecodeError:
        yield len(mapped), json_codec.decode(bytes(mapped), object)
        return
    yield len(first), document
    offset = len(first)
    while raw := mapped.readline():
        offset += len(raw)
        if raw.strip():
            yield offset, json_codec.decode(raw, object)


def _is_message(document: Any) -> bool:
    return isinstance(document, dict) and ("role" in document or "type" in document)
