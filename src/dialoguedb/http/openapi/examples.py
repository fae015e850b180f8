"""Examples of responses, composed from the examples of their fields."""

from typing import Any

Json = dict[str, Any]

_OF_TYPES: Json = {"boolean": False, "integer": 1, "null": None, "number": 1.5, "string": "…"}


def example_of(schema: Json, components: Json) -> Any:
    """Return a value that fits a schema."""
    match schema:
        case {"$ref": reference}:
            value = example_of(components[reference.rpartition("/")[2]], components)
        case {"examples": [first, *_]} | {"enum": [first, *_]}:
            value = first
        case {"anyOf": [first, *_]}:
            value = example_of(first, components)
        case {"properties": properties}:
            value = {name: example_of(part, components) for name, part in properties.items()}
        case {"default": default}:
            value = default
        case {"type": "array", "items": items}:
            value = [example_of(items, components)]
        case _:
            value = _OF_TYPES.get(schema.get("type", ""), {})
    return value
