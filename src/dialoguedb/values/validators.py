"""Checks of received values that the nouns share."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Raw, Struct, UnsetType

from dialoguedb.values import limits, rawjson, timestamps
from dialoguedb.values.validation_errors import ValidationErrors

FieldValidators = Mapping[str, Callable[[Any, str, ValidationErrors], object]]
"""What a type cannot say of its fields, by their names."""


def value_or_none(value: str | UnsetType | None) -> str | None:
    """Return an optional field's value, None when it was left out or null."""
    return value if isinstance(value, str) else None


def validate_metadata(raw: Raw | UnsetType, place: str, errors: ValidationErrors) -> bytes:
    """Return metadata in compact form, noting what is wrong with it."""
    metadata = validate_object(raw, place, errors)
    if len(metadata) > limits.METADATA_BYTES_MAX:
        errors.too_large(place, f"{place} exceeds {limits.METADATA_BYTES_MAX} bytes")
    return metadata


def validate_state(raw: Raw | UnsetType, place: str, errors: ValidationErrors) -> bytes:
    """Return a state in compact form, noting what is wrong with it."""
    state = validate_object(raw, place, errors)
    check_state_size(state, place, errors)
    return state


def check_state_size(state: bytes, place: str, errors: ValidationErrors) -> None:
    """Note when a state is too large."""
    if len(state) > limits.STATE_BYTES_MAX:
        message = f"{place} exceeds {limits.STATE_BYTES_MAX} bytes"
        errors.too_large(place, message, "STATE_TOO_LARGE")


def validate_object(raw: Raw | UnsetType, place: str, errors: ValidationErrors) -> bytes:
    """Return a JSON object in compact form; `{}` when it was left out or null."""
    if not isinstance(raw, Raw) or bytes(raw) == b"null":
        return b"{}"
    value = rawjson.compact(raw)
    if value[:1] != b"{":
        errors.invalid(place, f"{place} must be a JSON object")
    return value


def validate_timestamp(
    text: str | UnsetType | None, place: str, errors: ValidationErrors
) -> str | None:
    """Return a received timestamp in the stored form, noting when it is none."""
    if not isinstance(text, str):
        return None
    try:
        return timestamps.parse(text)
    except ValueError as error:
        errors.invalid(place, f"{place}: {error}")
        return None


def check_write_once(change: Struct, fields: tuple[str, ...], errors: ValidationErrors) -> None:
    """Note each field in a PUT that can never change."""
    for field in fields:
        value = getattr(change, field)
        if isinstance(value, Raw) and bytes(value) != b"null":
            errors.invalid(field, f"{field} cannot be changed after creation")
