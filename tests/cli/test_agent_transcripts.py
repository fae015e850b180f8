"""What coding agents keep of their sessions, imported."""

import json
from pathlib import Path
from typing import Any

import pytest

from dialoguedb.cli.data.transfer.lines import DialogueLine, InputFile, Line, MessageLine
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of
from dialoguedb.errors import InvalidRequest
from tests.cli import agent_sessions as sessions
from tests.cli.agent_sessions import ClaudeCode, encoded, pi_entry, qwen_line, text
from tests.cli.commands import Commands

PROGRAMS: dict[str, tuple[str, bytes, list[tuple[str, Any]]]] = {
    "claude-code": ("s1.jsonl", encoded(sessions.claude_code()), sessions.CLAUDE_CODE_TALK),
    "qwen-code": ("q1.jsonl", encoded(sessions.qwen_code()), sessions.QWEN_CODE_TALK),
    "pi": ("p1.jsonl", encoded(sessions.pi()), sessions.PI_TALK),
    "cline": (
        "c1.messages.json",
        sessions.cline_document(sessions.cline()),
        sessions.CLINE_TALK,
    ),
}
LINES = [name for name in PROGRAMS if name != "cline"]
DIALOGUES = {"claude-code": "s1", "qwen-code": "q1", "pi": "p1", "cline": "c1"}


@pytest.fixture
def here(tmp_path):
    return Commands(tmp_path, ["--data", "chats"], {})


def messages(commands, dialogue):
    return commands.at("message", "list", dialogue, "--limit", "100")["items"]


def talk(commands, dialogue):
    return [(one["role"], one["content"]) for one in messages(commands, dialogue)]


def placed(directory, program):
    """Write the file of a program; returns its path."""
    name, content, _ = PROGRAMS[program]
    path = directory / name
    path.write_bytes(content)
    return path


def read(path, content):
    """Read a file with this content without storing it; returns what it says, and what failed."""
    path.write_bytes(content)
    file, failed = InputFile(path, path.name), []
    found: list[Line] = []
    try:
        if name := format_of(file):
            source = Source(file, name)
            report = FileReport(path.name, name)
            found.extend(lines_of(source, lambda _: None, report))
            failed += [one.error for one in report.failures]
    except InvalidRequest as error:
        failed.append(error)
    return found, failed


def spoken(lines):
    return [
        (line.id, line.role, bytes(line.content)) for line in lines if isinstance(line, MessageLine)
    ]


def sizes(content):
    """Return where a file is cut: at every end of a line, just beside it, and often between."""
    ends = {at + 1 for at, byte in enumerate(content) if byte == ord("\n")}
    beside = {end + by for end in ends for by in (-2, -1, 0, 1)}
    return sorted({*beside, *range(0, len(content), 41)} & {*range(len(content) + 1)})


# --- Every program ------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_was_said_is_imported_once_and_in_order(program, here):
    path = placed(here.directory, program)
    dialogue, expected = DIALOGUES[program], PROGRAMS[program][2]
    for _ in range(2):
        counts = here.at("import", path)
        assert counts["failed"] == 0
    assert here.at("dialogue", "list")["items"][0]["totalMessages"] == len(expected)
    assert talk(here, dialogue) == expected
    stored = here.at("dialogue", "get", dialogue)
    assert stored["metadata"]["source"] == program
    assert stored["created"].endswith(".123Z")
    assert all(one["created"].endswith(".123Z") for one in messages(here, dialogue))


@pytest.mark.parametrize("program", PROGRAMS)
def test_calls_are_tied_to_their_results_in_windows(program, here):
    here.at("import", placed(here.directory, program))
    words = ("dialogue", "context", DIALOGUES[program], "--max-tokens", "9999", "--format")
    window = here.at(*words, "openai")
    assert window["issues"] == []
    calling = next(one for one in window["messages"] if one.get("tool_calls"))
    at = window["messages"].index(calling)
    assert [call["id"] for call in calling["tool_calls"]] == ["c1", "c2"]
    answers = window["messages"][at + 1 : at + 3]
    assert [one["tool_call_id"] for one in answers] == ["c1", "c2"]
    window = here.at(*words, "anthropic")
    assert window["issues"] == []
    kinds = [[block["type"] for block in one["content"]] for one in window["messages"]]
    assert "tool_result" not in kinds[0]
    assert ["tool_result", "tool_result"] in [kind[:2] for kind in kinds]


@pytest.mark.parametrize("program", LINES)
def test_a_file_cut_anywhere_gives_what_stands_before_and_the_whole_completes_it(program, tmp_path):
    name, content, _ = PROGRAMS[program]
    whole, failed = read(tmp_path / name, content)
    assert failed == []
    every = spoken(whole)
    first = next(line for line in whole if isinstance(line, DialogueLine))
    least = 0
    for size in sizes(content):
        found, failed = read(tmp_path / name, content[:size])
        before = spoken(found)
        assert before == every[: len(before)]
        assert len(before) >= least
        least = len(before)
        for line in found:
            if isinstance(line, DialogueLine):
                assert (line.id, line.created) == (first.id, first.created)
        is_cut = content[:size].strip() and content[size - 1 : size] != b"\n"
        if is_cut and content[size : size + 1] != b"\n":
            assert failed
    assert least == len(every)


@pytest.mark.parametrize("program", LINES)
def test_a_cut_file_is_told_and_completed_by_the_next_import(program, here):
    name, content, expected = PROGRAMS[program]
    path = here.directory / name
    path.write_bytes(content[: len(content) * 2 // 3])
    ended = here.run("import", path)
    assert ended.code == 1
    assert "is cut off" in ended.err
    stored = talk(here, DIALOGUES[program])
    assert 1 < len(stored) < len(expected)
    assert stored == expected[: len(stored)]
    path.write_bytes(content)
    assert here.at("import", path)["failed"] == 0
    assert talk(here, DIALOGUES[program]) == expected


def test_a_directory_of_all_programs_is_imported(here):
    folder = here.directory / "home"
    for program in PROGRAMS:
        (folder / program / "deep").mkdir(parents=True)
        placed(folder / program / "deep", program)
    counts = here.at("import", folder)
    assert counts["dialogues"] == len(PROGRAMS)
    for program, own_id in DIALOGUES.items():
        assert talk(here, own_id) == PROGRAMS[program][2]


# --- Claude Code --------------------------------------------------------------------------------


def test_subagents_of_claude_code_are_threads(here):
    write = ClaudeCode()
    began = {"isAsync": True, "agentId": "a7", "status": "async_launched"}
    agent = ClaudeCode(isSidechain=True, agentId="a7")
    folder = here.directory / "projects" / "-p"
    beside = folder / "s1" / "subagents"
    beside.mkdir(parents=True)
    called = write.called("m1", "c1", "agent")
    answered = write.answered("c1", "launched") | {"toolUseResult": began}
    (folder / "s1.jsonl").write_bytes(encoded([write.typed("Go"), called, answered]))
    inner = [agent.user("List the files"), agent.spoke("m9", text("Two files."))]
    (beside / "agent-a7.jsonl").write_bytes(encoded(inner))
    about = {"agentType": "general-purpose", "toolUseId": "c1", "spawnDepth": 1}
    (beside / "agent-a7.meta.json").write_text(json.dumps(about))
    for _ in range(2):
        assert here.at("import", folder.parent)["failed"] == 0
    assert here.at("dialogue", "get", "s1")["totalMessages"] == 3
    assert messages(here, "s1")[2]["metadata"]["thread"] == "s1-agent-a7"
    (thread,) = here.at("dialogue", "get-threads", "s1")["items"]
    assert thread["id"] == "s1-agent-a7"
    assert thread["metadata"]["call"] == "c1"
    assert talk(here, "s1-agent-a7") == [("user", "List the files"), ("assistant", "Two files.")]


def test_subagents_within_a_file_are_threads_by_their_chains(tmp_path):
    write, agent = ClaudeCode(), ClaudeCode(isSidechain=True)
    inner = [agent.user("List"), agent.spoke("m9", text("Two."))]
    for one in inner:
        one.update(uuid=f"a{one['uuid']}", parentUuid=one["parentUuid"] and "au1")
    lines = [write.typed("Go"), *inner, write.spoke("m1", text("Done."))]
    found, failed = read(tmp_path / "s1.jsonl", encoded(lines))
    assert failed == []
    assert [(one.id, one.thread_of) for one in found if isinstance(one, DialogueLine)] == [
        ("s1", None),
        ("s1-agent-au1", "s1"),
    ]
    assert [own for own, *_ in spoken(found)] == ["u1", "u2", "au1", "au2"]


def test_a_fork_of_claude_code_is_a_dialogue_of_its_own(here):
    write = ClaudeCode()
    old = [write.typed("Go"), write.spoke("m1", text("Done."))]
    copied = [{**one, "sessionId": "s2", "requestSessionId": "s1"} for one in old]
    (here.directory / "s1.jsonl").write_bytes(encoded(old))
    (here.directory / "s2.jsonl").write_bytes(
        encoded([*copied, write.typed("More") | {"sessionId": "s2"}])
    )
    for name in ("s1", "s2"):
        assert here.at("import", here.directory / f"{name}.jsonl")["failed"] == 0
    assert talk(here, "s1") == [("user", "Go"), ("assistant", "Done.")]
    assert talk(here, "s2") == [("user", "Go"), ("assistant", "Done."), ("user", "More")]


def test_a_message_that_is_being_written_waits_for_its_end(here):
    write = ClaudeCode()
    begun = [write.typed("Go"), write.spoke("m1", sessions.THOUGHT, "tool_use")]
    path = here.directory / "s1.jsonl"
    path.write_bytes(encoded(begun))
    ended = here.run("import", path)
    assert ended.code == 1
    assert "Message u2 is not written to its end" in ended.err
    assert talk(here, "s1") == [("user", "Go")]
    path.write_bytes(encoded([*begun, write.called("m1", "c1", "ls"), write.answered("c1", "a")]))
    assert here.at("import", path)["failed"] == 0
    assert [role for role, _ in talk(here, "s1")] == ["user", "assistant", "user"]


def test_a_session_in_which_nobody_spoke_is_no_failure(here):
    write = ClaudeCode()
    path = here.directory / "s1.jsonl"
    path.write_bytes(
        encoded([write.note("queue-operation", operation="enqueue"), write.user("x", isMeta=True)])
    )
    counts = here.at("import", path)
    assert [counts[name] for name in ("dialogues", "messages", "failed")] == [0, 0, 0]
    assert counts["leftOut"] == {"bookkeeping of programs": 1, "notices of programs": 1}


def test_a_line_that_is_there_twice_is_one_and_others_of_its_id_are_told_apart(tmp_path):
    write = ClaudeCode()
    lines = [write.typed("Go"), write.spoke("m1", text("Done."))]
    other = write.typed("More") | {"uuid": "u1"}
    found, failed = read(tmp_path / "s1.jsonl", encoded([*lines, *lines, other]))
    assert failed == []
    assert [own for own, *_ in spoken(found)] == ["u1", "u2", "u1-2"]


def test_surroundings_that_an_editor_adds_are_not_said(tmp_path):
    write = ClaudeCode()
    blocks = [text("<ide_opened_file>The user opened /a</ide_opened_file>"), text("Explain it")]
    found, _ = read(tmp_path / "s1.jsonl", encoded([write.user(blocks)]))
    assert spoken(found) == [("u1", "user", b'"Explain it"')]


NOTICE = "[Request interrupted by user]"
REMINDER = "<system-reminder>It is Monday</system-reminder>"


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([NOTICE, "Do it in another way"], "Do it in another way"),
        ([NOTICE], None),
        ([NOTICE, "<command-name>/clear</command-name>"], None),
        ([f"{REMINDER}\n{REMINDER}\nGo on"], "Go on"),
        ([REMINDER, "Go on", NOTICE], "Go on"),
        ([f"{REMINDER}\nWhy is {REMINDER} in this log?"], f"Why is {REMINDER} in this log?"),
        ([REMINDER], None),
        (["<system-reminder>without its end"], None),
        (["<command-message>init</command-message>", "Analyse this"], None),
        (["Why does it say [Request interrupted by user]?"], "same"),
    ],
)
def test_what_was_typed_beside_notices_of_the_program_is_kept(blocks, expected, tmp_path):
    write = ClaudeCode()
    lines = [write.typed("Go"), write.spoke("m1", text("Done.")), write.user([*map(text, blocks)])]
    found, failed = read(tmp_path / "s1.jsonl", encoded(lines))
    assert failed == []
    new = [json.loads(content) for own, _, content in spoken(found) if own == "u3"]
    assert new == ([blocks[0]] if expected == "same" else [expected] * bool(expected))


def test_what_the_program_put_in_front_of_a_prompt_is_counted(here):
    path = here.directory / "s1.jsonl"
    lines = [ClaudeCode().user([text(f"{REMINDER}\nGo on"), text(REMINDER), text("Please")])]
    path.write_bytes(encoded(lines))
    assert here.at("import", path)["leftOut"] == {"hidden context": 2}


@pytest.mark.parametrize("program", LINES)
@pytest.mark.parametrize("chosen", LINES)
def test_a_file_of_another_format_than_the_chosen_one_is_a_failure(program, chosen, here):
    ended = here.run("import", placed(here.directory, program), "--format", chosen)
    is_right = program == chosen
    assert ended.code == (0 if is_right else 1)
    assert bool(ended.record["messages"]) == is_right
    if not is_right:
        assert ended.record["failed"] >= 1


@pytest.mark.parametrize("program", LINES)
def test_empty_lines_say_nothing_wherever_they_stand(program, tmp_path):
    content = PROGRAMS[program][1]
    apart = b"\n\r\n" + content.replace(b"\n", b"\n\n")
    name = PROGRAMS[program][0]
    assert read(tmp_path / name, apart) == read(tmp_path / name, content)


# --- Trees --------------------------------------------------------------------------------------


def test_the_path_of_the_last_entry_of_pi_is_the_dialogue_and_others_are_threads(here):
    lines = [
        sessions.PI_HEADER,
        pi_entry("p1", None, "user", "Go"),
        pi_entry("p2", "p1", "assistant", [text("Left.")]),
        pi_entry("p3", "p1", "assistant", [text("Right.")]),
    ]
    path = here.directory / "p.jsonl"
    path.write_bytes(encoded(lines))
    here.at("import", path)
    assert talk(here, "p1") == [("user", "Go"), ("assistant", "Right.")]
    (thread,) = here.at("dialogue", "get-threads", "p1")["items"]
    assert thread["metadata"]["forkedAfter"] == "p1"
    assert talk(here, thread["id"]) == [("assistant", "Left.")]


def test_an_id_of_several_entries_of_pi_is_told_apart(tmp_path):
    lines = [
        sessions.PI_HEADER,
        pi_entry("p1", None, "user", "Go"),
        pi_entry("p2", "p1", "assistant", [text("One.")]),
        pi_entry("p2", "p2", "user", "And?"),
        pi_entry("p3", "p2", "assistant", [text("Two.")]),
    ]
    found, failed = read(tmp_path / "p.jsonl", encoded(lines))
    assert failed == []
    assert [own for own, *_ in spoken(found)] == ["p1", "p2", "p2-2", "p3"]


def test_a_rewound_session_of_qwen_code_shows_what_came_of_it(tmp_path):
    lines = [
        qwen_line("q1", None, "user", {"text": "Go"}),
        qwen_line("q2", "q1", "assistant", {"text": "Left."}),
        qwen_line("q3", "q1", "system", subtype="rewind", systemPayload={}),
        qwen_line("q4", "q3", "assistant", {"text": "Right."}),
    ]
    found, _ = read(tmp_path / "q.jsonl", encoded(lines))
    assert [own for own, *_ in spoken(found)] == ["q1", "q4", "q2"]


# --- Cline --------------------------------------------------------------------------------------


def test_the_file_beside_a_session_of_cline_names_it(here):
    path = placed(here.directory, "cline")
    about = {"cwd": "/p", "metadata": {"title": "Two files"}, "prompt": "Read <both>"}
    Path(here.directory, "c1.json").write_text(json.dumps(about))
    here.at("import", path)
    stored = here.at("dialogue", "get", "c1")
    assert stored["label"] == "Two files"
    assert stored["metadata"]["cwd"] == "/p"


def test_a_session_of_cline_that_went_on_has_its_new_messages_added(here):
    path = here.directory / "c1.messages.json"
    whole = sessions.cline()
    for count in (2, len(whole)):
        path.write_bytes(sessions.cline_document(whole[:count]))
        assert here.at("import", path)["failed"] == 0
    assert talk(here, "c1") == sessions.CLINE_TALK
