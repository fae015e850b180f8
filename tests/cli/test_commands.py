"""The commands as a whole: their help, their settings, and what they cost."""

import click
import pytest

from dialoguedb.cli import COMMANDS, main

SUBCOMMANDS = [[]] + [
    [name, *([sub] if sub else [])]
    for name in COMMANDS
    for sub in ["", *getattr(main.get_command(click.Context(main), name), "commands", {})]
]


@pytest.mark.parametrize("words", SUBCOMMANDS, ids=" ".join)
def test_every_command_has_help(room, words):
    ended = room.run(*words, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"Usage: {' '.join(['dialoguedb', *words])}")


def test_help_may_be_asked_for_briefly(room):
    assert room.run("keys", "create", "-h").out == room.run("keys", "create", "--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_fits_their_modules(name):
    command = main.get_command(click.Context(main), name)
    assert command
    assert command.name == name
    assert COMMANDS[name][1].endswith(".")


def test_no_command_at_all_shows_the_help(room):
    ended = room.run()
    assert ended.code == 2
    assert "Commands:" in ended.err


def test_an_unknown_command_ends_with_code_2(room):
    assert room.run("server").code == 2


# --- Settings, as each source brings them -------------------------------------------------------


def made_in(room, *words, **variables):
    """Run a command that makes data, and return the directory it made."""
    ended = room.run("projects", "create", "acme", *words, **variables)
    assert ended.code == 0, ended.err
    return ended.err.removeprefix("Created a new data directory: ").strip()


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(room):
    assert made_in(room) == "dialoguedb-data"
    (room.directory / "dialoguedb.toml").write_text('data = "from-file"')
    assert made_in(room) == "from-file"
    assert made_in(room, DIALOGUEDB_DATA="from-environment") == "from-environment"
    assert made_in(room, "--data", "from-flag", DIALOGUEDB_DATA="other") == "from-flag"


def test_a_file_is_named_by_flag_or_environment(room):
    for name in ("a", "b"):
        (room.directory / f"{name}.toml").write_text(f'data = "from-{name}"')
    assert made_in(room, DIALOGUEDB_CONFIG="a.toml") == "from-a"
    assert made_in(room, "--config", "b.toml", DIALOGUEDB_CONFIG="a.toml") == "from-b"


def test_the_database_can_lie_outside_the_data_directory(room):
    assert made_in(room, "--database", "sqlite:elsewhere") == "elsewhere"
    assert made_in(room, DIALOGUEDB_DATABASE=f"sqlite://{room.directory}/there").endswith("/there")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('colour = "red"', "dialoguedb.toml: there is no setting 'colour'"),
        ("Port = 1", "dialoguedb.toml: there is no setting 'Port'; did you mean 'port'?"),
        ("log_level = 1", "there is no setting 'log_level'; did you mean 'log-level'?"),
        ("port = 70000", "dialoguedb.toml: port: '70000' is not a port from 0 to 65535"),
        ('port = "80"', "dialoguedb.toml: port has to be a port from 0 to 65535"),
        ("port = ", "dialoguedb.toml is not TOML: "),
        ('cors-origin = "*"', "dialoguedb.toml: cors-origin has to be an array of strings"),
        ("rate-limits = 1", "dialoguedb.toml: rate-limits has to be true or false"),
    ],
)
def test_a_bad_file_is_told_with_its_place(room, text, complaint):
    (room.directory / "dialoguedb.toml").write_text(text)
    ended = room.run("keys", "list")
    assert ended.code == 1
    assert complaint in ended.error


def test_a_file_that_is_named_has_to_be_there(room):
    ended = room.run("keys", "list", "--config", "none.toml")
    assert ended.code == 1
    assert ended.error == "none.toml: No such file or directory"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("DATA", "\udcff", "DIALOGUEDB_DATA: '\\udcff' is not a directory"),
        ("PORT", "many", "DIALOGUEDB_PORT: 'many' is not a port from 0 to 65535"),
        ("LOG_LEVEL", "loud", "DIALOGUEDB_LOG_LEVEL: 'loud' is not one of debug, info, "),
        ("TRUSTED_PROXY", "::1,near", "DIALOGUEDB_TRUSTED_PROXY: 'near' is not an address range"),
        ("DATABASE", "mysql://root:secret@db/x", "DIALOGUEDB_DATABASE: a 'mysql' database is not"),
    ],
)
def test_a_bad_variable_is_told_by_name(room, name, text, complaint):
    ended = room.run("serve", **{f"DIALOGUEDB_{name}": text})
    assert ended.code == 1
    assert ended.error.startswith(complaint)
    assert "secret" not in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ["--port", "70000"],
        ["--metrics-address", "here"],
        ["--trusted-proxy", "10.0.0.0/40"],
        ["--cors-origin", "example.com"],
        ["--log-level", "loud"],
        ["--shutdown-timeout", "-1"],
        ["--database", "mysql:x"],
        ["--host", ""],
        ["--data", ""],
        ["--colour", "red"],
    ],
    ids=" ".join,
)
def test_a_bad_flag_is_a_wrong_use(room, words):
    ended = room.run("serve", *words)
    assert ended.code == 2
    assert words[0] in ended.err
