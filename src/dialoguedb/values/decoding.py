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

from dialoguedb.errors import InvalidRequest
from dialoguedb.values import limits, rawjson
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request

T = TypeVar("T", bound=Struct)

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
_LARGE_BYTES = 1024 * 1024


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(kind: type[T], body: bytes) -> T:
    """Decode a received object; InvalidRequest with every error when it does not fit."""
    if rawjson.has_hidden_surrogate(body) or _may_hold_too_many(body):
        _raise_errors(kind, body)
    decoder: msgspec.json.Decoder[T] = _decoder(kind)
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        _raise_errors(kind, body)
        raise _repeated_name(error, "") from None


def decode_body(kind: type[T], body: bytes) -> T:
    """Decode the body of a request as it arrived; InvalidRequest, InvalidJSON."""
    return decode(kind, rawjson.prepare(body))


def decode_list(kind: type[T], body: bytes, field: str) -> list[T]:
    """Decode a received array of objects; InvalidRequest with every error."""
    # mypy cannot know a type that is made of an argument.
    decoder: msgspec.json.Decoder[list[T]] = _decoder(list[kind])  # type: ignore[valid-type]
    if not (rawjson.has_hidden_surrogate(body) or _may_hold_too_many(body)):
        with suppress(msgspec.DecodeError):
            items = decoder.decode(body)
            if len(items) <= limits.MESSAGES_PER_REQUEST_MAX:
                return items
    rawjson.check_syntax(body)
    errors = ValidationErrors()
    _collect_list(kind, body.strip(), field, errors)
    errors.raise_if_any()
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise _repeated_name(error, field) from None


def _may_hold_too_many(body: bytes) -> bool:
    """Tell whether decoding at once could take much more memory than the body itself."""
    return len(body) > _LARGE_BYTES and body.count(b"{") > limits.MESSAGES_PER_REQUEST_MAX


def _raise_errors(kind: type[Struct], body: bytes) -> None:
    rawjson.check_syntax(body)
    errors = ValidationErrors()
    _collect(kind, body.strip(), "", errors)
    errors.raise_if_any()


def _collect(kind: type[Struct], value: bytes, path: str, errors: ValidationErrors) -> None:
    """Note every error of one object, field by field."""
    if value[:1] != b"{":
        errors.invalid(path.rstrip(".") or "body", "A JSON object is expected here")
        return
    received = _decoder(dict[str, Raw]).decode(value)
    for field in msgspec.structs.fields(kind):
        where = path + field.encode_name
        value = bytes(received.get(field.encode_name, b""))
        if value and (value != b"null" or _may_be_null(field)):
            _collect_field(kind, field, value, where, errors)
        elif field.required:
            errors.missing(where)
        if errors.full:
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
            errors.unknown(where, f"{where} {reason}")


def _may_be_null(field: FieldInfo) -> bool:
    """Tell whether null is a value or an error, instead of the same as leaving the field out."""
    return not field.required or _class_within(field.type, Raw)


def _collect_field(
    kind: type[Struct], field: FieldInfo, value: bytes, where: str, errors: ValidationErrors
) -> None:
    nested = _class_within(field.type, Struct)
    if nested and value[:1] == b"[" and _is_list(field.type):
        _collect_list(nested, value, where, errors)
    elif nested and value[:1] == b"{" and not _is_list(field.type):
        _collect(nested, value, f"{where}.", errors)
    elif rawjson.has_hidden_surrogate(value) and not _class_within(field.type, Raw):
        errors.invalid(where, f"{where} must be well-formed Unicode, without lone surrogates")
    else:
        _collect_plain(kind, field, value, where, errors)


def _collect_list(kind: type[Struct], value: bytes, where: str, errors: ValidationErrors) -> None:
    if value[:1] != b"[":
        errors.invalid(where, f"{where} must be an array")
        return
    for position, item in enumerate(_items(value.decode())):
        if position == limits.MESSAGES_PER_REQUEST_MAX:
            message = f"{where} holds more than {limits.MESSAGES_PER_REQUEST_MAX} items"
            errors.too_large(where, message)
        if errors.full or position == limits.MESSAGES_PER_REQUEST_MAX:
            return
        _collect(kind, item.encode(), f"{where}[{position}].", errors)


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


def _collect_plain(
    kind: type[Struct], field: FieldInfo, value: bytes, where: str, errors: ValidationErrors
) -> None:
    try:
        decoded = _decoder(field.type).decode(value)
    except msgspec.ValidationError as error:
        where += _path(error)
        errors.invalid(where, _sentence(where, error, field.type))
        return
    check = getattr(kind, "validators", {}).get(field.name)
    if check:
        check(decoded, where, errors)


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
