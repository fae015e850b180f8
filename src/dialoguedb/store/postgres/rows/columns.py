"""What statements say of columns; a placeholder has its number."""


def assignments(*columns: str, first: int = 1) -> str:
    """Return what a SET of columns says; `first` is the number of its first placeholder."""
    return ", ".join(f"{column} = ${index}" for index, column in enumerate(columns, first))


def placeholders(count: int, first: int = 1) -> str:
    """Return the placeholders for a list of values."""
    return ", ".join(f"${index}" for index in range(first, first + count))
