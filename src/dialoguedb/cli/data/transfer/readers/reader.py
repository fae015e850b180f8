"""What a reader of another program's files provides."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from dialoguedb.cli.data.transfer.lines import InputFile, Line

Document = Any
"""One JSON value: an element of an array, a line of JSONL, or the whole file."""

DOCUMENTS_SHOWN = 20
"""How many of the first documents of a file a reader is shown to recognise its format."""


class FileContent(Struct):
    """The documents of a file that make one conversation together, as far as they can be read."""

    file: InputFile
    documents: list[Document]
    unfinished: list[str] = []
    """What a reader left out because more of it is still to be written, in sentences."""

    unread: list[str] = []
    """The numbers of lines that are not as the format has them, or behind one."""


class Reader(Struct, frozen=True):
    """How a format is recognised, and how what it keeps becomes the lines of an import."""

    recognises: Callable[[Sequence[Document]], bool]
    """Takes the first documents of a file; true only for what is certainly of this format."""

    lines: Callable[[Any], Iterator[Line]]
    """Takes a document, or a `FileContent`; yields dialogues, each with its messages behind it.

    A thread stands behind what it is a thread of. KeyError, TypeError, AttributeError, ValueError
    and InvalidRequest mean that something is not as the format has it; of a document nothing is
    imported, of lines what stands before.
    """

    is_whole_file: bool = False
    """Whether the lines of a file make conversations together, and not one each."""

    lines_of_only: Callable[[FileContent], Iterator[Line]] | None = None
    """Takes the only document of a file that may grow, in place of `lines`."""


def one_each(
    recognises: Callable[[Document], bool],
    lines: Callable[[Document], Iterator[Line]],
    lines_of_only: Callable[[FileContent], Iterator[Line]] | None = None,
) -> Reader:
    """Return the reader of a format whose every document is a conversation."""

    def checked(document: Document) -> Iterator[Line]:
        if not recognises(document):
            raise ValueError("it is something else")
        return lines(document)

    def recognises_first(documents: Sequence[Document]) -> bool:
        return bool(documents) and recognises(documents[0])

    return Reader(recognises_first, checked, lines_of_only=lines_of_only)


def _is_user(message: Any) -> bool:
    return bool(message.get("role") == "user")


def beginning(
    file: InputFile, messages: Sequence[Any], is_user: Callable[[Any], bool] = _is_user
) -> Any:
    """Return what a conversation without an id is known by, which stays when it grows.

    That is where its file lies, and its messages up to the first of a user; of standard input all.
    """
    if not file.known_as:
        return messages
    of_user = (at for at, one in enumerate(messages, 1) if is_user(one))
    return [file.known_as, messages[: next(of_user, len(messages))]]
