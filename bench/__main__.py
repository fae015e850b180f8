"""The command line of the measurements: `python -m bench [--quick] [MEASURE]...`."""

import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from bench import appends, conversations, growth, peer, plan, reads, report
from bench.findings import Finding

_RESULTS = Path(__file__).with_name("results.md")
_COMMAND = str(Path(sys.executable).with_name("dialoguedb"))

_PLAIN_WIDTH = 160

_MEASURES: dict[str, Callable[[plan.Plan], list[Finding]]] = {
    measure.NAME: measure.measure for measure in (appends, reads, growth, peer, conversations)
}


@click.command()
@click.argument("measures", nargs=-1, type=click.Choice(list(_MEASURES)))
@click.option("--quick", is_flag=True, help="Shorter rounds on smaller data; under two minutes.")
@click.option("--results", type=click.Path(path_type=Path), help="Write the report to this file.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Keep data directories here.")
@click.option("--command", default=_COMMAND, help="The dialoguedb command to measure.")
def main(
    measures: tuple[str, ...],
    *,
    quick: bool,
    results: Path | None,
    scratch: Path | None,
    command: str,
) -> None:
    """Measure everything, or the MEASURES named, and print one table.

    A full run of everything also rewrites bench/results.md.
    """
    size = plan.quick if quick else plan.full
    chosen = size(tuple(shlex.split(command)), scratch or plan.cache_directory())
    console = Console() if sys.stdout.isatty() else Console(width=_PLAIN_WIDTH)
    findings = [
        finding for name in measures or _MEASURES for finding in _taken(name, chosen, console)
    ]
    report.show(findings, console)
    whole = not quick and not measures
    if target := results or (_RESULTS if whole else None):
        report.write(findings, chosen, target)
        console.print(f"written to {target}")


def _taken(name: str, chosen: plan.Plan, console: Console) -> list[Finding]:
    began = time.perf_counter()
    try:
        found = _MEASURES[name](chosen)
    except plan.BenchError as error:
        found = [Finding(name, "failed", None, detail=str(error))]
    console.print(f"{name}: {time.perf_counter() - began:.0f} s")
    return found


if __name__ == "__main__":
    main()
