"""Makes `dialoguedb.client.sync` from `dialoguedb.client.aio`: run it after every change there."""

import re
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[2] / "src" / "dialoguedb" / "client"
SOURCE = CLIENT / "aio"
MADE = CLIENT / "sync"

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
INTRO = {"__init__.py": '"""The SDK for programs without an event loop."""\n'}
RUFF = [sys.executable, "-m", "ruff"]


def made() -> dict[Path, str]:
    """Return the text of every file that there is to be, by its place in the package."""
    return {
        path.relative_to(SOURCE): _made(path.relative_to(SOURCE), path.read_text("utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def _made(place: Path, text: str) -> str:
    text = INTRO.get(str(place), text)
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    for command in (["format"], ["check", "--select", "I,F401", "--fix"]):
        words = [*RUFF, *command, "--quiet", "--stdin-filename", str(MADE / place), "-"]
        run = subprocess.run(words, input=NOTE + text, capture_output=True, check=True, text=True)
        text = run.stdout.removeprefix(NOTE)
    return NOTE + text


def write() -> None:
    """Write every file, and remove those that are no more."""
    files = made()
    for path in MADE.rglob("*.py"):
        if path.relative_to(MADE) not in files:
            path.unlink()
    for place, text in files.items():
        (MADE / place).parent.mkdir(parents=True, exist_ok=True)
        (MADE / place).write_text(text, "utf-8")


if __name__ == "__main__":
    write()
