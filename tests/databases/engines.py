"""Every engine that the promises are kept on: what it can, and where it keeps the data of a test.

A server of PostgreSQL is started when a test first asks for it, one for each process of the suite.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.databases.directories import Databases

VERSIONS = {"postgres": 18, "postgres16": 16}
"""The version of PostgreSQL behind each engine that is one."""

SERVED = ["sqlite", *VERSIONS]
"""Those that a server of ours can run on."""

ABILITIES = {
    "sqlite": {"search", "compaction", "files"},
    "postgres": {"search", "compaction", "shared_rates"},
    "postgres16": {"search", "compaction", "shared_rates"},
    "memory": set(),
}
"""What a test may need of its engine; `files` are data in a directory that a test looks into."""

_ELSEWHERE = {"formats"}
"""Folders whose environments have no PostgreSQL: they are about other libraries."""

_started: dict[str, "Databases"] = {}
_running = ExitStack()


def databases_of(engine: str) -> "Databases":
    """Return the databases of a running server."""
    from tests.databases.directories import serving_directories  # noqa: PLC0415 - needs its driver

    if engine not in _started:
        running = serving_directories(VERSIONS[engine])
        _started[engine] = _running.enter_context(running)
    return _started[engine]


def stop_servers() -> None:
    """Stop all that runs."""
    _started.clear()
    _running.close()


def storage_flags(engine: str, directory: Path) -> list[str]:
    """Say where a command on this engine finds the data that a directory stands for."""
    if engine in VERSIONS:
        return databases_of(engine).flags(directory)
    return ["--data", str(directory)]


def embedded_in(engine: str, directory: Path) -> dict[str, Any]:
    """Say where a client without a server finds the data that a directory stands for."""
    if engine in VERSIONS:
        return {"database": databases_of(engine).url_of(directory)}
    return {"path": directory}


def is_for(item: pytest.Item, *, every_version: bool) -> bool:
    """Return whether a test is one for the engine that it was made for."""
    engine = _engine_of(item)
    needed = {need for mark in item.iter_markers("needs") for need in mark.args}
    if needed - ABILITIES[engine]:
        return False
    if engine in VERSIONS and item.path.parent.name in _ELSEWHERE:
        return False
    is_everywhere = every_version or item.get_closest_marker("every_version") is not None
    return is_everywhere or engine != "postgres16"


def _engine_of(item: pytest.Item) -> str:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return str(parameters.get("engine", "sqlite"))
