"""The gates themselves: one that stops refusing was switched off unnoticed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
BADLY_MADE = Path(__file__).with_name("badly_made.py")
BIN = Path(sys.executable).parent


def run(*command, cwd=TOP, **kwargs):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **kwargs)


def test_ruff_refuses_every_violation_in_the_badly_made_file():
    source = BADLY_MADE.read_text()
    expected = {
        (number, code)
        for number, line in enumerate(source.splitlines(), 1)
        if "# expect: " in line
        for code in line.rpartition("# expect: ")[2].split()
    }
    ruff = run(
        *(BIN / "ruff", "check", "--no-cache", "--ignore-noqa", "--output-format", "json"),
        *("--stdin-filename", "src/dialoguedb/badly_made.py", "-"),
        input=source,
    )
    found = {
        (violation["location"]["row"], violation["code"]) for violation in json.loads(ruff.stdout)
    }
    assert expected - found == set()


def test_mypy_is_strict(tmp_path):
    untyped = tmp_path / "untyped.py"
    untyped.write_text("def shout(text): return text.upper()")
    mypy = run(BIN / "mypy", "--cache-dir", tmp_path / "cache", untyped)
    assert "[no-untyped-def]" in mypy.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("errors.py", "from dialoguedb import model", "Imports point inward"),
        ("model/__init__.py", "import starlette", "The core knows no framework, driver or socket"),
        ("service/__init__.py", "import apsw", "The core knows no framework, driver or socket"),
        ("http/__init__.py", "import apsw", "HTTP reaches data only through the service"),
        (
            "store/sqlite/engine.py",
            "from dialoguedb.store.postgres import index",
            "Engines know nothing of each other",
        ),
        (
            "bootstrap/engine.py",
            "import asyncpg",
            "Drivers are used by their engines alone",
        ),
        ("somewhere_new.py", "", "Imports point inward"),
    ],
)
def test_import_linter_refuses_a_step_out_of_line(tmp_path, module, line, contract):
    shutil.copytree(TOP / "src", tmp_path / "src")
    with (tmp_path / "src" / "dialoguedb" / module).open("a") as file:
        file.write(f"\n{line}\n")
    linter = run(
        *(BIN / "lint-imports", "--config", TOP / "pyproject.toml", "--no-cache"),
        cwd=tmp_path / "src",
        env={"PYTHONPATH": str(tmp_path / "src"), "PYTHONUTF8": "1"},
    )
    assert f"{contract} BROKEN" in linter.stdout
    assert linter.returncode != 0


def pins(lock):
    text = (TOP / "requirements" / lock).read_text().replace(" \\\n    --hash", " --hash")
    return [line for line in text.splitlines() if not line.startswith("#")]


LOCKS = ["build.txt", "runtime.txt", "dev.txt", "integrations.txt", "formats.txt", "templates.txt"]
HASHED = {"formats.txt", "templates.txt"}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_path(lock):
    hashes = r"( --hash=sha256:[0-9a-f]{64})+" if lock in HASHED else ""
    for pin in pins(lock):
        assert re.fullmatch(rf"[a-z0-9-]+==[0-9][\w.+!]*( ; [\w.<>=!'() -]+)?{hashes}", pin)


@pytest.mark.parametrize("lock", ["build.txt", "runtime.txt"])
def test_what_is_run_is_what_is_tested(lock):
    tested = {pin.partition(" ; ")[0] for pin in pins("dev.txt")}
    assert {pin.partition(" ; ")[0] for pin in pins(lock)} - tested == set()
