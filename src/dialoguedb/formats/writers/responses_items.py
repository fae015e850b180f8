"""Makes items of OpenAI's Responses API, as they are stored, fit to be sent.

Programs keep such items with members of their own, and with ids that the API never gave: `object`
of the Realtime API, `__fake_id__` of the Agents SDK for models of others.
"""

import re
from typing import Any

from dialoguedb.formats.outgoing.call_ids import fit_tool_name
from dialoguedb.formats.outgoing.messages import without_nulls
from dialoguedb.formats.parts import Part, ToolCall, ToolResult
from dialoguedb.formats.writers.arguments import as_text
from dialoguedb.formats.writers.responses_content import is_output, output_of

Json = dict[str, Any]

_ID_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fc",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctc",
}
_ID_CHARS_MAX = 64
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")

_OF_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})

_MEMBERS = {
    "message": "role content status phase",
    "reasoning": "summary content encrypted_content status",
    "function_call": "call_id name namespace arguments status caller async",
    "function_call_output": "call_id name namespace output status caller",
    "custom_tool_call": "call_id name namespace input caller async",
    "custom_tool_call_output": "call_id output caller",
    "computer_call": "call_id action actions pending_safety_checks status",
    "computer_call_output": "call_id output acknowledged_safety_checks status",
    "local_shell_call": "call_id action status",
    "local_shell_call_output": "call_id output status",
    "shell_call": "call_id action environment status caller",
    "shell_call_output": "call_id output max_output_length status caller",
    "apply_patch_call": "call_id operation status caller",
    "apply_patch_call_output": "call_id output status caller",
    "tool_search_call": "call_id arguments execution status",
    "tool_search_output": "call_id tools execution status",
    "web_search_call": "action status",
    "file_search_call": "queries results status",
    "code_interpreter_call": "code container_id outputs status",
    "mcp_call": "name server_label arguments output error approval_request_id status",
    "mcp_list_tools": "server_label tools error",
    "mcp_approval_request": "name server_label arguments",
    "mcp_approval_response": "approval_request_id approve reason",
    "compaction": "encrypted_content",
    "program": "call_id code fingerprint",
    "program_output": "call_id result status",
}
"""The members of items, by the types of `openai` 3.57.0; each has `type` and `id`. Of items of
other types all go back."""

_FAKE_ID = "__fake_id__"
"""What the Agents SDK for Python writes for models of other providers."""

_PART_MEMBERS = frozenset({"type", "text", "annotations", "logprobs", "refusal"})
"""The members of what an answer or a thought consists of."""


def fit_item(part: Part, native: Json) -> Json | None:
    """Return the item that a part was read from, as the API takes it; None if it can take none.

    That is a thought that no model of the API has written, or of which neither id nor data is left.
    """
    kind = str(native.get("type") or "message")
    item = _known_members(kind, native)
    if kind in {"message", "reasoning"} and isinstance(item.get("content"), list):
        item["content"] = [_content_part(one) for one in item["content"]]
    if item.get("id") == "":
        del item["id"]
    if not _is_own_id(kind, item.get("id")) and item.pop("id") == _FAKE_ID and kind == "reasoning":
        return None
    if kind == "reasoning":
        item.setdefault("summary", [])
        return item if item.keys() & {"id", "encrypted_content"} else None
    if isinstance(part, ToolCall):
        item |= _of_call(part, kind, item)
    elif isinstance(part, ToolResult):
        item |= _of_result(part, kind, item)
    return item


def _known_members(kind: str, native: Json) -> Json:
    members = _MEMBERS.get(kind)
    known = frozenset(members.split()) | {"type", "id"} if members else native.keys()
    return {key: item for key, item in without_nulls(native).items() if key in known}


def _is_own_id(kind: str, item_id: object) -> bool:
    """Tell whether an id is none, or one that the API may have given."""
    if not isinstance(item_id, str):
        return item_id is None
    return len(item_id) <= _ID_CHARS_MAX and item_id.startswith(_ID_PREFIXES.get(kind, ""))


def _of_call(call: ToolCall, kind: str, item: Json) -> Json:
    """Return the members of a call that are not as they were, or may not be."""
    fitted: Json = {} if call.kind == "server" else {"call_id": call.id}
    if kind not in {"function_call", "custom_tool_call"}:
        return fitted
    if not _NAME.fullmatch(str(item.get("name", ""))):
        fitted["name"] = fit_tool_name(call.name)
    if kind == "function_call" and not isinstance(item.get("arguments"), str):
        fitted["arguments"] = as_text(call)
    if kind == "custom_tool_call" and not isinstance(item.get("input"), str):
        fitted["input"] = call.arguments
    return fitted


def _of_result(result: ToolResult, kind: str, item: Json) -> Json:
    fitted: Json = {} if result.kind == "server" else {"call_id": result.call_id}
    if kind in _OF_OUTPUTS and not is_output(result, item.get("output")):
        fitted["output"] = output_of(result)
    return fitted


def _content_part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: item for key, item in part.items() if key in _PART_MEMBERS and item is not None}
