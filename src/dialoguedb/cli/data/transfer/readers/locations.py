"""Where programs keep their conversations on a machine."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct


class Location(Struct, frozen=True):
    """A directory of a program."""

    directory: Path
    usual: str
    """Where below a user's home it is unless the user chose another one."""

    patterns: tuple[str, ...]
    """The files below it that hold conversations."""

    def is_above(self, file: Path) -> bool:
        """Tell whether a file is in the directory, or in one that is called like it."""
        return self.holds(file) is not None

    def holds(self, file: Path) -> bool | None:
        """Tell whether a file is one that holds conversations; None when it is somewhere else."""
        usual = Path(self.usual).parts
        for folder in file.parents:
            if folder == self.directory or folder.parts[-len(usual) :] == usual:
                parts = file.relative_to(folder).parts
                return any(_fits(parts, pattern.split("/")) for pattern in self.patterns)
        return None


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))


class Machine(Struct, frozen=True):
    """A user's home, and the variables of the environment, which move what programs keep."""

    home: Path
    variables: Mapping[str, str]

    def location(
        self, usual: str, patterns: tuple[str, ...], variable: str = "", below: str = ""
    ) -> Location:
        """Return a location that is below the directory that a variable names, if it is set."""
        named = self.named(variable)
        return Location(named / below if named else self.home / usual, usual, patterns)

    def named(self, variable: str) -> Path | None:
        """Return the directory that a variable names; None when it names none."""
        value = self.variables.get(variable, "").strip()
        return Path(value).expanduser().absolute() if value else None


Locations = Callable[[Machine], list[Location]]
"""Takes a machine; returns where a program keeps its conversations there."""
