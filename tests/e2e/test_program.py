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


def loaded_by(program, *modules):
    """Return which of these modules a program has loaded at its end."""
    program = f"import sys\n{program}\nprint(*sorted({set(modules)} & set(sys.modules)))"
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    return done.stdout.splitlines()[-1].split()


SLOW_TO_LOAD = (
    *("numpy", "rich", "cryptography", "dateparser", "tokenizers", "safetensors"),
    *("wordllama", "huggingface_hub", "importlib.metadata", "httpx2", "tinytag"),
)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "serve"])
def test_only_serve_loads_the_web_server(name):
    program = (
        "import click; from dialoguedb.cli import main\n"
        f"main.get_command(click.Context(main), {name!r})"
    )
    assert not loaded_by(program, "uvicorn", "starlette", "prometheus_client", "trustme")


def test_help_waits_for_nothing_but_the_command_line():
    program = "from dialoguedb.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert not loaded_by(program, "msgspec", "asyncio", "logging", "email", *SLOW_TO_LOAD)


@pytest.mark.parametrize("words", [["keys", "list"], ["projects", "list"], ["check"]])
def test_a_command_loads_what_it_uses(words, filled):
    program = (
        "from dialoguedb.cli import main\n"
        f"try: main({[*words, '--data', str(filled.data)]!r})\n"
        "except SystemExit: pass"
    )
    used = {"check": {"numpy", "cryptography", "tinytag", "tokenizers"}}.get(words[0], {"tinytag"})
    assert set(loaded_by(program, *SLOW_TO_LOAD)) <= used


def test_an_import_of_a_file_loads_neither_numbers_nor_tables(tmp_path):
    talk = tmp_path / "talk.jsonl"
    talk.write_text('{"role": "user", "content": "Hello"}\n')
    program = (
        "from dialoguedb.cli import main\n"
        f"try: main(['import', {str(talk)!r}, '--dry-run', '--endpoint', 'http://127.0.0.1:9',"
        " '--api-key', 'ddb_none'])\n"
        "except SystemExit: pass"
    )
    assert set(loaded_by(program, *SLOW_TO_LOAD)) <= {"httpx2", "importlib.metadata"}  # a client's


def test_the_version_of_the_package_is_a_constant():
    program = "import dialoguedb; assert dialoguedb.__version__"
    assert not loaded_by(program, "importlib.metadata", "msgspec", "asyncio")


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
