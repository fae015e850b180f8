"""Rows are structs: what is selected is named by their fields, so that rows are read by name."""

from msgspec import Struct


def columns_of(row: type[Struct], **renamed: str) -> str:
    """Return the columns of table `r` that make a row; `renamed` are those with another name."""
    return ", ".join(renamed.get(name, f"r.{name}") for name in row.__struct_fields__)


def changed(former: Struct, after: Struct) -> dict[str, object]:
    """Return the fields of a row that differ from the former one, with their new values."""
    return {
        name: value
        for name in after.__struct_fields__
        if (value := getattr(after, name)) != getattr(former, name)
    }
