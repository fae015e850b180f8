"""Generates `dialoguedb.client.sync` from `dialoguedb.client.aio`: run it after every change there.

`python -m tools.generate_sync_client`, or `make sync`.
"""

import re
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[1] / "src" / "dialoguedb" / "client"
SOURCE = CLIENT / "aio"
TARGET = CLIENT / "sync"

NOTE = "# Generated from dialoguedb.client.aio by `make sync`; change it there.\n"
RULES = [
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait\s+", ""),
    (r"\bAwaitable\[((?:[^\[\]]|\[[^\[\]]*\])*)\]", r"\1"),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\basync_(?=\w)", ""),
    (r"\baclose\b", "close"),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\bclient\.aio\b", "client.sync"),
]
INTRODUCTION = {"__init__.py": '"""The SDK for programs without an event loop."""\n'}
RUFF = [sys.executable, "-m", "ruff"]


def generated() -> dict[Path, str]:
    """Return the text of every generated file, by its path in the package."""
    return {
        path.relative_to(SOURCE): _generated(path.relative_to(SOURCE), path.read_text("utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def _generated(path: Path, text: str) -> str:
    text = INTRODUCTION.get(str(path), text)
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    for command in (["format"], ["check", "--select", "I,F401", "--fix"]):
        words = [*RUFF, *command, "--quiet", "--stdin-filename", str(TARGET / path), "-"]
        run = subprocess.run(words, input=NOTE + text, capture_output=True, check=True, text=True)  # noqa: S603 - ruff itself
        text = run.stdout.removeprefix(NOTE)
    return NOTE + text


def write() -> None:
    """Write every file, and remove those that have no source any more."""
    files = generated()
    for path in TARGET.rglob("*.py"):
        if path.relative_to(TARGET) not in files:
            path.unlink()
    for path, text in files.items():
        (TARGET / path).parent.mkdir(parents=True, exist_ok=True)
        (TARGET / path).write_text(text, "utf-8")


if __name__ == "__main__":
    write()
