"""Findings as a table on the terminal and as a page of Markdown."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.findings import Figures, Finding, Taken
from bench.machine import described
from bench.plan import CONNECTIONS, Plan

_COLUMNS = ("measure", "what", "figure", "goal", "", "made of")


def show(taken: Sequence[Taken], console: Console) -> None:
    """Print one table of all findings, and the other tables below."""
    for figures in (_table_of(_findings(taken)), *_tables(taken)):
        table = Table(*figures.columns, title=figures.title or None, title_justify="left")
        for row in figures.rows:
            table.add_row(*row)
        console.print(table)


def write(taken: Sequence[Taken], plan: Plan, file: Path, method: str) -> None:
    """Write what was taken, the method and the machine to a file."""
    file.write_text("\n".join(_page(taken, plan, method)) + "\n")


def method_of_rounds(plan: Plan) -> str:
    """Say how rates are compared."""
    return (
        f"{plan.rounds} rounds, in each of which ours and its baseline take turns of up to "
        f"{plan.seconds:g} s; a ratio is the median of the rounds' ratios, a rate the median of "
        f"the rounds' rates. Load on {CONNECTIONS} keep-alive connections over loopback from a "
        "process of its own. Every server is started as an operator would, with its defaults: "
        "keys, limits and quotas checked, `synchronous=FULL`; the engine alone differs in that it "
        "indexes nothing and counts no tokens."
    )


def method_of_summaries(plan: Plan) -> str:
    """Say how summaries are compared."""
    del plan
    return (
        "The built-in summarizer with its defaults, in one process, on real conversations that the "
        "project does not hold: each session by itself, to a quarter of its tokens, speakers "
        "counted. Evidence is the messages that answer questions of categories 1 to 4, once for "
        "each question; a message is kept when at least half of its content words are. Its own "
        "sentences are the measure to go by: anywhere, words count that meet by chance. The "
        "constants of the ranking were chosen on four conversations and measured on the fifth, "
        "with each left out in turn: 1.74 times the first 25 % and 2.64 times random turns by "
        "own sentences, spoken words alone; 1.75 and 2.76 with those in use, 1.37 without any."
    )


def _findings(taken: Sequence[Taken]) -> list[Finding]:
    return [one for one in taken if isinstance(one, Finding)]


def _tables(taken: Sequence[Taken]) -> list[Figures]:
    return [one for one in taken if isinstance(one, Figures)]


def _table_of(findings: list[Finding]) -> Figures:
    return Figures("", _COLUMNS, [_cells(finding) for finding in findings])


def _cells(finding: Finding) -> tuple[str, ...]:
    goal = "" if finding.goal is None else str(finding.goal)
    made_of = finding.detail
    return finding.measure, finding.what, finding.shown, goal, finding.verdict, made_of


def _page(taken: Sequence[Taken], plan: Plan, method: str) -> Iterator[str]:
    yield f"# Results of a {plan.name} run"
    yield ""
    yield "Written by `python -m bench`; what each measure does stands in [README.md](README.md)."
    yield ""
    yield from _lines(_table_of(_findings(taken)))
    for figures in _tables(taken):
        yield f"## {figures.title}"
        yield ""
        yield from _lines(figures)
    yield "## Method"
    yield ""
    yield method
    yield ""
    yield "## Machine"
    yield ""
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}."
    yield ""
    for what, is_what in described():
        yield f"- {what}: {is_what}"


def _lines(figures: Figures) -> Iterator[str]:
    yield f"| {' | '.join(figures.columns)} |"
    yield f"|{'---|' * len(figures.columns)}"
    for row in figures.rows:
        yield f"| {' | '.join(row)} |"
    yield ""
