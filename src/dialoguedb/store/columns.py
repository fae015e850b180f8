"""Rows are structs: what is selected is named by their fields, so that rows are read by name."""

from msgspec import Struct


def columns_of(row: type[Struct], **renamed: str) -> str:
    """Return the columns of table `r` that make a row; `renamed` are those with another name."""
    return ", ".join(renamed.get(name, f"r.{name}") for name in row.__struct_fields__)
