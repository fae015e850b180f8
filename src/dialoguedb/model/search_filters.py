"""Filters of a search as they are received: tags, and conditions on metadata."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, UnsetType

from dialoguedb.model.search import Condition, Operator, Scalar, TagFilter
from dialoguedb.values import limits, rawjson
from dialoguedb.values.validation_errors import ValidationErrors

_EQUALITIES: dict[str, Operator] = {"$eq": "$in", "$ne": "$nin"}
_LISTS: dict[str, Operator] = {"$in": "$in", "$nin": "$nin"}
_COMPARISONS: dict[str, Operator] = {"$gt": "$gt", "$gte": "$gte", "$lt": "$lt", "$lte": "$lte"}
METADATA_OPERATORS = (*_EQUALITIES, *_LISTS, *_COMPARISONS)

TAG_OPERATORS = {"$in": "any_of", "$all": "all_of", "$nin": "none_of"}
"""Which part of a TagFilter each is."""


def accept_tags(raw: Raw | UnsetType, path: str, errors: ValidationErrors) -> TagFilter:
    """Read a filter by tags, noting what is wrong with it."""
    match _value(raw, path, errors):
        case None:
            return TagFilter()
        case list() as tags:
            return TagFilter(any_of=_tags(tags, path, errors))
        case dict() as operators:
            _check_names(operators, TAG_OPERATORS, path, errors)
            parts = {
                TAG_OPERATORS[name]: _tags(tags, f"{path}.{name}", errors)
                for name, tags in operators.items()
                if name in TAG_OPERATORS
            }
            return TagFilter(**parts)
    errors.invalid(path, f"{path} must be an array of tags, or an object of $in, $all, $nin")
    return TagFilter()


def accept_conditions(
    raw: Raw | UnsetType, path: str, errors: ValidationErrors
) -> tuple[Condition, ...]:
    """Read a filter by metadata, noting what is wrong with it; all conditions are to hold."""
    received = _value(raw, path, errors)
    if received is None:
        return ()
    if not isinstance(received, dict):
        errors.invalid(path, f"{path} must be a JSON object")
        return ()
    conditions: list[Condition] = []
    for key, value in received.items():
        conditions.extend(_conditions(key, value, _inside(path, key), errors))
        if len(conditions) > limits.FILTER_CONDITIONS_MAX:
            message = f"{path} holds more than {limits.FILTER_CONDITIONS_MAX} conditions"
            errors.too_large(path, message)
            break
    return tuple(conditions)


def _conditions(key: str, value: Any, path: str, errors: ValidationErrors) -> Iterator[Condition]:
    if isinstance(value, list):
        yield Condition(key, "$in", _scalars(value, path, errors))
    elif not isinstance(value, dict):
        yield Condition(key, "$in", (value,))
    else:
        _check_names(value, METADATA_OPERATORS, path, errors)
        for name, operand in value.items():
            yield from _operation(key, name, operand, _inside(path, name), errors)


def _operation(
    key: str, name: str, operand: Any, path: str, errors: ValidationErrors
) -> Iterator[Condition]:
    if name in _LISTS:
        yield Condition(key, _LISTS[name], _scalars(operand, path, errors))
    elif name in _EQUALITIES:
        if isinstance(operand, list | dict):
            errors.invalid(path, f"{path} takes a single string, number, boolean or null")
        yield Condition(key, _EQUALITIES[name], (operand,))
    elif name in _COMPARISONS:
        if isinstance(operand, bool) or not isinstance(operand, str | int | float):
            errors.invalid(path, f"{path} takes a number or a string")
        yield Condition(key, _COMPARISONS[name], (operand,))


def _value(raw: Raw | UnsetType, path: str, errors: ValidationErrors) -> Any:
    """Return what was received; None when it was left out, or is null or wrong."""
    if not isinstance(raw, Raw):
        return None
    if rawjson.has_hidden_surrogate(bytes(raw)):
        errors.invalid(path, f"{path} must be well-formed Unicode, without lone surrogates")
        return None
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        errors.invalid(path, f"{path} cannot be read: {error}")
        return None


def _inside(path: str, name: str) -> str:
    """Return the path of a member; the names of members are the caller's own, and may be long."""
    return f"{path}.{name[: limits.NAME_CHARS_MAX]}"


def _check_names(
    operators: dict[str, Any],
    known: tuple[str, ...] | dict[str, str],
    path: str,
    errors: ValidationErrors,
) -> None:
    if not operators:
        errors.invalid(path, f"{path} is empty; use one of {', '.join(known)}")
    for name in operators:
        if name not in known:
            where = _inside(path, name)
            errors.unknown(where, f"{where} is not an operator; use one of {', '.join(known)}")


def _check_count(values: Any, path: str, errors: ValidationErrors) -> list[Any]:
    """Return the values of a list that is neither empty nor too long."""
    if not isinstance(values, list) or not values:
        errors.invalid(path, f"{path} must be an array that is not empty")
        return []
    if len(values) > limits.FILTER_VALUES_MAX:
        message = f"{path} holds more than {limits.FILTER_VALUES_MAX} values"
        errors.too_large(path, message)
        return []
    return values


def _scalars(values: Any, path: str, errors: ValidationErrors) -> tuple[Scalar, ...]:
    counted = _check_count(values, path, errors)
    for index, value in enumerate(counted):
        if isinstance(value, list | dict):
            where = f"{path}[{index}]"
            errors.invalid(where, f"{where} must be a string, number, boolean or null")
    return tuple(counted)


def _tags(tags: Any, path: str, errors: ValidationErrors) -> tuple[str, ...]:
    counted = _check_count(tags, path, errors)
    for index, tag in enumerate(counted):
        if not isinstance(tag, str) or len(tag) > limits.TAG_CHARS_MAX:
            where = f"{path}[{index}]"
            message = f"{where} must be a string of at most {limits.TAG_CHARS_MAX} characters"
            errors.invalid(where, message)
    return tuple(counted)
