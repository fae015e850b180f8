"""Several processes on one port: started once, replaced when they die, stopped together."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.programs import READY

WORKERS = 2
SECONDS_MAX = 60

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are read from /proc")


@pytest.fixture
def serving(room):
    with room.serving("--workers", WORKERS, "--embedder", "none") as server:
        yield server


def workers_of(server):
    """Return the numbers of the processes that serve."""
    return [pid for pid in children_of(server.process.pid) if b"spawn_main" in command_of(pid)]


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def until(condition):
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline, "it does not come to be"
        time.sleep(0.05)


def test_several_processes_serve_one_port_and_make_one_key(serving):
    assert len(workers_of(serving)) == WORKERS
    assert serving.out.count("API key") == 1
    assert len(READY.findall(serving.out)) == 1
    key = serving.first_key
    for number in range(20):  # each connection may lead to another one
        client = serving.client(key)
        client.post("/memory", json={"id": str(number), "value": number}).raise_for_status()
        assert client.get(f"/memory/{number}").json()["value"] == number
        client.close()


def test_a_worker_that_dies_is_replaced_and_no_request_is_refused(serving):
    key = serving.first_key
    before = workers_of(serving)
    os.kill(before[0], signal.SIGKILL)
    for _ in range(12):  # some of them wait for the next worker
        client = serving.client(key)
        assert client.get("/dialogue").status_code == 200
        client.close()
    until(lambda: len(workers_of(serving)) == WORKERS)
    assert set(before[1:]) < set(workers_of(serving))
    [ended] = [line for line in serving.log() if "another takes its place" in line["message"]]
    assert (ended["worker"], ended["exit_code"]) == (1, -signal.SIGKILL)


def test_a_signal_stops_all_of_them(serving):
    workers = workers_of(serving)
    assert serving.stop() == 0
    assert not any(command_of(pid) for pid in workers)
    assert "All workers have stopped" in serving.messages()


def test_a_second_signal_does_not_wait_for_requests(room):
    with room.serving("--workers", 2, "--embedder", "none") as server:
        client = server.client(server.first_key)
        client.get("/dialogue")  # and the connection stays open
        server.process.send_signal(signal.SIGINT)
        assert server.stop(signal.SIGINT) == 0


def test_workers_stop_when_the_process_above_them_is_killed(serving):
    workers = workers_of(serving)
    serving.process.kill()
    until(lambda: not any(command_of(pid) for pid in workers))


def test_a_start_that_fails_says_why_once(room):
    room.data.write_text("no directory")
    ended = room.run("serve", "--port", "0", "--workers", "2")
    assert ended.code == 1
    errors = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert str(room.data.name) in errors[0]


def test_a_port_that_is_taken_is_refused(serving, room):
    ended = room.run("serve", "--port", serving.port, "--workers", "2", "--data", "other")
    assert "another program listens there" in ended.err
    assert ended.code == 1


def test_metrics_by_project_have_a_port_for_each_worker(room):
    address = "127.0.0.1:0"
    with room.serving("--workers", 2, "--embedder", "none", "--metrics-address", address) as server:
        assert server.out.count("Metrics by project on http://127.0.0.1:") == 2
