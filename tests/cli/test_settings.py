"""Settings: their names and forms in every source, and which source wins."""

from ipaddress import ip_network
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.options import chosen_settings, settings_options
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import SECRET_FILES, SETTINGS, Address, Database, Secret, Settings, load
from dialoguedb.settings.values import RateLimitStore

TEXTS = {
    "data": ("~/data", Path("~/data").expanduser()),
    "database": ("sqlite:/srv/chat", Database("sqlite", "/srv/chat")),
    "database_password": ("a secret", Secret("a secret")),
    "pooled": ("on", True),
    "workers": ("4", 4),
    "host": ("[::1]", "::1"),
    "port": ("0", 0),
    "tls_cert": ("cert.pem", Path("cert.pem")),
    "encryption_key_file": ("encryption.key", Path("encryption.key")),
    "encryption_key_command": ("kms 'the key'", "kms 'the key'"),
    "tls_key": ("key.pem", Path("key.pem")),
    "tls_self_signed": ("yes", True),
    "metrics_address": ("[::1]:9090", Address("::1", 9090)),
    "trusted_proxy": ("10.0.0.0/8, ::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
    "cors_origin": ("https://a.example,http://b:1", ("https://a.example", "http://b:1")),
    "rate_limits": ("off", False),
    "rate_limit_store": (
        "rediss://user:a%20secret@cache:6380/1",
        RateLimitStore("redis", "rediss://user@cache:6380/1", Secret("a secret")),
    ),
    "redis_password": ("a secret", Secret("a secret")),
    "access_log": ("1", True),
    "upload_memory": ("64", 64),
    "answer_memory": ("128", 128),
    "read_rate": ("16", 16),
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
    "tool_names": ("short", "short"),
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
        ("TOOL_NAMES", "Short"),
        ("EMBEDDER", "any"),
        ("SHUTDOWN_TIMEOUT", "1.5"),
        ("DATABASE", "chat"),
        ("DATABASE", "mysql://u:hidden@db/chat"),
        ("DATABASE", "postgresql:u:hidden@db/chat"),
        ("DATABASE", "postgresql://u:hidden@db:0/chat"),
        ("DATABASE", "postgresql://u:hid#den@db/chat"),
        ("DATABASE", "postgresql://u:hidden@db/chat?sslmode=none"),
        ("DATABASE", "postgresql://u@db/chat?password=hidden"),
        ("DATABASE", "postgresql://u:hidden@[::1/chat"),
        ("DATABASE", "postgresql://u:hidden@db/chat?search_path=x"),
        ("DATABASE_PASSWORD", "hid\0den"),
        ("RATE_LIMIT_STORE", "memory"),
        ("RATE_LIMIT_STORE", "http://u:hidden@cache"),
        ("RATE_LIMIT_STORE", "redis://u:hidden@"),
        ("RATE_LIMIT_STORE", "redis://u:hidden@cache:0x1"),
        ("RATE_LIMIT_STORE", "redis://u:hid#den@cache"),
        ("RATE_LIMIT_STORE", "redis://u:hidden@cache/first"),
        ("RATE_LIMIT_STORE", "redis://cache?password=hidden"),
        ("RATE_LIMIT_STORE", "unix://u:hidden@"),
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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("process", "process"),
        ("database", "database"),
        ("redis://:hidden@cache/3", "redis://cache/3"),
        ("rediss://u:hidden@[::1]:6380?ssl_ca_certs=ca", "rediss://u@[::1]:6380?ssl_ca_certs=ca"),
        ("unix://u:hidden@/run/redis.sock?db=2", "unix://u@/run/redis.sock?db=2"),
    ],
)
def test_the_forms_of_where_rates_are_counted(text, shown):
    store = load({}, {"DIALOGUEDB_RATE_LIMIT_STORE": text}).rate_limit_store
    assert str(store) == shown
    assert "hidden" not in repr(store)
    assert (store.password == Secret("hidden")) == ("hidden" in text)


def test_a_flag_that_does_not_fit_shows_no_secret():
    command = click.Command("any", callback=print)
    command = settings_options("embedder_key")(command)
    ran = CliRunner().invoke(command, ["--embedder-key", "hidden key"])
    assert ran.exit_code == 2
    assert "not a key" in ran.output
    assert "hidden" not in ran.output


# --- Secrets ------------------------------------------------------------------------------------


SECRETS = [setting for setting in SETTINGS if setting.about.is_secret]


def test_each_secret_has_a_setting_for_a_file_that_holds_it():
    assert {file.field for file in SECRET_FILES} == {secret.name for secret in SECRETS}
    assert [file.name for file in SECRET_FILES] == [f"{secret.name}_file" for secret in SECRETS]


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("sk-3\n")
    return file


@pytest.mark.parametrize("setting", SECRET_FILES, ids=lambda setting: setting.name)
class TestAFileWithASecret:
    def test_is_named_by_a_variable(self, setting, key_file):
        settings = load({}, {setting.variable: str(key_file)})
        assert getattr(settings, setting.field) == Secret("sk-3")

    def test_is_named_by_an_entry_of_the_file(self, setting, key_file, tmp_path):
        file = tmp_path / "settings.toml"
        file.write_text(f'{setting.key} = "{key_file}"')
        assert getattr(load({}, {}, file), setting.field) == Secret("sk-3")

    def test_is_named_by_a_flag_that_wins_over_the_variable_of_the_secret(self, setting, key_file):
        read = setting.about.read(str(key_file))
        secret = next(one for one in SECRETS if one.name == setting.field)
        settings = load({setting.name: read}, {secret.variable: "sk-4"})
        assert getattr(settings, setting.field) == Secret("sk-3")

    def test_excludes_the_secret_itself_in_the_same_source(self, setting, key_file, tmp_path):
        secret = next(one for one in SECRETS if one.name == setting.field)
        file = tmp_path / "settings.toml"
        file.write_text(f'{setting.key} = "{key_file}"\n{secret.key} = "sk-4"')
        variables = {setting.variable: str(key_file), secret.variable: "sk-4"}
        for flags, environment, config in (
            ({setting.name: Secret("a"), secret.name: Secret("b")}, {}, None),
            ({}, variables, None),
            ({}, {}, file),
        ):
            with pytest.raises(InvalidSetting, match="Choose either"):
                load(flags, environment, config)

    def test_that_is_not_there_is_refused_by_name(self, setting, tmp_path):
        with pytest.raises(InvalidSetting) as caught:
            load({}, {setting.variable: str(tmp_path / "none")})
        assert caught.value.message.startswith(f"{setting.variable}: {tmp_path / 'none'} cannot be")

    @pytest.mark.parametrize("content", [b"", b"hidden\xff", b"one\ntwo"])
    def test_that_holds_none_is_refused_and_not_shown(self, setting, content, tmp_path):
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(InvalidSetting) as caught:
            load({}, {setting.variable: str(tmp_path / "key")})
        assert "is not a file with a " in caught.value.message
        assert "hidden" not in caught.value.message


@pytest.mark.parametrize("setting", SECRETS, ids=lambda setting: setting.name)
def test_a_secret_on_the_command_line_is_warned_of_and_not_repeated(setting):
    seen = []
    command = click.Command("sample", callback=lambda **flags: seen.append(chosen_settings(flags)))
    ended = CliRunner().invoke(settings_options()(command), [setting.flag, "sk-hidden"])
    assert ended.exit_code == 0, ended.output
    assert f"can see {setting.flag} in the list of processes" in ended.stderr
    assert f"{setting.variable} or {setting.flag}-file" in ended.stderr
    assert "sk-hidden" not in ended.output
    assert getattr(seen[0], setting.name) == Secret("sk-hidden")


@pytest.mark.parametrize("setting", SECRET_FILES, ids=lambda setting: setting.name)
def test_a_file_with_a_secret_on_the_command_line_is_not_warned_of(setting, key_file):
    seen = []
    command = click.Command("sample", callback=lambda **flags: seen.append(chosen_settings(flags)))
    ended = CliRunner().invoke(settings_options()(command), [setting.flag, str(key_file)])
    assert (ended.exit_code, ended.output) == (0, "")
    assert getattr(seen[0], setting.field) == Secret("sk-3")
