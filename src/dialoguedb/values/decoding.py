"""Decoding received JSON into the model's types, or into one error that lists every violation.

msgspec stops at the first violation, so a body that does not fit is decoded again field by field.
A type may have `validators`, by field name, for what a type cannot express. A type that forbids
unknown fields may have `retired`: the replacements of fields that earlier releases knew.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import FieldInfo

from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.values import limits, rawjson
from dialoguedb.values.long_values import LONG_BYTES, Shortened, count
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request

T = TypeVar("T", bound=Struct)
V = TypeVar("V")

_PATH = re.compile(r" - at `\$(.*)`$")
_TYPE = re.compile(r"`([^`]*)`")
_TYPES = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
}


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(kind: type[T], body: bytes) -> T:
    """Decode a received object; InvalidRequest with every error when it does not fit."""
    received = _Received(kind, body)
    if received.needs_care:
        _raise_errors(kind, received)
    decoder: msgspec.json.Decoder[T] = _decoder(kind)
    try:
        return received.completed(decoder.decode(received.json))
    except msgspec.DecodeError as error:
        _raise_errors(kind, received)
        raise _repeated_name(error, "") from None


def decode_body(kind: type[T], body: bytes) -> T:
    """Decode the body of a request as it arrived; InvalidRequest, InvalidJSON."""
    return decode(kind, rawjson.prepare(body))


def decode_list(kind: type[T], body: bytes, field: str) -> list[T]:
    """Decode a received array of objects; InvalidRequest with every error."""
    received = _Received(kind, body)
    # mypy cannot know a type that is made of an argument.
    decoder: msgspec.json.Decoder[list[T]] = _decoder(list[kind])  # type: ignore[valid-type]
    if not received.needs_care:
        with suppress(msgspec.DecodeError):
            items = decoder.decode(received.json)
            if len(items) <= limits.MESSAGES_PER_REQUEST_MAX:
                return received.completed(items)
    received.check_syntax()
    collector = _Collector(received)
    collector.collect_list(kind, received.json.strip(), field)
    collector.errors.raise_if_any()
    try:
        return received.completed(decoder.decode(received.json))
    except msgspec.DecodeError as error:
        raise _repeated_name(error, field) from None


class _Received:
    """JSON on its way through the decoder; the long strings of a long one go around it."""

    __slots__ = ("_body", "_shortened", "json")

    def __init__(self, kind: type[Struct], body: bytes) -> None:
        self._body = body
        self._shortened: Shortened | None = None
        self.json = body
        if len(body) > LONG_BYTES and _keeps_raw(kind):
            self._shortened = Shortened(body)
            self.json = self._shortened.short

    @property
    def needs_care(self) -> bool:
        """Whether decoding it at once could miss an error, or take much more memory than it."""
        return rawjson.has_hidden_surrogate(self.json) or (
            len(self.json) > LONG_BYTES and count(self.json, b"{") > limits.MESSAGES_PER_REQUEST_MAX
        )

    def check_syntax(self) -> None:
        """Raise InvalidJSON, with the place where it is none."""
        try:
            rawjson.check_syntax(self.json)
        except InvalidJSON:
            rawjson.check_syntax(self._body)
            raise

    def completed(self, decoded: V) -> V:
        """Return what was decoded, with the long strings in the values that stay JSON."""
        return decoded if self._shortened is None else _completed(decoded, self._shortened)


def _completed(decoded: Any, shortened: Shortened) -> Any:
    if isinstance(decoded, Raw):
        return decoded if shortened.is_whole(decoded) else Raw(shortened.whole(decoded))
    if isinstance(decoded, list):
        return [_completed(item, shortened) for item in decoded]
    if isinstance(decoded, Struct):
        for field in decoded.__struct_fields__:
            value = getattr(decoded, field)
            if isinstance(value, Raw | list | Struct):
                msgspec.structs.force_setattr(decoded, field, _completed(value, shortened))
    return decoded


@cache
def _keeps_raw(kind: type[Struct]) -> bool:
    """Tell whether a type has members that stay JSON; only these may be long."""
    types = [field.type for field in msgspec.structs.fields(kind)]
    inner = (_class_within(each, Struct) for each in types)
    return any(_class_within(each, Raw) for each in types) or any(
        map(_keeps_raw, filter(None, inner))
    )


def _raise_errors(kind: type[Struct], received: _Received) -> None:
    received.check_syntax()
    collector = _Collector(received)
    collector.collect(kind, received.json.strip(), "")
    collector.errors.raise_if_any()


class _Collector:
    """Notes every error of received JSON, field by field."""

    def __init__(self, received: _Received) -> None:
        self._received = received
        self.errors = ValidationErrors()

    def collect(self, kind: type[Struct], value: bytes, path: str) -> None:
        """Note every error of one object, field by field."""
        if value[:1] != b"{":
            self.errors.invalid(path.rstrip(".") or "body", "A JSON object is expected here")
            return
        received = _decoder(dict[str, Raw]).decode(value)
        for field in msgspec.structs.fields(kind):
            where = path + field.encode_name
            value = bytes(received.get(field.encode_name, b""))
            if value and (value != b"null" or _may_be_null(field)):
                self._field(kind, field, value, where)
            elif field.required:
                self.errors.missing(where)
            if self.errors.full:
                return
        if kind.__struct_config__.forbid_unknown_fields:
            known = {field.encode_name for field in msgspec.structs.fields(kind)}
            for name in sorted(received.keys() - known):
                replacement = getattr(kind, "retired", {}).get(name)
                reason = (
                    f"is no longer supported; use {replacement}"
                    if replacement
                    else "is not supported here"
                )
                where = path + rawjson.shown(name)[: limits.NAME_CHARS_MAX]
                self.errors.unknown(where, f"{where} {reason}")

    def _field(self, kind: type[Struct], field: FieldInfo, value: bytes, where: str) -> None:
        nested = _class_within(field.type, Struct)
        if nested and value[:1] == b"[" and _is_list(field.type):
            self.collect_list(nested, value, where)
        elif nested and value[:1] == b"{" and not _is_list(field.type):
            self.collect(nested, value, f"{where}.")
        elif rawjson.has_hidden_surrogate(value) and not _class_within(field.type, Raw):
            self.errors.invalid(
                where, f"{where} must be well-formed Unicode, without lone surrogates"
            )
        else:
            self._plain(kind, field, value, where)

    def collect_list(self, kind: type[Struct], value: bytes, where: str) -> None:
        if value[:1] != b"[":
            self.errors.invalid(where, f"{where} must be an array")
            return
        for position, item in enumerate(_items(value.decode())):
            if position == limits.MESSAGES_PER_REQUEST_MAX:
                message = f"{where} holds more than {limits.MESSAGES_PER_REQUEST_MAX} items"
                self.errors.too_large(where, message)
            if self.errors.full or position == limits.MESSAGES_PER_REQUEST_MAX:
                return
            self.collect(kind, item.encode(), f"{where}[{position}].")

    def _plain(self, kind: type[Struct], field: FieldInfo, value: bytes, where: str) -> None:
        try:
            decoded = _decoder(field.type).decode(value)
        except msgspec.ValidationError as error:
            where += _path(error)
            self.errors.invalid(where, _sentence(where, error, field.type))
            return
        check = getattr(kind, "validators", {}).get(field.name)
        if check:
            check(self._received.completed(decoded), where, self.errors)


def _may_be_null(field: FieldInfo) -> bool:
    """Tell whether null is a value or an error, instead of the same as leaving the field out."""
    return not field.required or _class_within(field.type, Raw)


def _items(text: str) -> Iterator[str]:
    """Yield the items of an array one by one, so that a hostile length costs no memory."""
    start = _after_space(text, 1)
    while text[start] != "]":
        _, stop = rawjson.lenient_decoder.raw_decode(text, start)
        yield text[start:stop]
        start = _after_space(text, stop)
        if text[start] == ",":
            start = _after_space(text, start + 1)


def _after_space(text: str, start: int) -> int:
    while text[start] in " \t\r\n":
        start += 1
    return start


def _repeated_name(error: msgspec.DecodeError, where: str) -> InvalidRequest:
    """Return the error for a value that a later one of the same name hides from `_collect`."""
    where = (where + _path(error)).lstrip(".")
    return invalid_request(where, f"{_sentence(where, error)} (the name comes more than once)")


def _path(error: msgspec.DecodeError) -> str:
    """Return the path of an error within the value that was decoded."""
    path = _PATH.search(str(error))
    return path[1] if path else ""


def _sentence(where: str, error: msgspec.DecodeError, kind: Any = None) -> str:
    """Translate a message of msgspec for people."""
    text = _PATH.sub("", str(error))
    if "matching regex" in text:
        return f"{where} holds characters that are not allowed"
    if text.startswith("Invalid enum value") and (choices := _choices(kind)):
        return f"{where} must be one of: {', '.join(choices)}"
    text = _TYPE.sub(lambda types: _type_names(types[1]), text.replace(", got ", ", not "))
    return f"{where} must be {text.removeprefix('Expected ')}"


def _type_names(types: str) -> str:
    return " or ".join(_TYPES.get(name, name) for name in types.split(" | "))


def _choices(kind: Any) -> list[str]:
    """Return the values of a `Literal`, alone or within another type."""
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    return [choice for part in get_args(kind) for choice in _choices(part)]


@cache
def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list or any(get_origin(part) is list for part in get_args(kind))


@cache
def _class_within(kind: Any, base: type) -> Any:
    """Find the first subclass of `base` within a type such as `list[Message] | None`."""
    if isinstance(kind, type) and issubclass(kind, base):
        return kind
    found = (
        _class_within(part, base) for part in get_args(kind) if not isinstance(part, msgspec.Meta)
    )
    return next((part for part in found if part), None)
