"""Types: what a checker says of programs that use the client."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "typed" / "program.py"


def test_right_use_is_let_through_and_every_mistake_is_seen(tmp_path):
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--warn-unused-ignores",
            "--config-file=",
            f"--cache-dir={tmp_path}",
            "--follow-imports=silent",
            PROGRAM,
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout
