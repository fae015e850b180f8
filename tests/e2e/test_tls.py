"""HTTPS, with the operator's certificate or with one of our own."""

import socket
import ssl
import stat

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.e2e.test_serve import stored


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(room, authority):
    """Write a certificate for localhost and its key."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(room.directory / "cert.pem")
    issued.private_key_pem.write_to_path(room.directory / "key.pem")
    issued.private_key_and_cert_chain_pem.write_to_path(room.directory / "both.pem")


@pytest.mark.parametrize(
    "flags",
    [("--tls-cert", "cert.pem", "--tls-key", "key.pem"), ("--tls-cert", "both.pem")],
    ids=["two files", "one file"],
)
def test_a_certificate_of_ones_own_is_served(room, files, authority, flags):
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with room.serving("--host", "0.0.0.0", *flags) as serving:
        assert serving.url.startswith("https://")
        serving.url = f"https://localhost:{serving.port}"
        stored(serving.client(serving.first_key, verify=trusting))
        assert serving.stop() == 0
        assert {line["level"] for line in serving.log()} == {"INFO"}


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--tls-cert", "none.pem"), "none.pem cannot be read: No such file or directory"),
        (("--tls-cert", "."), ". cannot be read: Is a directory"),
        (("--tls-cert", "cert.pem", "--tls-key", "none.pem"), "none.pem cannot be read: "),
        (("--tls-cert", "cert.pem"), "cert.pem: no certificate with its unencrypted key"),
        (("--tls-cert", "key.pem"), "key.pem: no certificate with its unencrypted key"),
        (("--tls-cert", "cert.pem", "--tls-key", "cert.pem"), "cert.pem and cert.pem: no cert"),
        (("--tls-cert", "cert.pem", "--tls-key", "other.pem"), "cert.pem and other.pem: no cert"),
        (("--tls-key", "key.pem"), "tls-key is of no use without tls-cert"),
        (("--tls-cert", "cert.pem", "--tls-self-signed"), "Choose either tls-self-signed or"),
    ],
)
def test_files_that_will_not_do_are_told_in_one_line(room, files, flags, complaint):
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(room.directory / "other.pem")
    ended = room.run("serve", "--port", "0", *flags)
    assert ended.code == 1
    assert ended.error.startswith(complaint)
    assert not room.data.exists()


def test_an_encrypted_key_is_refused_without_asking_for_its_passphrase(room, files):
    path = room.directory / "key.pem"
    key = load_pem_private_key(path.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    ended = room.run("serve", "--port", "0", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    assert ended.code == 1
    assert "unencrypted key" in ended.error


def own_authority(room, serving):
    """Return a context that trusts the authority that the server names."""
    named = serving.out.partition("Certificate authority for your clients to trust: ")[2]
    return ssl.create_default_context(cafile=room.directory / named.splitlines()[0])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"])
def test_a_certificate_of_our_own_serves_this_machine(room, host):
    with room.serving("--tls-self-signed", "--host", host) as serving:
        assert serving.url == f"https://{host}:{serving.port}"
        stored(serving.client(serving.first_key, verify=own_authority(room, serving)))


def test_our_own_certificate_names_the_host_it_serves(room):
    host = socket.gethostname()
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror:
        pytest.skip("this machine's name has no address")
    with room.serving("--tls-self-signed", "--host", host) as serving:
        serving.client(verify=own_authority(room, serving)).get("/health")


def test_our_own_certificate_stays_the_same_until_it_no_longer_fits(room):
    authority = room.data / "tls" / "ca.pem"
    texts = []
    for host in ("127.0.0.1", "0.0.0.0", "127.0.0.2"):
        with room.serving("--tls-self-signed", "--host", host) as serving:
            serving.client(verify=own_authority(room, serving)).get("/health")
            texts.append(authority.read_text())
    assert texts[0] == texts[1] != texts[2]


def test_our_own_certificate_is_made_again_when_it_was_damaged(room):
    for _ in range(2):
        with room.serving("--tls-self-signed") as serving:
            serving.client(verify=own_authority(room, serving)).get("/health")
        (room.data / "tls" / "server.pem").write_text("nonsense")


def test_our_own_key_is_for_its_owner_alone(room):
    with room.serving("--tls-self-signed"):
        key_file = room.data / "tls" / "server.pem"
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
