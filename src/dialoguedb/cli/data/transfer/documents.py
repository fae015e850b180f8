"""The JSON documents of a file: as many as can be read, one by one."""

import json
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any

import msgspec
from msgspec import Struct

from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import InvalidRequest

_SPACE = tuple(" \t\r\n")
_SPACE_MAX = 64
_BEHIND_ELEMENTS = {",", "]", ""}
_MAPPED_BYTES_MIN = 64 * 1024 * 1024


class Unread(Struct):
    """What of a file was not read."""

    error: InvalidRequest | None = None
    lines: str | None = None
    """The numbers of the lines, such as `17-40`, where the file has lines."""

    is_partial: bool = False
    """Whether the one document is an object that lacks its end."""


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
        try:
            if opened.peek(_SPACE_MAX)[:_SPACE_MAX].lstrip()[:1] == b"[":
                with _content(opened) as content:
                    yield from _elements(content, file)
            elif opened.peek(1):
                yield from _lines(opened, file, unread)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"{file} is not JSON: {error}") from error


def _opened(file: InputFile) -> BufferedReader:
    try:
        return file.path.open("rb")
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}") from error


@contextmanager
def _content(opened: BufferedReader) -> Iterator[bytes | mmap.mmap]:
    """Yield what a file holds; in memory unless it is large.

    A program may cut a file that it writes again, and whoever reads what was mapped of it then
    is killed. Files that programs write again are not large, and large exports are not cut.
    """
    if os.fstat(opened.fileno()).st_size <= _MAPPED_BYTES_MIN:
        yield opened.read()
        return
    with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


def _elements(mapped: bytes | mmap.mmap, file: InputFile) -> Iterator[tuple[int, Any]]:
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
    while not (text[at : at + 1] == "]" and _behind_space(text, at + 1) == len(text)):
        try:
            element, at = _whole_element(text, at, decoder)
        except (ValueError, RecursionError):
            why = f"is cut off or damaged in element {count + 1:,}, and nothing after it was read"
            broken.append(InvalidRequest(f"{file} {why}"))
            return
        yield element
        count += 1
        at = _behind_space(text, at + 1) if text[at : at + 1] == "," else at


def _whole_element(text: str, at: int, decoder: json.JSONDecoder) -> tuple[bytes, int]:
    """Return an element and where it ends; ValueError when another thing than its end is there."""
    _, end = decoder.raw_decode(text, at)
    behind = _behind_space(text, end)
    if text[behind : behind + 1] not in _BEHIND_ELEMENTS:
        raise ValueError("it was closed too early")
    return text[at:end].encode(), behind


def _object(whole: bytes, file: InputFile, unread: Unread) -> Iterator[tuple[int, Any]]:
    """Yield the one document of a file; of one that is cut off or damaged what stands before."""
    try:
        document = json_codec.decode(whole, object)
    except (msgspec.DecodeError, UnicodeDecodeError):
        broken: list[InvalidRequest] = []
        members = _whole_members(whole.decode("utf-8", "surrogateescape"), file, broken)
        begun = "{" + ",".join(members) + "}"
        document = json_codec.decode(begun.encode("utf-8", "surrogateescape"), dict)
        if not any(isinstance(one, list) and one for one in document.values()):
            raise  # nothing of what it holds stands before the damage
        unread.is_partial = True
        yield len(whole), document
        broken.append(InvalidRequest(f"{file} is cut off or damaged, and its end was not read"))
        raise broken[0] from None
    yield len(whole), document


def _whole_members(text: str, file: InputFile, broken: list[InvalidRequest]) -> Iterator[str]:
    """Yield the members of an object until one is broken; of a broken list its whole elements."""
    decoder, at = json.JSONDecoder(), _behind_space(text, 0)
    while text[at : at + 1] in {"{", ","}:
        begins = value_at = _behind_space(text, at + 1)
        try:
            _, end = decoder.raw_decode(text, begins)
            value_at = _behind_space(text, _behind_space(text, end) + 1)
            _, end = decoder.raw_decode(text, value_at)
        except (ValueError, RecursionError):
            if text[value_at : value_at + 1] == "[":
                rest = text[value_at:].encode("utf-8", "surrogateescape")
                elements = b",".join(_whole_elements(rest, file, broken)).decode()
                yield f"{text[begins:value_at]}[{elements}]"
            return
        at = _behind_space(text, end)
        if text[at : at + 1] in {",", "}"}:  # else it is a number that may go on
            yield text[begins:end]


def _behind_space(text: str, at: int) -> int:
    while text[at : at + 1] in _SPACE and at < len(text):
        at += 1
    return at


def _lines(opened: BufferedReader, file: InputFile, unread: Unread) -> Iterator[tuple[int, Any]]:
    first, offset, line = _first_line(opened)
    try:
        document = json_codec.decode(first, object)
    except msgspec.DecodeError:
        whole = first + opened.read()
        yield from _object(whole, file, unread)
        return
    yield offset, document
    while raw := opened.readline():
        offset, line = offset + len(raw), line + 1
        if not raw.strip():
            continue
        try:
            document = json_codec.decode(raw, object)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            is_cut = not raw.endswith(b"\n")
            why = "is cut off" if is_cut else f"is not JSON, and nothing after it was read: {error}"
            unread.lines = line_numbers(line, line + sum(1 for _ in iter(opened.readline, b"")))
            raise InvalidRequest(f"Line {line} of {file} {why}") from error
        yield offset, document


def _first_line(opened: BufferedReader) -> tuple[bytes, int, int]:
    """Return the first line that holds something, the offset of its end, and which line it is."""
    offset = line = 0
    while raw := opened.readline():
        offset, line = offset + len(raw), line + 1
        if raw.strip():
            return raw, offset, line
    return b"", offset, line


def lines_of_documents(file: InputFile, first: int, last: int) -> str:
    """Write the numbers of the lines of documents, of which empty lines hold none."""
    with _opened(file) as opened:
        counted = [count for count, line in enumerate(opened, start=1) if line.strip()]
    if last > len(counted):  # some are of other files
        return line_numbers(first, last)
    return line_numbers(counted[first - 1], counted[last - 1])


def line_numbers(first: int, last: int) -> str:
    """Write the numbers of lines."""
    return str(first) if first == last else f"{first}-{last}"


def _is_message(document: Any) -> bool:
    return isinstance(document, dict) and ("role" in document or "type" in document)
