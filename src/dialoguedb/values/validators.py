"""Validators of received values that several nouns share."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Raw, Struct, UnsetType

from dialoguedb.values import limits, rawjson, timestamps
from dialoguedb.values.validation_errors import ValidationErrors

FieldValidators = Mapping[str, Callable[[Any, str, ValidationErrors], object]]
"""What a type cannot express: a validator of the value, its path and the errors, by field name."""


def value_or_none(value: str | UnsetType | None) -> str | None:
    """Return an optional field's value, None when it was left out or null."""
    return value if isinstance(value, str) else None


def validate_metadata(raw: Raw | UnsetType, path: str, errors: ValidationErrors) -> bytes:
    """Return metadata as compact JSON, noting validation errors."""
    metadata = validate_object(raw, path, errors)
    if len(metadata) > limits.METADATA_BYTES_MAX:
        errors.too_large(path, f"{path} exceeds {limits.METADATA_BYTES_MAX} bytes")
    return metadata


def validate_state(raw: Raw | UnsetType, path: str, errors: ValidationErrors) -> bytes:
    """Return a state as compact JSON, noting validation errors."""
    state = validate_object(raw, path, errors)
    check_state_size(state, path, errors)
    return state


def check_state_size(state: bytes, path: str, errors: ValidationErrors) -> None:
    """Note an error when a state is too large."""
    if len(state) > limits.STATE_BYTES_MAX:
        message = f"{path} exceeds {limits.STATE_BYTES_MAX} bytes"
        errors.too_large(path, message, "STATE_TOO_LARGE")


def validate_object(raw: Raw | UnsetType, path: str, errors: ValidationErrors) -> bytes:
    """Return a JSON object as compact JSON; `{}` when it was left out or null."""
    if not isinstance(raw, Raw) or rawjson.is_null(raw):
        return b"{}"
    value = rawjson.compact(raw)
    if value[:1] != b"{":
        errors.invalid(path, f"{path} must be a JSON object")
    return value


def validate_timestamp(
    text: str | UnsetType | None, path: str, errors: ValidationErrors
) -> str | None:
    """Return a received timestamp in the stored form, noting an error when it is not one."""
    if not isinstance(text, str):
        return None
    try:
        return timestamps.parse(text)
    except ValueError as error:
        errors.invalid(path, f"{path}: {error}")
        return None


def check_write_once(change: Struct, fields: tuple[str, ...], errors: ValidationErrors) -> None:
    """Note an error for each field of a PUT that can never change."""
    for field in fields:
        value = getattr(change, field)
        if isinstance(value, Raw) and not rawjson.is_null(value):
            errors.invalid(field, f"{field} cannot be changed after creation")
