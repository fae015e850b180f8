"""The examples run as they stand, beside a server."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.programs import Room

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(tmp_path):
    """Run an example in a process of its own, against a fresh server."""
    with Room(tmp_path).serving() as serving:

        def run(name, *words):
            done = subprocess.run(
                [sys.executable, str(EXAMPLES / name), *words],
                capture_output=True,
                check=False,
                env={
                    "DIALOGUEDB_API_KEY": serving.first_key,
                    "DIALOGUEDB_ENDPOINT": serving.url,
                },
                text=True,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.splitlines()

        yield run


def test_an_agent_that_talks_for_long_forgets_nothing_and_never_outgrows_its_window(run):
    printed = run("agent_loop.py", "60")
    assert printed[1:61] == [f"Order {n} left on day {n % 28 + 1}." for n in range(1, 61)]
    assert printed[61] == "It is turquoise."
    shown = re.fullmatch(r"(\d+) messages of (\d+) in (\d+) tokens", printed[62])
    assert shown
    assert int(shown[1]) < int(shown[2]) == 1 + 2 + 60 * 4 + 2
    assert int(shown[3]) <= 1_000
