"""What is on file of the API's answers: it still answers every request with the same bytes, on
every engine."""

from pathlib import Path

import pytest

from tools.recording.comparing import differences
from tools.recording.server import Servers
from tools.recording.storages import storage_of

FILES = sorted(Path(__file__).with_name("recorded").glob("*.jsonl"))


@pytest.fixture(scope="module")
def servers(engine, tmp_path_factory):
    room = tmp_path_factory.mktemp("recorded")
    with Servers(room, storage_of(engine)) as servers:
        yield servers


def test_there_are_files():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_request_is_answered_as_it_was_recorded(path, servers):
    found = list(differences(path, servers))
    assert not found, f"{len(found)} differ:\n" + "\n\n".join(found[:20])
