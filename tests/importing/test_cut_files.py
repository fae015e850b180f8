"""Files that end anywhere, as they do while a program writes them: the pure readers."""

import json

import pytest

from dialoguedb.cli.data.transfer.lines import InputFile, encoded
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of
from dialoguedb.errors import InvalidRequest
from tests.cli import agent_sessions
from tests.importing import codex_files, gemini_cli_files, test_libraries

LOGS = {
    "codex": codex_files.whole(),
    "gemini-cli": gemini_cli_files.whole(),
    "claude-code": agent_sessions.claude_code(),
    "qwen-code": agent_sessions.qwen_code(),
    "pi": agent_sessions.pi(),
    "opentelemetry": test_libraries.spans(),
    "pydantic-ai": test_libraries.history(),
    "ui-messages": test_libraries.ui_messages(),
    "openai-chat-lines": [{"role": "user", "content": f"Text {at}"} for at in range(4)],
}


def content_of(path, name):
    """Return what a file yields, and whether it is reported that some is missing."""
    source = Source(InputFile(path, "f"), name)
    lines: list[bytes] = []
    report = FileReport("f", name)
    try:
        lines.extend(map(encoded, lines_of(source, lambda _: None, report)))
    except InvalidRequest:
        return lines, True
    return lines, bool(report.failures)


@pytest.mark.parametrize("name", LOGS)
def test_what_stands_before_a_cut_is_what_the_whole_file_begins_with(name, tmp_path):
    raws = [json.dumps(line).encode() + b"\n" for line in LOGS[name]]
    path = tmp_path / "log.jsonl"
    path.write_bytes(whole := b"".join(raws))
    assert format_of(InputFile(path, "f")) == name
    full, is_missing = content_of(path, name)
    assert not is_missing
    ends = {0}
    for raw in raws:
        ends |= {max(ends) + len(raw), max(ends) + len(raw) - 1}
    for length in range(len(raws[0]), len(whole)):
        path.write_bytes(whole[:length])
        lines, is_missing = content_of(path, name)
        assert lines[1:] == full[1 : len(lines)]
        assert is_missing or length in ends


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("damage", [b"5\n", b"{]\n", b'"a\xff"\n'], ids=["shape", "json", "utf-8"])
def test_what_stands_before_a_damaged_line_is_imported_and_the_rest_reported(
    damage, name, tmp_path
):
    raws = [json.dumps(line).encode() + b"\n" for line in LOGS[name]]
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(raws))
    full, _ = content_of(path, name)
    for index in range(1, len(raws)):
        path.write_bytes(b"".join([*raws[:index], damage, *raws[index + 1 :]]))
        lines, is_missing = content_of(path, name)
        path.write_bytes(b"".join(raws[:index]))
        assert is_missing
        assert lines == content_of(path, name)[0]
        assert lines[1:] == full[1 : len(lines)]
