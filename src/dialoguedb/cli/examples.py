"""The examples at the end of help texts."""


def examples(*pairs: tuple[str, str]) -> str:
    """Return the end of a help text: what one may want, and the command that does it."""
    lines = (f"  {purpose}:\n    {command}" for purpose, command in pairs)
    return "\b\nExamples:\n" + "\n".join(lines)  # \b keeps the lines as they are
