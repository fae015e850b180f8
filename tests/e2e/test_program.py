"""The program as a process: how it is found, what it loads, its streams and arguments."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

from dialoguedb.cli import COMMANDS


def test_the_version_is_told(room):
    assert room.run("--version").out == f"dialoguedb {version('dialoguedb')}\n"


def test_the_package_runs_as_a_module(room):
    words = [sys.executable, "-m", "dialoguedb", "--version"]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    assert done.stdout == room.run("--version").out


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "serve"])
def test_only_serve_loads_the_web_server(name):
    program = (
        "import sys, click; from dialoguedb.cli import main;"
        f"main.get_command(click.Context(main), {name!r});"
        "print({'uvicorn', 'starlette', 'prometheus_client', 'trustme'} & set(sys.modules))"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    assert done.stdout == "set()\n"


def test_arguments_that_are_no_text_end_with_code_2(room):
    for words in (["keys", "create", "--name"], ["projects", "show"], ["check", "--data"]):
        assert room.run(*words, "\udcff").code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_told_in_one_line(filled):
    with Path("/dev/full").open("w") as full:
        ended = filled.run("keys", "list", stdout=full)
    assert ended.code == 1
    assert ended.err == "Error: [Errno 28] No space left on device\n"


def test_into_a_pipe_names_are_utf8_whatever_the_locale(filled):
    made = filled.run(
        "keys", "create", "--project", "acme", "--name", "é", PYTHONIOENCODING="ascii"
    )
    assert made.record["name"] == "é"


def test_keys_made_together_before_the_first_start_are_all_of_one_project(room):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: room.run("keys", "create").record, range(4)))
    assert len({record["projectId"] for record in made}) == 1
