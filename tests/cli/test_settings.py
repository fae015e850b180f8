"""Settings: their names and forms in every source, and which source wins."""

from ipaddress import ip_network
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.options import settings_options
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import SETTINGS, Address, Database, Secret, Settings, load

TEXTS = {
    "data": ("~/data", Path("~/data").expanduser()),
    "database": ("sqlite:/srv/chat", Database("sqlite", "/srv/chat")),
    "host": ("[::1]", "::1"),
    "port": ("0", 0),
    "tls_cert": ("cert.pem", Path("cert.pem")),
    "tls_key": ("key.pem", Path("key.pem")),
    "tls_self_signed": ("yes", True),
    "metrics_address": ("[::1]:9090", Address("::1", 9090)),
    "trusted_proxy": ("10.0.0.0/8, ::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
    "cors_origin": ("https://a.example,http://b:1", ("https://a.example", "http://b:1")),
    "rate_limits": ("off", False),
    "access_log": ("1", True),
    "log_level": ("WARNING", "warning"),
    "shutdown_timeout": ("0", 0),
    "embedder": ("none", "none"),
    "embedder_model": ("nomic-embed-text", "nomic-embed-text"),
    "embedder_url": ("http://[::1]:11434/v1/", "http://[::1]:11434/v1"),
    "embedder_key": ("sk-1", Secret("sk-1")),
    "embedder_dimensions": ("512", 512),
    "embedder_query_prefix": ("query: ", "query: "),
    "embedder_document_prefix": ("passage: ", "passage: "),
    "embedder_batch_size": ("16", 16),
    "embedder_timeout": ("5", 5),
    "search_neighbours": ("false", False),
    "summarizer": ("anthropic", "anthropic"),
    "summarizer_model": ("claude-haiku-4-5", "claude-haiku-4-5"),
    "summarizer_url": ("http://[::1]:11434/v1/", "http://[::1]:11434/v1"),
    "summarizer_key": ("sk-2", Secret("sk-2")),
    "summarizer_timeout": ("5", 5),
    "summarizer_tokens": ("500", 500),
    "summarizer_chunk_tokens": ("8000", 8000),
    "summarizer_parallel": ("2", 2),
}


def test_every_setting_is_tried_here():
    assert TEXTS.keys() == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_variable_sets_it(setting):
    text, value = TEXTS[setting.name]
    settings = load({}, {setting.variable: text})
    assert getattr(settings, setting.name) == value


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_an_entry_of_the_file_sets_it(setting, tmp_path):
    text, value = TEXTS[setting.name]
    entry = f'"{text}"'
    if setting.repeated:
        entry = str([part.strip() for part in text.split(",")])
    elif setting.kind is bool:
        entry = str(value).lower()
    elif setting.kind is int:
        entry = str(value)
    file = tmp_path / "settings.toml"
    file.write_text(f"{setting.key} = {entry}")
    assert getattr(load({}, {}, file), setting.name) == value


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_flag_wins_over_all(setting, tmp_path):
    flag = object()
    settings = load({setting.name: flag}, {setting.variable: TEXTS[setting.name][0]})
    assert getattr(settings, setting.name) is flag


def test_without_any_source_the_defaults_hold():
    assert load({}, {"DIALOGUEDB_PORT": ""}) == Settings()


def test_the_variables_of_clients_are_none_of_ours():
    assert load({}, {"DIALOGUEDB_API_KEY": "x", "DIALOGUEDB_ENDPOINT": "y"}) == Settings()


@pytest.mark.parametrize(
    ("text", "directory"),
    [
        ("sqlite:", None),
        ("sqlite:chat", Path("chat")),
        ("sqlite:../chat", Path("../chat")),
        ("sqlite:/srv/chat", Path("/srv/chat")),
        ("sqlite:///srv/chat", Path("/srv/chat")),
        ("sqlite:////srv/chat", Path("/srv/chat")),
    ],
)
def test_the_forms_of_an_sqlite_database(text, directory):
    settings = load({}, {"DIALOGUEDB_DATABASE": text, "DIALOGUEDB_DATA": "data"})
    assert engine_of(settings).address == str(directory or Path("data"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "80x"),
        ("HOST", " "),
        ("METRICS_ADDRESS", "9090"),
        ("METRICS_ADDRESS", ":9090"),
        ("METRICS_ADDRESS", "localhost:"),
        ("TRUSTED_PROXY", "10.0.0.0/33"),
        ("CORS_ORIGIN", "https://a.example/"),
        ("CORS_ORIGIN", "a.example"),
        ("CORS_ORIGIN", "https://"),
        ("ACCESS_LOG", "maybe"),
        ("LOG_LEVEL", "all"),
        ("SHUTDOWN_TIMEOUT", "1.5"),
        ("DATABASE", "chat"),
        ("DATABASE", "postgresql://u:hidden@db/chat"),
        ("EMBEDDER", "word2vec"),
        ("EMBEDDER_MODEL", " "),
        ("EMBEDDER_URL", "127.0.0.1:11434/v1"),
        ("EMBEDDER_URL", "https://u:hidden@a.example/v1"),
        ("EMBEDDER_URL", "https://a.example/v1?key=1"),
        ("EMBEDDER_URL", "http://127.0.0.1:70000/v1"),
        ("EMBEDDER_KEY", "hidden key"),
        ("EMBEDDER_KEY", "hidden\udcff"),
        ("EMBEDDER_DIMENSIONS", "0"),
        ("EMBEDDER_BATCH_SIZE", "0"),
        ("EMBEDDER_TIMEOUT", "0"),
    ],
)
def test_a_bad_value_names_its_source_and_hides_passwords(name, text):
    with pytest.raises(InvalidSetting) as caught:
        load({}, {f"DIALOGUEDB_{name}": text})
    assert caught.value.message.startswith(f"DIALOGUEDB_{name}: ")
    assert "hidden" not in caught.value.message


def test_an_address_is_written_as_in_a_url():
    assert str(Address("127.0.0.1", 80)) == "127.0.0.1:80"
    assert str(Address("::1", 80)) == "[::1]:80"


def test_nothing_shows_a_secret():
    settings = load({}, {"DIALOGUEDB_EMBEDDER_KEY": "sk-hidden"})
    assert settings.embedder_key
    assert settings.embedder_key.text == "sk-hidden"
    for shown in (repr(settings), str(settings.embedder_key), f"{settings}"):
        assert "hidden" not in shown


def test_a_flag_that_does_not_fit_shows_no_secret():
    command = click.Command("any", callback=print)
    command = settings_options("embedder_key")(command)
    ran = CliRunner().invoke(command, ["--embedder-key", "hidden key"])
    assert ran.exit_code == 2
    assert "not a key" in ran.output
    assert "hidden" not in ran.output
