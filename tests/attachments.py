"""Attachments in the spellings of chat APIs, as their packages write them."""

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple


class Spelling(NamedTuple):
    """How an API writes an attachment into the content of a message."""

    name: str
    kind: str
    media_type: str
    """Empty where the API does not tell it."""

    write: Callable[[str], Any]
    """Makes the content of base64."""


def data_uri(media_type: str) -> Callable[[str], str]:
    """Return how base64 is written as a data URI."""
    return lambda data: f"data:{media_type};base64,{data}"


def anthropic(block: str, media_type: str) -> Callable[[str], Any]:
    """Return how Anthropic writes a block."""
    return lambda data: [
        {"type": block, "source": {"type": "base64", "media_type": media_type, "data": data}}
    ]


def gemini(outer: str, inner: str, media_type: str) -> Callable[[str], Any]:
    """Return how Gemini writes contents, in snake or in camel case."""
    return lambda data: {
        "role": "user",
        "parts": [{"text": "See"}, {outer: {inner: media_type, "data": data}}],
    }


def tool_output(part: str) -> Callable[[str], Any]:
    """Return how the AI SDK writes the result of a tool."""
    return lambda data: [
        {
            "type": "tool-result",
            "toolCallId": "t",
            "toolName": "f",
            "output": {
                "type": "content",
                "value": [{"type": part, "data": data, "mediaType": PNG}],
            },
        }
    ]


def langchain_v0(block: str, media_type: str) -> Callable[[str], Any]:
    """Return how LangChain wrote a block before its version 1."""
    return lambda data: [
        {"type": block, "source_type": "base64", "mime_type": media_type, "data": data}
    ]


def langchain_v1(block: str, media_type: str) -> Callable[[str], Any]:
    """Return how LangChain writes a block."""
    return lambda data: [{"type": block, "base64": data, "mime_type": media_type}]


PNG, PDF, WAV, MP4 = "image/png", "application/pdf", "audio/wav", "video/mp4"
_png, _pdf, _mp4 = data_uri(PNG), data_uri(PDF), data_uri(MP4)

SPELLINGS = [
    Spelling("anthropic image", "image", PNG, anthropic("image", PNG)),
    Spelling("anthropic document", "document", PDF, anthropic("document", PDF)),
    Spelling(
        "anthropic image in a tool's result",
        "image",
        PNG,
        lambda data: [
            {"type": "tool_result", "tool_use_id": "t", "content": anthropic("image", PNG)(data)}
        ],
    ),
    Spelling(
        "openai image_url",
        "image",
        PNG,
        lambda data: [{"type": "image_url", "image_url": {"url": _png(data), "detail": "low"}}],
    ),
    Spelling(
        "openai input_audio",
        "audio",
        WAV,
        lambda data: [{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}],
    ),
    Spelling(
        "openai file",
        "document",
        PDF,
        lambda data: [{"type": "file", "file": {"filename": "a.pdf", "file_data": _pdf(data)}}],
    ),
    Spelling(
        "openai file of bare base64",
        "document",
        PDF,
        lambda data: [{"type": "file", "file": {"filename": "a.pdf", "file_data": data}}],
    ),
    Spelling(
        "openai audio of an assistant",
        "audio",
        "",
        lambda data: {
            "role": "assistant",
            "content": None,
            "audio": {"id": "a", "data": data, "expires_at": 1, "transcript": "Hello"},
        },
    ),
    Spelling(
        "responses input_image",
        "image",
        PNG,
        lambda data: [{"type": "input_image", "detail": "auto", "image_url": _png(data)}],
    ),
    Spelling(
        "responses input_image in a function's output",
        "image",
        PNG,
        lambda data: {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_image", "image_url": _png(data)}],
        },
    ),
    Spelling(
        "responses input_file",
        "document",
        PDF,
        lambda data: [{"type": "input_file", "filename": "a.pdf", "file_data": _pdf(data)}],
    ),
    Spelling(
        "responses computer_screenshot",
        "image",
        PNG,
        lambda data: {
            "type": "computer_call_output",
            "call_id": "c",
            "output": {"type": "computer_screenshot", "image_url": _png(data)},
        },
    ),
    Spelling(
        "responses image_generation_call",
        "image",
        PNG,
        lambda data: {
            "type": "image_generation_call",
            "id": "i",
            "status": "completed",
            "result": data,
        },
    ),
    Spelling(
        "responses code_interpreter_call",
        "image",
        PNG,
        lambda data: {
            "type": "code_interpreter_call",
            "id": "c",
            "code": "plot()",
            "container_id": "x",
            "status": "completed",
            "outputs": [{"type": "image", "url": _png(data)}],
        },
    ),
    Spelling(
        "realtime input_audio",
        "audio",
        "",
        lambda data: [{"type": "input_audio", "audio": data, "transcript": "Hello"}],
    ),
    *(
        Spelling(f"gemini {outer} {kind}", kind, media_type, gemini(outer, inner, media_type))
        for outer, inner in (("inline_data", "mime_type"), ("inlineData", "mimeType"))
        for kind, media_type in (
            ("image", PNG),
            ("document", PDF),
            ("audio", WAV),
            ("video", MP4),
            ("file", "application/zip"),
        )
    ),
    Spelling(
        "gemini function_response",
        "image",
        PNG,
        lambda data: {
            "role": "user",
            "parts": [
                {
                    "function_response": {
                        "name": "f",
                        "response": {},
                        "parts": [{"inline_data": {"mime_type": PNG, "data": data}}],
                    }
                }
            ],
        },
    ),
    Spelling(
        "ai sdk UIMessage",
        "image",
        PNG,
        lambda data: {
            "role": "user",
            "parts": [{"type": "file", "mediaType": PNG, "url": _png(data)}],
        },
    ),
    Spelling("ai sdk image", "image", "", lambda data: [{"type": "image", "image": data}]),
    Spelling(
        "ai sdk image as URI", "image", PNG, lambda data: [{"type": "image", "image": _png(data)}]
    ),
    Spelling(
        "ai sdk file",
        "document",
        PDF,
        lambda data: [{"type": "file", "data": data, "mediaType": PDF, "filename": "a.pdf"}],
    ),
    Spelling(
        "ai sdk 7 file",
        "video",
        MP4,
        lambda data: [{"type": "file", "mediaType": MP4, "data": {"type": "data", "data": data}}],
    ),
    *(
        Spelling(f"ai sdk {name} of a tool", "image", PNG, tool_output(name))
        for name in ("media", "image-data", "file-data")
    ),
    *(
        Spelling(f"langchain v0 {kind}", expected, media_type, langchain_v0(kind, media_type))
        for kind, expected, media_type in (
            ("image", "image", PNG),
            ("audio", "audio", WAV),
            ("file", "document", PDF),
        )
    ),
    *(
        Spelling(f"langchain v1 {kind}", expected, media_type, langchain_v1(kind, media_type))
        for kind, expected, media_type in (
            ("image", "image", PNG),
            ("audio", "audio", WAV),
            ("video", "video", MP4),
            ("file", "document", PDF),
        )
    ),
    Spelling(
        "langchain v1 bare image", "image", "", lambda data: [{"type": "image", "base64": data}]
    ),
    Spelling(
        "pydantic-ai binary",
        "image",
        PNG,
        lambda data: {
            "kind": "request",
            "parts": [
                {
                    "part_kind": "user-prompt",
                    "content": ["See", {"kind": "binary", "data": data, "media_type": PNG}],
                }
            ],
        },
    ),
    Spelling(
        "mcp image", "image", PNG, lambda data: [{"type": "image", "data": data, "mimeType": PNG}]
    ),
    Spelling(
        "mcp audio", "audio", WAV, lambda data: [{"type": "audio", "data": data, "mimeType": WAV}]
    ),
    Spelling(
        "mcp resource",
        "document",
        PDF,
        lambda data: [
            {"type": "resource", "resource": {"uri": "file:///a", "mimeType": PDF, "blob": data}}
        ],
    ),
    Spelling(
        "bedrock image",
        "image",
        PNG,
        lambda data: [{"image": {"format": "png", "source": {"bytes": data}}}],
    ),
    Spelling(
        "bedrock document",
        "document",
        PDF,
        lambda data: [{"document": {"format": "pdf", "name": "a", "source": {"bytes": data}}}],
    ),
    Spelling(
        "mistral input_audio",
        "audio",
        "",
        lambda data: [{"type": "input_audio", "input_audio": data}],
    ),
    Spelling(
        "mistral document_url",
        "document",
        PDF,
        lambda data: [{"type": "document_url", "document_url": _pdf(data)}],
    ),
    Spelling(
        "vllm video_url",
        "video",
        MP4,
        lambda data: [{"type": "video_url", "video_url": {"url": _mp4(data)}}],
    ),
    Spelling(
        "ollama images",
        "image",
        "",
        lambda data: {"role": "user", "content": "See", "images": [data]},
    ),
]

BY_REFERENCE = {
    "anthropic url": [{"type": "image", "source": {"type": "url", "url": "https://a.org/b"}}],
    "anthropic file": [{"type": "image", "source": {"type": "file", "file_id": "f"}}],
    "openai image_url": [{"type": "image_url", "image_url": {"url": "https://a.org/b"}}],
    "responses file": [{"type": "input_image", "file_id": "f"}],
    "responses screenshot": {"type": "computer_screenshot", "file_id": "f"},
    "gemini file": {"parts": [{"file_data": {"file_uri": "gs://a/b", "mime_type": PNG}}]},
    "gemini file, camel case": {"parts": [{"fileData": {"fileUri": "gs://a/b", "mimeType": PNG}}]},
    "ai sdk file": {"parts": [{"type": "file", "mediaType": PNG, "url": "https://a.org/b"}]},
    "ai sdk image": [{"type": "image", "image": "https://a.org/b"}],
    "ai sdk result": [{"type": "image-file-id", "fileId": "f"}],
    "langchain url": [{"type": "image", "url": "https://a.org/b"}],
    "langchain file": [{"type": "image", "file_id": "f"}],
    "pydantic-ai url": {"parts": [{"content": [{"kind": "image-url", "url": "https://a.org/b"}]}]},
    "mcp link": [{"type": "resource_link", "uri": "file:///a", "name": "a", "mimeType": PNG}],
}
"""Images that are not inline."""


def encoded(value: Any) -> bytes:
    """Return compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def base64_of(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode()
