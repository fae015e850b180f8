"""What is on file of the API's answers: it still answers every request with the same bytes."""

from pathlib import Path

import pytest

from tools.recording.comparing import differences
from tools.recording.server import Servers

FILES = sorted(Path(__file__).with_name("recorded").glob("*.jsonl"))


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with Servers(tmp_path_factory.mktemp("recorded")) as servers:
        yield servers


def test_there_are_files():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_request_is_answered_as_it_was_recorded(path, servers):
    found = list(differences(path, servers))
    assert not found, f"{len(found)} differ:\n" + "\n\n".join(found[:20])
