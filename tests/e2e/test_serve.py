"""`dialoguedb serve`: how it starts, what it tells, and how it stops."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.e2e.programs import KEY

MESSAGE = {"role": "user", "content": "where is my order?"}


FIRST_KEY = "The first key is in a file; read it, then delete it"
HUNG_UP = [FIRST_KEY, "Ready", "Stopping", "Hanging up on requests", "Stopped"]


def stored(client):
    """Store a message in a new dialogue and return the dialogue."""
    answer = client.post("/dialogue", json={"message": MESSAGE})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_first_start_writes_a_key_that_works_to_a_file_and_no_other_does(room):
    with room.serving() as serving:
        key = serving.first_key
        assert serving.first_key_file == room.data / "first-key"
        assert serving.first_key_file.read_text() == f"{key}\n"
        dialogue = stored(serving.client(key))
        assert serving.stop() == 0
    with room.serving() as serving:
        assert serving.out.startswith("DialogueDB ready on ")
        found = serving.client(key).get(f"/dialogue/{dialogue['id']}")
        assert found.json()["totalMessages"] == 1


def test_the_first_key_is_in_no_log_and_the_log_names_its_file(room):
    with room.serving() as serving:
        key = serving.first_key
        assert serving.stop() == 0
        assert key not in serving.out + serving.log_file.read_text()
        (named,) = [line["file"] for line in serving.log() if line["message"] == FIRST_KEY]
        assert named == str(room.data / "first-key")


def test_a_person_at_a_terminal_is_shown_the_first_key_and_no_file_has_it(room):
    with room.serving(at_terminal=True) as serving:
        key = KEY.search(serving.out)
        assert key, serving.out
        assert serving.out.startswith(f'API key for project "default" (shown once): {key[0]}')
        stored(serving.client(key[0]))
    assert not (room.data / "first-key").exists()
    with room.serving(at_terminal=True) as serving:
        assert not KEY.search(serving.out)


def test_a_first_key_that_cannot_be_written_is_told_and_another_can_be_made(room):
    (room.data / "first-key").mkdir(parents=True)
    (room.data / "first-key" / "full").touch()
    with room.serving() as serving:
        assert any("could not be written" in message for message in serving.messages())
        key = room.run("keys", "create", "--quiet").out.strip()
        stored(serving.client(key))


def test_the_first_key_may_do_everything_in_its_project(room):
    with room.serving() as serving:
        assert serving.client(serving.first_key).get("/admin/settings").status_code == 200


def test_data_that_has_projects_gets_no_other_one(room):
    room.run("projects", "create", "acme")
    with room.serving() as serving:
        assert not KEY.search(serving.out)
    assert [project["name"] for project in room.run("projects", "list").records] == ["acme"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_success(room, number):
    with room.serving() as serving:
        assert serving.stop(number) == 0
        assert serving.process.stdout.read() == ""
        assert serving.messages() == [FIRST_KEY, "Ready", "Stopping", "Stopped"]


def half_a_request(serving, body=b'{"message": {"role": "user", "content": "hi"}}'):
    """Open a connection and send all of a request but the last byte of its body."""
    connection = socket.create_connection(("127.0.0.1", serving.port), timeout=30)
    head = (
        f"POST /dialogue HTTP/1.1\r\nHost: test\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: Bearer {serving.first_key}\r\n\r\n"
    )
    connection.sendall(head.encode() + body[:-1])
    serving.client(serving.first_key).get("/dialogue")  # answered only after that was read
    return connection


def until_refused(serving):
    """Wait until nobody accepts connections any more."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", serving.port), timeout=30).close()
        except ConnectionError:
            return


def test_a_request_in_flight_is_finished_before_it_stops(room):
    with room.serving() as serving:
        with half_a_request(serving) as connection:
            serving.process.terminate()
            until_refused(serving)
            connection.sendall(b"}")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert serving.process.wait(60) == 0
        key = serving.first_key
    with room.serving() as serving:
        (dialogue,) = serving.client(key).get("/dialogue").json()["items"]
        assert dialogue["totalMessages"] == 1


def test_a_request_that_never_ends_holds_it_up_no_longer_than_asked(room):
    with room.serving("--shutdown-timeout", "1") as serving:
        with half_a_request(serving):
            assert serving.stop() == 0
        assert serving.messages() == HUNG_UP
        key = serving.first_key
    with room.serving() as serving:
        assert serving.client(key).get("/dialogue").json()["items"] == []


def test_a_second_signal_no_longer_waits(room):
    with room.serving("--shutdown-timeout", "600") as serving, half_a_request(serving):
        serving.process.terminate()
        until_refused(serving)
        assert serving.stop() == 0
        assert serving.messages() == HUNG_UP


def test_an_idle_connection_does_not_hold_it_up(room):
    with room.serving("--shutdown-timeout", "600") as serving:
        serving.client(serving.first_key).get("/dialogue")
        assert serving.stop() == 0


def test_servers_started_together_on_new_data_show_one_key_between_them(room):
    with ExitStack() as started, ThreadPoolExecutor(4) as pool:
        begun = [room.serving(log=f"log{number}") for number in range(4)]
        servers = list(pool.map(started.enter_context, begun))
        named = [serving for serving in servers if "API key" in serving.out]
        assert len(named) == 1
        for serving in servers:
            stored(serving.client(named[0].first_key))


def test_two_servers_share_one_directory(room, tmp_path):
    with room.serving() as first, room.serving() as second:
        key = first.first_key
        dialogue = stored(first.client(key))
        found = second.client(key).get(f"/dialogue/{dialogue['id']}")
        assert found.json()["totalMessages"] == 1


# --- Where it listens ---------------------------------------------------------------------------


def test_a_port_in_use_is_told_in_one_line(room):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = room.run("serve", "--port", port)
    assert ended.code == 1
    assert ended.error == f"Cannot listen on 127.0.0.1:{port}: another program listens there"
    assert not room.data.exists()


def test_a_host_that_is_not_ours_is_told_in_one_line(room):
    ended = room.run("serve", "--host", "192.0.2.1", "--port", "0")
    assert ended.code == 1
    assert ended.error == "Cannot listen on 192.0.2.1:0: this machine has no such address"


def test_a_host_that_does_not_exist_is_told_in_one_line(room):
    ended = room.run("serve", "--host", "nowhere.invalid", "--port", "0")
    assert ended.code == 1
    assert ended.error == "Cannot listen on nowhere.invalid:0: there is no such host"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_host_is_served_and_written_in_brackets(room, host):
    with room.serving("--host", host) as serving:
        assert serving.url == f"http://[::1]:{serving.port}"
        stored(serving.client(serving.first_key))


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_the_ipv6_wildcard_serves_ipv4_as_well(room):
    with room.serving("--host", "::") as serving:
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, serving.port), timeout=30).close()


def test_plain_http_for_others_is_warned_of(room):
    with room.serving("--host", "0.0.0.0") as serving:
        warnings = [line for line in serving.log() if line["level"] == "WARNING"]
    assert [line["message"] for line in warnings] == [
        "Keys and content travel unencrypted: plain HTTP, reachable by others"
    ]


def test_plain_http_on_this_machine_alone_is_not_warned_of(room):
    with room.serving("--host", "localhost") as serving:
        assert {line["level"] for line in serving.log()} == {"INFO"}


# --- What it logs -------------------------------------------------------------------------------


def test_every_line_of_the_log_is_an_object_with_time_level_and_logger(room):
    with room.serving("--log-level", "debug", "--access-log") as serving:
        stored(serving.client(serving.first_key))
        with socket.create_connection(("127.0.0.1", serving.port), timeout=30) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert serving.stop() == 0
        log = serving.log()
    assert log
    for line in log:
        assert line.keys() >= {"time", "level", "logger", "message"}
        assert line["time"].endswith("Z")


def test_the_access_log_names_requests_and_holds_neither_keys_nor_content(room):
    with room.serving("--log-level", "debug", "--access-log") as serving:
        key = serving.first_key
        client = serving.client(key)
        client.headers["X-Request-Id"] = "quoted-by-a-user"
        stored(client)
        client.get("/dialogue", params={"tags": "secret-tag"})
        client.get("/dialogue", headers={"Authorization": f"Bearer {key}x"})
        assert serving.stop() == 0
        text = serving.log_file.read_text()
        requests = [line for line in serving.log() if line["logger"] == "dialoguedb.access"]
    assert [line["status"] for line in requests] == [200, 200, 401]
    assert {line["request_id"] for line in requests} == {"quoted-by-a-user"}
    assert requests[0]["route"] == "/dialogue"
    assert "ddb_" not in text
    assert MESSAGE["content"] not in text
    assert "secret-tag" not in text


def test_requests_are_not_logged_unless_wanted(room):
    with room.serving() as serving:
        stored(serving.client(serving.first_key))
        assert serving.stop() == 0
        assert serving.messages() == [FIRST_KEY, "Ready", "Stopping", "Stopped"]


def test_a_higher_log_level_keeps_the_log_quiet(room):
    with room.serving("--log-level", "warning") as serving:
        assert serving.stop() == 0
        assert serving.log() == []


# --- Metrics ------------------------------------------------------------------------------------


def test_metrics_by_project_are_served_on_their_own_address_alone(room):
    with room.serving("--metrics-address", "127.0.0.1:0") as serving:
        url = serving.out.partition("Metrics by project on ")[2].split()[0]
        client = serving.client(serving.first_key)
        project = stored(client)["projectId"]
        assert project in client.get(url).text
        assert project not in client.get("/metrics").text
        assert client.get(url.replace("/metrics", "/dialogue")).status_code == 404
        assert serving.stop() == 0


def test_pages_of_other_origins_may_call_when_they_are_named(room):
    page = "https://app.example.com"
    with room.serving("--cors-origin", page) as serving:
        client = serving.client(serving.first_key)
        preflight = {"Access-Control-Request-Method": "POST"}
        let_in = client.options("/dialogue", headers={"Origin": page, **preflight})
        kept_out = client.options(
            "/dialogue", headers={"Origin": "https://evil.example", **preflight}
        )
        made = client.post("/dialogue", headers={"Origin": page})
    assert (let_in.status_code, let_in.json()) == (200, {})
    assert let_in.headers["Access-Control-Allow-Origin"] == page
    assert kept_out.status_code == 400
    assert "origin" in kept_out.json()["error"]["message"]
    assert "Access-Control-Allow-Origin" not in kept_out.headers
    for answer in (let_in, kept_out, made):
        assert answer.headers["X-Request-Id"]
    assert made.headers["Access-Control-Allow-Origin"] == page
    assert "ETag" in made.headers["Access-Control-Expose-Headers"]


def test_without_that_no_page_is_let_in(room):
    with room.serving() as serving:
        client = serving.client(serving.first_key)
        made = client.post("/dialogue", headers={"Origin": "https://app.example.com"})
    assert not [name for name in made.headers if name.startswith("access-control")]


def test_a_server_whose_data_is_taken_away_stores_nothing_more(room):
    with room.serving() as serving:
        client = serving.client(serving.first_key)
        stored(client)
        room.data.rename(room.directory / "elsewhere")
        for answer in (client.get("/ready"), client.post("/dialogue")):
            assert answer.status_code == 503
            assert "was moved, replaced or deleted" in answer.json()["error"]["message"]
        assert client.get("/dialogue").status_code == 200
        room.run("keys", "create")
        assert client.post("/dialogue").status_code == 503
