"""The machine and the versions that figures were taken on."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import apsw

from bench.load import GENERATOR

_PACKAGES = (
    *("dialoguedb", "uvicorn", "starlette", "msgspec", "uvloop", "httptools", "apsw-sqlite3mc"),
    *("numpy", "wordllama", "tokenizers"),
)
_GIB = 1024**3


def described() -> list[tuple[str, str]]:
    """Name the parts of the machine that the figures depend on."""
    return [
        ("processor", f"{os.cpu_count()} cores, {_processor()}"),
        ("memory", f"{_memory_bytes() / _GIB:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("SQLite", apsw.sqlite_lib_version()),
        ("packages", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)),
        ("load", GENERATOR),
    ]


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", listed.read_text()) if listed.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
