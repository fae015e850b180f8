"""An encrypted connection with a password, by what ends it before PostgreSQL."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme

from tests.cli.in_process import Terminal
from tests.databases import pooler
from tests.databases.engines import databases_of

pytestmark = pytest.mark.skipif(pooler.PROGRAM is None, reason="pgbouncer is not installed")

PASSWORD = "pa ss@/:%é"


class Encrypted:
    """A database whose users must encrypt and name a password."""

    def __init__(self, port, name, authority):
        self.address = f"postgresql://somebody@localhost:{port}/{name}"
        self.elsewhere = f"postgresql://somebody@127.0.0.1:{port}/{name}"
        self.verified = f"sslmode=verify-full&sslrootcert={authority}"


@pytest.fixture
def database():
    """Make one, behind a pooler."""
    server = databases_of("postgres").server
    name = server.new_database().rpartition("/")[2]
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    with TemporaryDirectory(prefix="dialoguedb-tls") as directory:
        room = Path(directory)
        room.chmod(0o755)
        authority.cert_pem.write_to_path(room / "ca.pem")
        certificate.cert_chain_pems[0].write_to_path(room / "cert.pem")
        certificate.private_key_pem.write_to_path(room / "key.pem")
        (room / "users").write_text(f'"somebody" "{PASSWORD}"\n')
        more = (
            "auth_type = scram-sha-256",
            f"auth_file = {room}/users",
            "client_tls_sslmode = require",
            f"client_tls_cert_file = {room}/cert.pem",
            f"client_tls_key_file = {room}/key.pem",
        )
        with pooler.pooling(server.port, *more) as port:
            yield Encrypted(port, name, room / "ca.pem")


@pytest.fixture
def room(tmp_path):
    return Terminal(tmp_path)


def test_a_verified_connection_with_a_password_is_served(database, room, tmp_path):
    url = f"{database.address}?{database.verified}"
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "password").chmod(0o600)
    create = ("keys", "create", "--database", url)
    for ended in (
        room.run(*create, "--database-password-file", tmp_path / "password"),
        room.run(*create, DIALOGUEDB_DATABASE_PASSWORD=PASSWORD),
        room.run(*create, PGPASSWORD=PASSWORD),
    ):
        assert ended.code == 0, ended.err


def test_encryption_is_the_default(database, room):
    created = room.run("keys", "create", "--database", database.address, PGPASSWORD=PASSWORD)
    assert created.code == 0, created.err


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ("sslmode=disable", "SSL required"),
        ("sslmode=verify-full&sslrootcert={other}", "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_what_is_not_encrypted_or_not_verified_is_refused(database, room, tmp_path, chosen, reason):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    url = f"{database.address}?{chosen.format(other=tmp_path / 'other.pem')}"
    assert_refused(room, url, PASSWORD, reason)


def test_a_certificate_of_another_name_is_refused(database, room):
    url = f"{database.elsewhere}?{database.verified}"
    assert_refused(room, url, PASSWORD, "not valid for '127.0.0.1'")


def test_a_wrong_password_is_refused_and_not_shown(database, room):
    url = f"{database.address}?{database.verified}"
    assert_refused(room, url, "wrong-one", "authentication failed")


def assert_refused(room, url, password, reason):
    ended = room.run("keys", "create", "--database", url, PGPASSWORD=password)
    assert ended.code == 1
    assert reason in ended.err
    assert password not in ended.err
