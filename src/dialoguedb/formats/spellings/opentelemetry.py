"""The messages of OpenTelemetry's conventions for generative AI: `role` and `parts`."""

from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.part_types import types
from dialoguedb.formats.spellings.readers import CallKeys, ResultKeys, call, reasoning, result, text

_RESULT = result(ResultKeys(id=("id",), output=("result", "response")))

TYPES = [
    *types("text", text("content"), "text", keys=("content",)),
    *types("reasoning", reasoning("content"), "reasoning", keys=("content",)),
    *types("call", call(CallKeys(arguments=("arguments",))), "tool_call", keys=("name",)),
    *types("result", _RESULT, "tool_call_response", keys=("result", "response")),
    *types("attachment", attachment(), "blob", keys=("content",)),
    *types("attachment", attachment(), "uri", keys=("uri",)),
    *types("attachment", attachment(), "file", keys=("file_id",)),
]
