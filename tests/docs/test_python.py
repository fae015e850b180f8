"""The page on Python is one program, run as it stands beside a server."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.test_readme import blocks
from tests.e2e.programs import Room

INHERITED = ("PATH", "PYTHONPATH")
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "python.md"


def promised(program):
    """Return the lines that comments say are printed: behind a print, or alone in a line below."""
    marks = re.compile(r"^ +# (.*)|print\(.*\)  # (.*)$")
    found = [marks.search(line) for line in program.splitlines()]
    return [mark[1] or mark[2] for mark in found if mark]


def test_the_program_prints_what_its_comments_say(tmp_path):
    program = "\n".join(blocks(PAGE, "python"))
    assert len(promised(program)) > 12
    with Room(tmp_path).serving() as serving:
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={
                **{name: os.environ[name] for name in INHERITED if name in os.environ},
                "DIALOGUEDB_ENDPOINT": serving.url,
                "DIALOGUEDB_API_KEY": serving.first_key,
            },
            text=True,
        )
    assert done.stderr == ""
    assert done.stdout.splitlines() == promised(program)
