"""The messages of Microsoft's Agent Framework: `contents` that name their type.

Its calls are those of Responses.
"""

from collections.abc import Iterator

from dialoguedb.formats.parts import Part, ToolResult
from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.part_types import Source, types
from dialoguedb.formats.spellings.readers import nested, opaque, reasoning


def _result(source: Source) -> Iterator[Part]:
    """Read a result; of one that failed, what is kept of the exception stands in its place."""
    value = source.value
    failure = value.get("exception")
    parts = source.reader.output(failure if value.get("result") is None else value["result"])
    yield ToolResult(source.string("call_id"), parts, failure is not None)


TYPES = [
    *types("message", nested("contents"), "message", "chat_message", keys=("contents",)),
    *types("reasoning", reasoning("text"), "text_reasoning", keys=("text", "protected_data")),
    *types("attachment", attachment(), "data", "uri", keys=("uri media_type",)),
    *types("result", _result, "function_result", keys=("result", "exception")),
    *types("opaque", opaque("message"), "error", keys=("message",)),
    *types("opaque", opaque(), "usage", keys=("usage_details",)),
    *types("attachment", attachment(), "hosted_file", keys=("file_id",)),
]
