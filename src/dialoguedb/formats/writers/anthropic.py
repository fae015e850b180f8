"""Writes messages of Anthropic's Messages API."""

from collections.abc import Sequence
from typing import Any

from dialoguedb.formats.outgoing.call_ids import fit_tool_name
from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage, OutgoingPart, native_of
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.turns import Speaker
from dialoguedb.formats.writers.arguments import as_object
from dialoguedb.formats.writers.shown_parts import is_fetchable, joined, words

Json = dict[str, Any]

_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_MEMBERS = frozenset(
    {
        *("type", "text", "citations", "source", "title", "context", "content", "transformations"),
        *("id", "name", "input", "caller", "toolset_name", "tool_use_id", "is_error"),
        *("server_name", "mcp_server_name", "tools", "tool", "tool_changes", "file_id"),
        *("thinking", "signature", "data", "encrypted_content", "from", "to", "trigger"),
    }
)
"""What blocks of a request may have. `cache_control` is left out: a request may hold four of them,
a history holds any number."""


def write(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return messages that alternate; consecutive ones of a role are one."""
    written = _written(messages, losses)
    if written:
        _trim_end(written[-1])
    return written


def write_part(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return messages that alternate, of a history that more may follow: its end is as it was."""
    written = _written(messages, losses)
    sent = [block for one in written for block in one["content"] if block["type"] in _THOUGHTS]
    for message in messages:
        for each in message.parts:
            block = _signed(each.part) if message.speaker == "assistant" else None
            if block in sent:
                sent.remove(block)
            elif block is not None:
                losses.add(each, "thought", "a message cannot end in it")
    return written


def _written(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    written: list[Json] = []
    for message in messages:
        role = "assistant" if message.speaker == "assistant" else "user"
        blocks = _blocks(message, losses)
        if not blocks:
            continue
        if written and written[-1]["role"] == role:
            written[-1]["content"].extend(blocks)
        else:
            written.append({"role": role, "content": blocks})
    return [one for one in written if _ends_in_more_than_thoughts(one)]


def user_message(text: str) -> Json:
    """Return a user's message of a text."""
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def _ends_in_more_than_thoughts(message: Json) -> bool:
    """Take away thoughts that nothing follows; tell whether anything is left."""
    blocks = message["content"]
    while blocks and blocks[-1]["type"] in _THOUGHTS:
        blocks.pop()
    return bool(blocks)


def _trim_end(message: Json) -> None:
    """Strip trailing space from a last assistant message, which Anthropic refuses."""
    block = message["content"][-1]
    if message["role"] == "assistant" and block["type"] == "text":
        message["content"][-1] = {**block, "text": block["text"].rstrip()}


def _blocks(message: OutgoingMessage, losses: Losses) -> list[Json]:
    blocks: list[Json] = []
    before: Json | None = None
    for outgoing in message.parts:
        native = native_of(outgoing.part, "anthropic")
        if native is not None and native is before:
            continue  # a part that was read as several
        before = native
        block = _block(outgoing, message.speaker, losses)
        if block is not None:
            blocks.append(block)
    return blocks


def _block(outgoing: OutgoingPart, speaker: Speaker, losses: Losses) -> Json | None:
    part = outgoing.part
    match part:
        case Reasoning():
            return _thought(outgoing, speaker, losses)
        case Attachment():
            return _attachment(outgoing, speaker, losses)
        case ToolResult() if part.kind != "server" or speaker == "tool":
            return _result(part)
        case ToolCall() if part.kind != "server" or not native_of(part, "anthropic"):
            return _call(part)
    return _own_block(part)


def _own_block(part: Part) -> Json | None:
    """Return a block as it was stored, or else the words of a part."""
    native = native_of(part, "anthropic")
    if native is not None:
        return _as_stored(native)
    if isinstance(part, Text | Other) and (text := words(part)):
        return {"type": "text", "text": text}
    return None


def _as_stored(native: Json) -> Json:
    """Return a block as it was stored, without what the API refuses."""
    block = {
        key: value
        for key, value in native.items()
        if key in _MEMBERS and (value is not None or key == "content")
    }
    inner = block.get("content")
    if isinstance(inner, list):
        block["content"] = [_without_cache_control(item) for item in inner]
    return block


def _without_cache_control(block: Any) -> Any:
    if isinstance(block, dict):
        return {key: value for key, value in block.items() if key != "cache_control"}
    return block


def _call(call: ToolCall) -> Json:
    native = _as_stored(native_of(call, "anthropic") or {})
    name = fit_tool_name(call.name)
    return {**native, "type": "tool_use", "id": call.id, "name": name, "input": as_object(call)}


def _thought(outgoing: OutgoingPart, speaker: Speaker, losses: Losses) -> Json | None:
    block = _signed(outgoing.part) if speaker == "assistant" else None
    if block is None:
        losses.add(outgoing, "thought", "Anthropic takes no thoughts but those it signed itself")
    return block


def _signed(part: Part) -> Json | None:
    """Return the block of a thought that Anthropic takes; None for any other part."""
    if not isinstance(part, Reasoning) or not part.is_returnable:
        return None
    if part.data:
        return {"type": "redacted_thinking", "data": part.data}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _result(result: ToolResult) -> Json:
    block: Json = {"type": "tool_result", "tool_use_id": result.call_id}
    native = native_of(result, "anthropic") or {}
    if native.get("toolset_name"):
        block["toolset_name"] = native["toolset_name"]
    if result.is_error:  # Anthropic wants text in it
        text = {"type": "text", "text": joined(result.parts) or "Error"}
        return {**block, "content": [text], "is_error": True}
    return {**block, "content": [one for part in result.parts if (one := _inner_block(part))]}


def _inner_block(part: Text | Attachment | Other) -> Json | None:
    """Return what stands in a result."""
    if isinstance(part, Attachment):
        return _as_block(part) or {"type": "text", "text": words(part)}
    return _own_block(part)


def _attachment(outgoing: OutgoingPart, speaker: Speaker, losses: Losses) -> Json:
    attachment = outgoing.part
    assert isinstance(attachment, Attachment)
    block = None if speaker == "assistant" else _as_block(attachment)
    if block is None:
        losses.add(outgoing, "attachment", "a message of this role names it alone")
        return {"type": "text", "text": words(attachment)}
    return block


def _as_block(part: Attachment) -> Json | None:
    """Return an attachment as a block of a user's message; None for one it cannot be."""
    native = native_of(part, "anthropic")
    if native and native.get("type") in {part.kind, "container_upload"}:
        must_be_read = part.kind == "image" or part.url
        if not must_be_read or is_fetchable(part) or _is_file(native.get("source")):
            block = _as_stored(native)
            is_inline = part.data and part.media_type
            return {**block, "source": _source(part)} if is_inline else block
    if part.kind == "image":
        return {"type": "image", "source": _source(part)} if is_fetchable(part) else None
    if part.media_type == "application/pdf" and is_fetchable(part):
        title = {"title": part.name} if part.name else {}
        return {"type": "document", "source": _source(part), **title}
    return None


def _is_file(source: object) -> bool:
    return isinstance(source, dict) and source.get("type") == "file"


def _source(part: Attachment) -> Json:
    if part.url:
        return {"type": "url", "url": part.url}
    return {"type": "base64", "media_type": part.media_type, "data": part.data}
