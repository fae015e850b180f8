"""Every answer of the API on file: `python -m tools.record_http [OPTION]... [TOPIC]...`.

Without `--check` the files are written again, from requests to real servers. With it they are
played again, and what differs is printed: nothing that HTTP answers may change unnoticed, and
every engine gives the same answers.
"""

import sys
import tempfile
import time
from pathlib import Path

import click

from tests.databases.engines import stop_servers
from tools.recording.comparing import differences
from tools.recording.exchanges import Tape, write
from tools.recording.player import Player
from tools.recording.recorder import Recorder
from tools.recording.server import Servers
from tools.recording.storages import SERVED, storage_of
from tools.recording.topics import TOPICS

RECORDED = Path(__file__).parents[1] / "tests" / "http" / "recorded"
_SHOWN_MAX = 50


@click.command()
@click.argument("topics", nargs=-1, type=click.Choice(list(TOPICS)))
@click.option("--check", is_flag=True, help="Play the files again and compare.")
@click.option("--engine", type=click.Choice(SERVED), default="sqlite", help="Below the servers.")
def main(topics: tuple[str, ...], *, check: bool, engine: str) -> None:
    """Record what the API answers, or check that it still answers the same."""
    began = time.monotonic()
    chosen = topics or tuple(TOPICS)
    work = _check if check else _record
    count = 0
    storage = storage_of(engine)
    with tempfile.TemporaryDirectory() as directory, Servers(Path(directory), storage) as servers:
        for name in chosen:
            started = time.monotonic()
            found = work(name, servers)
            click.echo(f"{name:20} {found:5} in {time.monotonic() - started:4.1f} s")
            count += found
    stop_servers()
    noun = "differences" if check else "exchanges"
    click.echo(f"{count} {noun} in {len(chosen)} files, {time.monotonic() - began:.1f} s")
    sys.exit(bool(check and count))


def _record(name: str, servers: Servers) -> int:
    topic = TOPICS[name]
    tape = Tape(topic.options, topic.alone)
    with servers.serving(topic.options, alone=topic.alone) as running:
        player = Player(running)
        topic.play(Recorder(player, tape))
        player.close()
    RECORDED.mkdir(exist_ok=True)
    write(tape, RECORDED / f"{name}.jsonl")
    return len(tape.exchanges)


def _check(name: str, servers: Servers) -> int:
    count = 0
    for difference in differences(RECORDED / f"{name}.jsonl", servers):
        count += 1
        if count <= _SHOWN_MAX:
            click.echo(f"{difference}\n")
    return count


if __name__ == "__main__":
    main()
