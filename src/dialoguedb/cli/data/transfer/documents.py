"""The JSON documents of a file: as many as can be read, one by one."""

import json
import mmap
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import InvalidRequest

_SPACE = tuple(" \t\r\n")


class Unread(Struct):
    """What of a file was not read."""

    error: InvalidRequest | None = None
    lines: str | None = None
    """The numbers of the lines, such as `17-40`, where the file has lines."""


def documents_of(file: InputFile, unread: Unread) -> Iterator[tuple[int, Any]]:
    """Yield documents, each with the offset where it ends, until one cannot be read; notes why."""
    try:
        yield from _documents(file, unread)
    except InvalidRequest as error:
        unread.error = error


def _documents(file: InputFile, unread: Unread) -> Iterator[tuple[int, Any]]:
    """Yield the documents of a file, each with the offset where it ends.

    They are the elements of an array, the lines of JSONL, or the whole file; an array of messages
    is one document. Only one is in memory at a time.
    """
    with _opened(file) as opened:
        if file.path.stat().st_size == 0:
            return
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            try:
                if mapped[:64].lstrip()[:1] == b"[":
                    yield from _elements(mapped, file)
                else:
                    yield from _lines(mapped, file, unread)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise InvalidRequest(f"{file} is not JSON: {error}") from error


def _opened(file: InputFile) -> BinaryIO:
    try:
        return file.path.open("rb")
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}") from error


def _elements(mapped: mmap.mmap, file: InputFile) -> Iterator[tuple[int, Any]]:
    broken: list[InvalidRequest] = []
    try:
        raws: list[Any] = msgspec.json.decode(mapped, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raws = list(_whole_elements(bytes(mapped), file, broken))
    offset = 0
    if raws and _is_message(json_codec.decode(bytes(raws[0]), object)):
        yield len(mapped), [json_codec.decode(bytes(raw), object) for raw in raws]
    else:
        for raw in raws:
            offset += len(memoryview(raw))
            yield offset, json_codec.decode(bytes(raw), object)
    if broken:
        raise broken[0]


def _whole_elements(array: bytes, file: InputFile, broken: list[InvalidRequest]) -> Iterator[bytes]:
    """Yield the elements of an array that is cut off or damaged behind them; adds why."""
    text, decoder = array.decode("utf-8", "surrogateescape"), json.JSONDecoder()
    at, count = _behind_space(text, text.index("[") + 1), 0
    while True:
        try:
            _, end = decoder.raw_decode(text, at)
            yield text[at:end].encode()
        except (ValueError, RecursionError):
            why = f"is cut off or damaged in element {count + 1:,}, and nothing after it was read"
            broken.append(InvalidRequest(f"{file} {why}"))
            return
        count += 1
        at = _behind_space(text, end)
        at = _behind_space(text, at + 1) if text[at : at + 1] == "," else at


def _behind_space(text: str, at: int) -> int:
    while text[at : at + 1] in _SPACE and at < len(text):
        at += 1
    return at


def _lines(mapped: mmap.mmap, file: InputFile, unread: Unread) -> Iterator[tuple[int, Any]]:
    first = mapped.readline()
    try:
        document = json_codec.decode(first, object)
    except msgspec.DecodeError:
        yield len(mapped), json_codec.decode(bytes(mapped), object)
        return
    yield len(first), document
    offset, line = len(first), 1
    while raw := mapped.readline():
        offset, line = offset + len(raw), line + 1
        if not raw.strip():
            continue
        try:
            document = json_codec.decode(raw, object)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            is_cut = not raw.endswith(b"\n")
            why = "is cut off" if is_cut else f"is not JSON, and nothing after it was read: {error}"
            unread.lines = line_numbers(line, line + sum(1 for _ in iter(mapped.readline, b"")))
            raise InvalidRequest(f"Line {line} of {file} {why}") from error
        yield offset, document


def line_numbers(first: int, last: int) -> str:
    """Write the numbers of lines."""
    return str(first) if first == last else f"{first}-{last}"


def _is_message(document: Any) -> bool:
    return isinstance(document, dict) and ("role" in document or "type" in document)
