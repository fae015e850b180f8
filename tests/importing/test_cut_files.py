"""Files that end anywhere, as they do while a program writes them: the pure readers."""

import json

import pytest

from dialoguedb.cli.data.transfer.lines import InputFile, encoded
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of
from dialoguedb.errors import InvalidRequest
from tests.importing import codex_files, gemini_cli_files

LOGS = {"codex": codex_files.whole(), "gemini-cli": gemini_cli_files.whole()}


def found(path, name):
    """Return what a file yields, and whether some of it is told to be missing."""
    source = Source(InputFile(path, "f"), name)
    lines: list[bytes] = []
    told: list[object] = []
    try:
        lines.extend(map(encoded, lines_of(source, lambda _: None, lambda *one: told.append(one))))
    except InvalidRequest as error:
        told.append(error)
    return lines, bool(told)


@pytest.mark.parametrize("name", LOGS)
def test_what_stands_before_a_cut_is_what_the_whole_file_begins_with(name, tmp_path):
    raws = [json.dumps(line).encode() + b"\n" for line in LOGS[name]]
    path = tmp_path / "log.jsonl"
    path.write_bytes(whole := b"".join(raws))
    assert format_of(InputFile(path, "f")) == name
    full, is_told = found(path, name)
    assert not is_told
    ends = {0}
    for raw in raws:
        ends |= {max(ends) + len(raw), max(ends) + len(raw) - 1}
    for length in range(len(raws[0]), len(whole), 3):
        path.write_bytes(whole[:length])
        lines, is_told = found(path, name)
        assert lines[1:] == full[1 : len(lines)]
        assert is_told or length in ends
