"""Findings as a table on the terminal and as a page of Markdown."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.findings import Finding
from bench.machine import described
from bench.plan import CONNECTIONS, Plan

_COLUMNS = ("measure", "what", "figure", "goal", "", "made of")


def show(findings: list[Finding], console: Console) -> None:
    """Print one table of all findings."""
    table = Table(*_COLUMNS)
    for finding in findings:
        table.add_row(*_cells(finding))
    console.print(table)


def write(findings: list[Finding], plan: Plan, file: Path) -> None:
    """Write the findings, the method and the machine to a file."""
    file.write_text("\n".join(_page(findings, plan)) + "\n")


def _cells(finding: Finding) -> tuple[str, ...]:
    goal = "" if finding.goal is None else str(finding.goal)
    made_of = finding.detail
    return finding.measure, finding.what, finding.shown, goal, finding.verdict, made_of


def _page(findings: list[Finding], plan: Plan) -> Iterator[str]:
    yield f"# Results of a {plan.name} run"
    yield ""
    yield "Written by `python -m bench`; what each measure does stands in [README.md](README.md)."
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{'---|' * len(_COLUMNS)}"
    for finding in findings:
        yield f"| {' | '.join(_cells(finding))} |"
    yield ""
    yield "## Method"
    yield ""
    yield (
        f"{plan.rounds} rounds, in each of which ours and its baseline take turns of up to "
        f"{plan.seconds:g} s; a ratio is the median of the rounds' ratios, a rate the median of "
        f"the rounds' rates. Load on {CONNECTIONS} keep-alive connections over loopback from a "
        "process of its own. Every server is started as an operator would, with its defaults: "
        "keys, limits and quotas checked, `synchronous=FULL`."
    )
    yield ""
    yield "## Machine"
    yield ""
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}."
    yield ""
    for what, is_what in described():
        yield f"- {what}: {is_what}"
