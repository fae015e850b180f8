"""The types of single fields, shared by requests, responses and the OpenAPI document."""

from typing import Annotated, Literal

from msgspec import Meta, Raw

from dialoguedb.values import limits

_END = r"(?![\s\S])"  # `$` would let a final line feed through
WELL_FORMED = rf"^[^\x00]*{_END}"
"""Texts that are not content: whatever engine keeps them, U+0000 is refused."""

_FORBIDDEN = r"\x00-\x1f\x7f-\x9f/\\?#%"

Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.NAME_CHARS_MAX,
        pattern=rf"^(?!\.{{1,2}}{_END})(?! )[^{_FORBIDDEN}]*[^{_FORBIDDEN} ]{_END}",
        description=(
            "An id: no control characters, none of / \\ ? # %, no outer spaces, not `.` or `..`."
        ),
        examples=["dlg_abc123"],
    ),
]
Namespace = Annotated[
    str,
    Meta(
        max_length=limits.NAME_CHARS_MAX,
        pattern=rf"^[^\x00-\x1f\x7f-\x9f]*{_END}",
        description="A namespace, such as one of your users; no control characters.",
        examples=["user_789"],
    ),
]
Label = Annotated[
    str,
    Meta(
        max_length=limits.NAME_CHARS_MAX,
        pattern=WELL_FORMED,
        description="A title for people.",
        examples=["Order 17"],
    ),
]
Name = Annotated[
    str,
    Meta(
        max_length=limits.NAME_CHARS_MAX,
        pattern=WELL_FORMED,
        description="Who speaks.",
        examples=["Ada"],
    ),
]
Role = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.NAME_CHARS_MAX,
        pattern=WELL_FORMED,
        description="`user`, `assistant`, `system`, `tool` or your own.",
        examples=["user"],
    ),
]
Description = Annotated[
    str,
    Meta(
        max_length=limits.DESCRIPTION_CHARS_MAX,
        pattern=WELL_FORMED,
        description="What the memory is for.",
    ),
]
Tag = Annotated[str, Meta(max_length=limits.TAG_CHARS_MAX, pattern=WELL_FORMED)]
Tags = Annotated[
    list[Tag],
    Meta(max_length=limits.TAGS_MAX, description="Labels to filter by.", examples=[["vip"]]),
]
Timestamp = Annotated[
    str,
    Meta(
        description="ISO 8601; without a zone it is UTC; cut to milliseconds.",
        examples=["2025-11-06T21:34:21.117Z"],
    ),
]
TokenCount = Annotated[
    int,
    Meta(
        ge=0,
        description="Tokens in a model's window, counted when stored; an estimate for most models.",
        examples=[12],
    ),
]

Content = Annotated[
    Raw,
    Meta(
        description="A non-empty string, object, or array of objects; it comes back as sent.",
        extra_json_schema={
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "object", "minProperties": 1},
                {"type": "array", "items": {"type": "object"}, "minItems": 1},
            ],
            "examples": ["Hello!"],
        },
    ),
]
JsonObject = Annotated[
    Raw,
    Meta(
        description="Any JSON object; it comes back as sent.",
        extra_json_schema={"type": "object", "examples": [{"plan": "pro"}]},
    ),
]
JsonValue = Annotated[
    Raw,
    Meta(
        description="Any JSON value; it comes back as sent.",
        extra_json_schema={"examples": ["Prefers email"]},
    ),
]
StoredTags = Annotated[
    Raw, Meta(description="Tags.", extra_json_schema={"type": "array", "items": {"type": "string"}})
]
ValidFrom = Annotated[
    str,
    Meta(
        description="Since when it is true, an ISO 8601 time; from ever when not given.",
        examples=["2026-03-01T00:00:00.000Z"],
    ),
]
ValidTo = Annotated[
    str,
    Meta(
        description="Until when it is true, exclusive.",
        examples=["2026-09-01T00:00:00.000Z"],
    ),
]
ExpiresAt = Annotated[
    str,
    Meta(
        description="From when it is left out, true or not.",
        examples=["2027-01-01T00:00:00.000Z"],
    ),
]
Confidence = Annotated[
    float,
    Meta(ge=0, le=1, description="How sure it is, 0 to 1.", examples=[0.9]),
]
Trust = Annotated[
    Literal["high", "medium", "low"],
    Meta(description="How far whoever it comes from is to be trusted."),
]
AsOf = Annotated[
    str,
    Meta(
        description="The time whose memories are wanted, RFC 3339.",
        examples=["2026-06-30T12:00:00Z"],
    ),
]
Include = Annotated[
    Literal["inactive"],
    Meta(
        description="Whether memories come along that are superseded, expired or not valid at the"
        " time: `inactive`."
    ),
]

Dialect = Literal["openai", "responses", "anthropic", "gemini", "plain"]
"""The spelling of a context window's messages."""

Target = Literal["any", "strict", "no-system"]
"""What reads a window: any model of the API; a chat template that takes one system message, turns
that alternate, and one call at a time; or such a one that knows no system message."""

Unanswered = Literal["drop", "error"]
"""What becomes of a call without a result: it is left out, or gets an error as its result."""
