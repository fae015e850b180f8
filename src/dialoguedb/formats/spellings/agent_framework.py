"""The messages of Microsoft's Agent Framework: `contents` that name their type."""

from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.part_types import types
from dialoguedb.formats.spellings.readers import (
    CallKeys,
    ResultKeys,
    call,
    nested,
    opaque,
    reasoning,
    result,
)

_CALL = CallKeys(id=("call_id",), arguments=("arguments",), known=("type",))
_RESULT = ResultKeys(id=("call_id",), output=("result",))

TYPES = [
    *types("message", nested("contents"), "message", "chat_message", keys=("contents",)),
    *types("reasoning", reasoning("text"), "text_reasoning", keys=("text", "protected_data")),
    *types("attachment", attachment(), "data", "uri", keys=("uri media_type",)),
    *types("call", call(_CALL), "function_call", keys=("call_id exception",)),
    *types("result", result(_RESULT), "function_result", keys=("result", "exception")),
    *types("opaque", opaque("message"), "error", keys=("message",)),
    *types("opaque", opaque(), "usage", keys=("usage_details",)),
    *types("attachment", attachment(), "hosted_file", keys=("file_id",)),
]
