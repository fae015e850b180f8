"""What statements say of columns."""


def assignments(*columns: str) -> str:
    """Return what a SET of columns says."""
    return ", ".join(f"{column} = ?" for column in columns)
