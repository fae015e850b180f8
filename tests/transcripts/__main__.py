"""Runs real programs against a scripted model, and imports what they keep (`make transcripts`)."""

import argparse
import sys
from pathlib import Path

import click
import msgspec

from tests.transcripts import page
from tests.transcripts.programs import (
    claude_code,
    cline,
    codex,
    gemini_cli,
    llm,
    opencode,
    opentelemetry,
    pi,
    pydantic_ai,
    qwen_code,
)
from tests.transcripts.running import Result, run
from tests.transcripts.situations import SITUATIONS

_MODULES = (codex, claude_code, gemini_cli, qwen_code, opencode, pi, llm, cline)
_LIBRARIES = (pydantic_ai, opentelemetry)
_PROGRAMS = {one.PROGRAM.name: one.PROGRAM for one in (*_MODULES, *_LIBRARIES)}
_BUILD = Path("build/transcripts").absolute()
_RESULTS = _BUILD / "results.json"
_PAGE = Path("bench/transcripts-results.md")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.transcripts", description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="program", help=", ".join(_PROGRAMS))
    parser.add_argument("--situation", choices=SITUATIONS, action="append")
    options = parser.parse_args()
    is_wrong = False
    for name in options.programs or _PROGRAMS:
        for situation in options.situation or SITUATIONS:
            result = run(_PROGRAMS[name], situation, _BUILD, _BUILD / "runs")
            is_wrong |= bool(result.wrong)
            _keep(result)
            click.echo(f"{name} | {situation} | {page.shown(result)}")
    sys.exit(is_wrong)


def _keep(result: Result) -> None:
    """Keep the last result of each program and situation, and write the page when all are there."""
    before = (
        msgspec.json.decode(_RESULTS.read_bytes(), type=list[Result]) if _RESULTS.exists() else []
    )
    found = {(one.program, one.situation): one for one in [*before, result]}
    _RESULTS.write_bytes(msgspec.json.encode(list(found.values())))
    if all((name, situation) in found for name in _PROGRAMS for situation in SITUATIONS):
        page.write(found, list(_PROGRAMS.values()), _PAGE)


if __name__ == "__main__":
    _main()
