"""Whatever writes files, under a umask that lets others read them: all are their owner's alone."""

import os
import stat
import sys

import pytest

from tests.e2e.programs import Room

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs modes of files")

OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@pytest.fixture
def permissive():
    """Let new files be read by others."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(*roots):
    """Return what others may read or enter, below these directories."""
    found = [path for root in roots for path in root.rglob("*")]
    assert found
    return [
        f"{path}: {path.stat().st_mode & 0o777:o}"
        for path in (*roots, *found)
        if path.stat().st_mode & OPEN_TO_OTHERS
    ]


def test_data_backups_and_exports_are_private(permissive, tmp_path):
    room = Room(tmp_path)
    room.data.mkdir(mode=0o700)
    with room.serving("--tls-self-signed") as server:
        server.stop()
    with room.serving() as server:
        key = room.run("keys", "create", "--quiet").out.strip()
        client = server.client(key)
        client.post("/dialogue", json={"message": {"role": "user", "content": "hello"}})
        backup = room.run("backup", "copy")
        assert backup.code == 0, backup.err
        assert open_to_others(room.data, tmp_path / "copy") == []
    restored = room.run("restore", "copy", "--data", "again")
    assert restored.code == 0, restored.err
    exported = room.run("export", "out.jsonl", "--data", room.data)
    assert exported.code == 0, exported.err
    assert not (tmp_path / "out.jsonl").stat().st_mode & OPEN_TO_OTHERS
    assert open_to_others(room.data, tmp_path / "copy", tmp_path / "again") == []
