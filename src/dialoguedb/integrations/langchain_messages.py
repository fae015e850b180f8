"""Messages that other programs stored, as LangChain's; the extra is `langchain`."""

import json
from collections.abc import Iterable
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from dialoguedb.client.records import MessageRecord
from dialoguedb.formats import convert

Json = dict[str, Any]

CLASSES: dict[str, type[BaseMessage]] = {
    "user": HumanMessage,
    "assistant": AIMessage,
    "system": SystemMessage,
}
_TOOL_ROLES = frozenset({"tool", "function"})
_IDS = ("tool_call_id", "toolCallId", "tool_use_id")
_CALLS = ("tool_calls", "toolCalls")


def is_of_tools(record: MessageRecord) -> bool:
    """Tell whether a message is of a tool, or has its calls in its metadata."""
    calls = any(record.metadata.get(key) for key in _CALLS)
    return record.role in _TOOL_ROLES or (record.role == "assistant" and calls)


def read_others(records: Iterable[MessageRecord]) -> list[BaseMessage]:
    """Return messages of any chat API; those that hold nothing LangChain has are left out."""
    stored = [_message(record) for record in records]
    return [*map(of_chat, convert(stored, "auto", "openai").messages)]


def _message(record: MessageRecord) -> Json:
    """Return one message with what the metadata holds of its calls, or of its call's id."""
    message: Json = {"role": record.role, "content": record.content}
    for name, keys in (("tool_calls", _CALLS), ("tool_call_id", _IDS)):
        found = next((record.metadata[key] for key in keys if record.metadata.get(key)), None)
        if found is not None:
            message[name] = found
    return message


def of_chat(message: Json) -> BaseMessage:
    """Return a chat message of OpenAI as LangChain's."""
    content, name = message["content"], message.get("name")
    if message["role"] == "tool":
        return ToolMessage(content, tool_call_id=message["tool_call_id"])
    if message["role"] == "assistant":
        calls = [*map(_call, message.get("tool_calls", ()))]
        return AIMessage(content, name=name, tool_calls=calls)
    return CLASSES[message["role"]](content=content, name=name)


def _call(call: Json) -> Any:
    inner = call[call["type"]]
    custom = call["type"] == "custom"
    arguments = {"input": inner["input"]} if custom else json.loads(inner["arguments"])
    return {"type": "tool_call", "id": call["id"], "name": inner["name"], "args": arguments}
