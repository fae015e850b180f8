"""Files to import: the format of each, and its lines."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from typing import Any

from msgspec import Struct

from dialoguedb.cli.data.transfer import lines as own_format
from dialoguedb.cli.data.transfer.documents import Unread, documents_of, lines_of_documents
from dialoguedb.cli.data.transfer.left_out import accounted
from dialoguedb.cli.data.transfer.lines import DialogueLine, InputFile, Line, MessageLine
from dialoguedb.cli.data.transfer.readers import (
    anthropic,
    chatgpt,
    claude,
    claude_code,
    cline,
    codex,
    gemini_cli,
    librechat,
    llm,
    llm_database,
    locomo,
    open_webui,
    openai,
    opencode,
    opencode_database,
    opentelemetry,
    pi,
    pydantic_ai,
    qwen_code,
    sharegpt,
    ui_messages,
)
from dialoguedb.cli.data.transfer.readers.database import DatabaseReader, is_database, opened
from dialoguedb.cli.data.transfer.readers.reader import (
    DOCUMENTS_SHOWN,
    FileContent,
    Reader,
    one_each,
)
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.trees import Branches
from dialoguedb.errors import InvalidRequest

_LINES_SUFFIX = ".jsonl"
_HERE = os.path.join(os.curdir, "")  # noqa: PTH118 - what a path begins with, which is no path
_SUFFIXES = (".json", _LINES_SUFFIX, ".db", ".sqlite")


_TREES = {
    chatgpt.NAME: (chatgpt.recognises, chatgpt.lines),
    claude.NAME: (claude.recognises, claude.lines),
    open_webui.NAME: (open_webui.recognises, open_webui.lines),
    librechat.NAME: (librechat.recognises, librechat.lines),
}
_SESSION_TREES = {
    pi.NAME: (pi.recognises, pi.lines),
    qwen_code.NAME: (qwen_code.recognises, qwen_code.lines),
}
_READERS: dict[str, Reader] = {
    claude_code.NAME: Reader(claude_code.recognises, claude_code.lines, is_whole_file=True),
    cline.NAME: Reader(cline.recognises, cline.lines, is_whole_file=True),
    codex.NAME: Reader(codex.recognises, codex.lines, is_whole_file=True),
    gemini_cli.NAME: Reader(gemini_cli.recognises, gemini_cli.lines, is_whole_file=True),
    opencode.NAME: one_each(opencode.recognises, opencode.lines),
    llm.NAME: Reader(llm.recognises, llm.lines, is_whole_file=True),
    pydantic_ai.NAME: Reader(pydantic_ai.recognises, pydantic_ai.lines, is_whole_file=True),
    ui_messages.NAME: Reader(ui_messages.recognises, ui_messages.lines, is_whole_file=True),
    opentelemetry.NAME: Reader(opentelemetry.recognises, opentelemetry.lines, is_whole_file=True),
    sharegpt.NAME: one_each(sharegpt.recognises, sharegpt.lines, sharegpt.only),
    locomo.NAME: one_each(locomo.recognises, locomo.lines),
    openai.CHAT_LINES: Reader(
        openai.recognises_chat_lines, openai.chat_of_lines, is_whole_file=True
    ),
    anthropic.NAME: Reader(anthropic.recognises, anthropic.lines, lines_of_only=anthropic.only),
    openai.CHAT: one_each(openai.recognises_chat, openai.chat_lines, openai.only_chat),
    openai.RESPONSES: one_each(
        openai.recognises_responses, openai.responses_lines, openai.only_responses
    ),
}
DATABASES: dict[str, DatabaseReader] = {
    opencode.NAME: opencode_database.READER,
    llm.NAME: llm_database.READER,
}
"""Programs that keep a database, which are the formats of what they print, too."""

FORMATS = (own_format.FORMAT, *_TREES, *_SESSION_TREES, *_READERS)


def readers(branches: Branches = "threads") -> dict[str, Reader]:
    """Return the readers of other programs' formats, the most certain first."""
    trees = {
        name: one_each(recognises, partial(lines, branches=branches))
        for name, (recognises, lines) in _TREES.items()
    }
    sessions = {
        name: Reader(recognises, partial(lines, branches=branches), is_whole_file=True)
        for name, (recognises, lines) in _SESSION_TREES.items()
    }
    return trees | sessions | _READERS


Read = Callable[[int], None]
"""Takes the position of bytes of a file that were read."""


def files_of(file: InputFile) -> list[InputFile]:
    """Return a file itself, or those in a directory, however deep, that may be imported."""
    if not file.path.is_dir():
        return [file]
    found = files_below(file)
    if not found:
        raise InvalidRequest(f"{file} has no file that ends in {' or '.join(_SUFFIXES)}")
    return found


def files_below(directory: InputFile) -> list[InputFile]:
    """Return the files in a directory, however deep, that may be imported."""
    top = str(directory.path)
    found = sorted(_files_below(top))  # a session before its subagents below it
    return [
        InputFile(
            path.removeprefix(_HERE),
            path,
            path.removeprefix(top).lstrip(os.sep).replace(os.sep, "/"),
        )
        for path in (os.path.join(*one) for one in found)  # noqa: PTH118 - of thousands of files
    ]


def _files_below(top: str) -> Iterator[tuple[str, str]]:
    """Yield the folders and names of files that may be imported."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        with suppress(OSError), os.scandir(folder) as entries:
            for one in entries:
                if one.is_dir(follow_symlinks=False):
                    waiting.append(one.path)
                elif one.name.lower().endswith(_SUFFIXES) and one.is_file():
                    yield folder, one.name


def format_of(file: InputFile) -> str | None:
    """Return the format of a file, by what its first documents look like; None when unknown."""
    if is_database(file.path):
        with opened(file.path) as database:
            tables = database.tables()
        return next((name for name, one in DATABASES.items() if one.recognises(tables)), None)
    unread = Unread()
    first = [document for _, document in islice(documents_of(file, unread), DOCUMENTS_SHOWN)]
    if not first:
        if unread.error:
            raise unread.error
        return None
    if own_format.is_header(first[0]):
        return own_format.FORMAT
    found = next((name for name, one in readers().items() if one.recognises(first)), None)
    if found is None and unread.is_partial and unread.error:
        raise unread.error
    return found


def may_be(file: InputFile, format_name: str) -> bool:
    """Tell whether a file may be of a format: a database is of few of them."""
    return format_name in DATABASES or not is_database(file.path)


class Source(Struct):
    """A file to import, and how."""

    file: InputFile
    format: str
    branches: Branches = "threads"


def lines_of(source: Source, read: Read, report: FileReport) -> Iterator[Line]:
    """Yield the content of a file as lines; reports what of it is missing, and left out."""
    if source.format == own_format.FORMAT:
        yield from _own_lines(source.file, read, report)
    elif is_database(source.file.path):
        yield from _database_lines(source, read, report)
    else:
        yield from _document_lines(source, read, report)


def _database_lines(source: Source, read: Read, report: FileReport) -> Iterator[Line]:
    file = source.file
    if not may_be(file, source.format):
        raise InvalidRequest(f"{file} is a database, which the format {source.format} is not")
    reader, size = DATABASES[source.format], file.path.stat().st_size
    with opened(file.path) as database:
        every = reader.conversations(database)
        of_one = Reader(bool, partial(reader.lines, database))
        for position, conversation in enumerate(every, start=1):
            try:
                yield from _converted(conversation, of_one, report)
            except InvalidRequest as error:
                report.fail(f"conversation {position} of {file}", error)
            read(size * position // len(every))


def _document_lines(source: Source, read: Read, report: FileReport) -> Iterator[Line]:
    reader = readers(source.branches)[source.format]
    counts: dict[str, int] = {}
    unread = Unread()
    for what, offset, document in _conversations(source.file, reader, unread):
        try:
            converted = _converted(document, reader, report)
            if unread.is_partial:
                _check_id(converted, document)
        except InvalidRequest as error:
            report.fail(f"{what} of {source.file}", error)
            yield from _with_unique_ids(_beginning(document, reader, report), counts)
        else:
            yield from _with_unique_ids(converted, counts)
            for problem in _unfinished(document):
                report.fail(f"the end of {source.file}", InvalidRequest(problem))
        read(offset)
    if unread.lines:
        report.unread.append(unread.lines)
    if unread.error:
        raise unread.error


def _beginning(document: Any, reader: Reader, report: FileReport) -> list[Line]:
    """Return what stands before the first line that is not as the format has it."""
    if not reader.is_whole_file:
        return []
    file, documents = document.file, document.documents
    readable, end = 0, len(documents)
    while readable + 1 < end:
        middle = (readable + end) // 2
        if _is_readable(FileContent(file, documents[:middle]), reader, report.format):
            readable = middle
        else:
            end = middle
    if not readable:
        return []
    try:
        found = _converted(FileContent(file, documents[:readable]), reader, report)
    except InvalidRequest:
        return []
    if file.path.suffix.lower() == _LINES_SUFFIX:
        report.unread.append(lines_of_documents(file, end, len(documents)))
    return found


def _is_readable(content: FileContent, reader: Reader, format_name: str) -> bool:
    try:
        with accounted():
            _read(content, reader, format_name)
    except InvalidRequest:
        return False
    return True


def _check_id(found: list[Line], document: Any) -> None:
    """Raise InvalidRequest unless the id of a conversation stands before where it was cut off.

    With another id than the whole file has it would be stored twice.
    """
    (held,) = document.documents if isinstance(document, FileContent) else [document]
    above = [held, *(one for one in held.values() if isinstance(one, dict))]
    ids = {one for members in above for one in members.values() if isinstance(one, str)}
    if not all(
        line.thread_of or line.id in ids for line in found if isinstance(line, DialogueLine)
    ):
        raise InvalidRequest("It is cut off before its id")


def _own_lines(file: InputFile, read: Read, report: FileReport) -> Iterator[Line]:
    check = own_format.CompletenessCheck(file.path)
    for offset, line in own_format.read_file(file):
        read(offset)
        check.count(line)
        yield line
    if problem := check.problem():
        report.fail(f"what {file} lacks", InvalidRequest(problem))


def _conversations(
    file: InputFile, reader: Reader, unread: Unread
) -> Iterator[tuple[str, int, Any]]:
    """Yield what a reader takes, how an error names it, and the offset where it ends."""
    found = documents_of(file, unread)
    if reader.is_whole_file:
        documents = [document for _, document in found]
        if documents:
            yield "the conversation", file.path.stat().st_size, FileContent(file, documents)
        return
    first = list(islice(found, 2))
    if reader.lines_of_only and len(first) == 1 and file.path.suffix.lower() != _LINES_SUFFIX:
        ((offset, document),) = first
        yield "the conversation", offset, FileContent(file, [document])
        return
    for position, (offset, document) in enumerate(chain(first, found), start=1):
        yield f"conversation {position}", offset, document


def _converted(document: Any, reader: Reader, report: FileReport) -> list[Line]:
    """Return a conversation as lines; InvalidRequest when some of it cannot be read."""
    with accounted() as account:
        found = _read(document, reader, report.format)
    report.left_out += account.left_out
    report.beside |= account.beside
    if isinstance(document, FileContent):
        report.unread += document.unread
    is_silent = not any(isinstance(line, MessageLine) for line in found)
    if not found and not _is_of_format(document, reader):
        raise InvalidRequest(f"It is not of the format {report.format}")
    if found and is_silent and _holds_messages(document):
        raise InvalidRequest("Nothing in it was understood as said by anybody")
    return found


def _is_of_format(document: Any, reader: Reader) -> bool:
    """Tell whether a file of which nothing is imported looks like its format all the same."""
    if not isinstance(document, FileContent) or not document.documents:
        return True
    return reader.recognises(document.documents[:DOCUMENTS_SHOWN])


def _read(document: Any, reader: Reader, format_name: str) -> list[Line]:
    try:
        is_only = isinstance(document, FileContent) and not reader.is_whole_file
        lines = reader.lines_of_only if is_only and reader.lines_of_only else reader.lines
        return list(lines(document))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidRequest(f"It is not as the format {format_name} has it: {error!r}") from error


def _unfinished(document: Any) -> list[str]:
    return document.unfinished if isinstance(document, FileContent) else []


def _holds_messages(document: Any) -> bool:
    """Tell whether a conversation is not an empty one."""
    if isinstance(document, FileContent):
        return True
    if isinstance(document, dict):
        held = (
            document.get(name)
            for name in ("mapping", "chat_messages", "messages", "messagesTree", "items")
        )
        return any(bool(one) for one in held)
    return bool(document)


def _with_unique_ids(found: Iterable[Line], counts: dict[str, int]) -> Iterator[Line]:
    """Give dialogues with equal ids different ones, the same in every run."""
    for line in found:
        if isinstance(line, DialogueLine):
            counts[line.id] = counts.get(line.id, 0) + 1
            if counts[line.id] > 1:
                line.id = f"{line.id}-{counts[line.id]}"
        yield line
