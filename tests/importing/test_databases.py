"""Databases that programs keep: what is in them is what the programs print of it."""

import json

import apsw
import pytest

from dialoguedb.cli.data.transfer.lines import DialogueLine, InputFile
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.source_files import Source, lines_of
from tests.importing import databases, test_llm, test_opencode

IMAGE = {"id": "i1", "type": "image/png", "path": None, "url": "https://example.com/a.png"}
OWN = {"id": "i2", "type": "image/png", "path": "/home/ann/b.png", "url": None}
LONG = "A long text"


def text(words):
    return {"type": "text", "text": words}


def llm_answers():
    """Return what `llm` prints of the database that `llm_database` writes."""
    first, second, third = test_llm.answers()
    third["prompt"], third["prompt_fragments"] = f"{LONG}\nWhich?", [{"content": LONG}]
    third["system"] = "Be kind."
    sizes = {"content": None, "content_length": None}
    third["attachments"] = [{**IMAGE, **sizes}, {**OWN, "content": True, "content_length": 3}]
    other = test_llm.answer(4, "Show both", "No.", system="Be kind.")
    return [first, second, third, other | {"conversation_id": "talk-2"}]


def llm_database(path):
    """Write two conversations that begin alike."""
    log, (first, second, third, other) = databases.Llm(path), llm_answers()
    log.add("fragments", id=1, hash="f", content=LONG)
    log.add("turn_fragments", turn_id="a3", fragment_id=1, order=0, kind="prompt")
    log.add("attachments", **IMAGE)
    log.add("attachments", **OWN, content=b"PNG")
    question = log.message(log.message(None, "system", text("Be kind.")), "user", text("Show both"))
    calls = [{"type": "tool_call", **one} for one in first["tool_calls"]]
    thought = {"type": "reasoning", "text": first["reasoning"]}
    called = log.message(question, "assistant", thought, *calls)
    log.turn(first, question, called)
    results = [{"type": "tool_result", **one} for one in second["tool_results"]]
    printed = log.message(called, "tool", *results)
    answered = log.message(printed, "assistant", text("One is there."))
    log.turn(second, printed, answered)
    pieces = {"type": "text", "text_ref": [{"fragment": 1}, {"literal": "\nWhich?"}]}
    attached = [{"type": "attachment", "attachment": {"id": one}} for one in ("i1", "i2")]
    which = log.message(answered, "user", pieces, *attached)
    log.turn(third, which, log.message(which, "assistant", text("Tea.")))
    log.turn(other, question, log.message(question, "assistant", text("No.")))
    return log


def opencode_database(path):
    return databases.opencode(path, test_opencode.session())


PROGRAMS = {
    "opencode": (opencode_database, [test_opencode.session()], [test_opencode.SESSION]),
    "llm": (llm_database, [llm_answers()], ["talk-1", "talk-2"]),
}


def stored(imports, dialogues):
    """Return all that is stored of dialogues, but for what the server sets."""
    return [
        {name: held.get(name) for name in ("id", "role", "label", "content", "metadata", "created")}
        for dialogue in dialogues
        for held in (imports.dialogue(dialogue), *imports.messages(dialogue))
    ]


# --- Every program ------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("is_first", [True, False], ids=["database first", "printed first"])
def test_a_database_is_what_the_program_prints_of_it(program, is_first, imports):
    write, printed, ids = PROGRAMS[program]
    write(path := imports.directory / "kept.db")
    printed = imports.write("printed.json", printed[0])
    first, second = (path, printed) if is_first else (printed, path)
    counts = imports.read(first)
    before = stored(imports, ids)
    ended = imports.commands.run("import", second)
    assert (ended.code, ended.err) == (0, "")
    assert ended.record == counts
    assert stored(imports, ids) == before
    total = imports.commands.at("dialogue", "list")["items"]
    assert sum(one["totalMessages"] for one in total) == counts["messages"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_database_is_only_read_and_its_program_may_write_meanwhile(program, tmp_path):
    write = PROGRAMS[program][0]
    write(path := tmp_path / "kept.db")
    before = path.read_bytes()
    found = lines_of(
        Source(InputFile(path, "kept.db"), program), lambda _: None, FileReport("kept.db", program)
    )
    next(found)
    assert path.read_bytes() == before
    writer = apsw.Connection(str(path))
    writer.execute("CREATE TABLE later (id)")
    assert list(found)
    reads = lines_of(
        Source(InputFile(path, "kept.db"), program), lambda _: None, FileReport("kept.db", program)
    )
    writer.execute("BEGIN IMMEDIATE; INSERT INTO later VALUES (1)")
    assert list(reads)
    writer.execute("ROLLBACK")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_directory_with_a_database_is_imported_and_others_are_skipped(program, imports):
    directory = imports.directory / "in"
    directory.mkdir()
    PROGRAMS[program][0](directory / "kept.db")
    apsw.Connection(str(directory / "state.sqlite")).execute("CREATE TABLE threads (id)")
    counts = imports.read(directory)
    assert (counts["dialogues"], counts["skipped"]) == (len(PROGRAMS[program][2]), 1)


# --- opencode -----------------------------------------------------------------------------------


def test_a_session_of_opencode_that_goes_on_adds_what_is_new(imports):
    whole = test_opencode.session()
    later = whole["messages"][4:]
    del whole["messages"][4:]
    database = databases.opencode(path := imports.directory / "opencode.db", whole)
    imports.read(path)
    database.execute("BEGIN")
    for message in later:
        databases.opencode_message(database, test_opencode.SESSION, message)
    assert len(imports.messages(test_opencode.SESSION)) == imports.read(path)["messages"]
    database.execute("COMMIT")
    imports.read(path)
    assert imports.talk(test_opencode.SESSION) == test_opencode.EXPECTED


def test_a_session_in_which_nobody_spoke_is_none(imports):
    empty = test_opencode.exported()
    empty["info"]["id"] = "ses_0a2"
    databases.opencode(path := imports.directory / "opencode.db", test_opencode.session(), empty)
    assert imports.read(path)["dialogues"] == 1
    printed = imports.write("empty.json", empty)
    assert imports.read(printed)["dialogues"] == 0


def test_a_session_that_is_deleted_meanwhile_is_left_out(tmp_path):
    other = test_opencode.session()
    other["info"]["id"] = "ses_0a0"
    other["messages"] = [test_opencode.message("msg_8", "user", text("Hi"))]
    sessions = (test_opencode.session(), other)
    database = databases.opencode(path := tmp_path / "opencode.db", *sessions)
    found = lines_of(
        Source(InputFile(path, "kept.db"), "opencode"),
        lambda _: None,
        FileReport("kept.db", "opencode"),
    )
    first = next(found)
    database.execute("DELETE FROM session WHERE id = ?", (test_opencode.SESSION,))
    assert isinstance(first, DialogueLine)
    assert first.id == "ses_0a0"
    assert [one for one in found if isinstance(one, DialogueLine)] == []


def test_a_damaged_session_fails_alone(imports):
    other = test_opencode.session()
    other["info"]["id"] = "ses_0a2"
    for message in other["messages"]:
        message["info"]["id"] += "-2"
        message["parts"] = [{**part, "id": part["id"] + "-2"} for part in message["parts"]]
    sessions = (test_opencode.session(), other)
    database = databases.opencode(path := imports.directory / "opencode.db", *sessions)
    database.execute("UPDATE part SET data = '{\"type' WHERE session_id = 'ses_0a1'")
    ended = imports.commands.run("import", path)
    assert (ended.code, ended.record["dialogues"], ended.record["failed"]) == (1, 1, 1)
    assert f"Not imported: conversation 1 of {path}" in ended.err


# --- llm ----------------------------------------------------------------------------------------


def test_conversations_of_llm_that_begin_alike_are_whole(imports):
    llm_database(path := imports.directory / "logs.db")
    imports.read(path)
    begun = [("system", "Be kind."), ("user", "Show both")]
    assert imports.talk("talk-1")[:2] == begun
    assert imports.talk("talk-2") == [*begun, ("assistant", "No.")]


def earlier_llm(path, answers):
    """Write answers into the tables of earlier versions, each with an image and a fragment."""
    log = databases.Llm(path)
    log.earlier()
    log.add("conversations", id="talk-1", name="Two notes", model="small-1")
    log.add("fragments", id=7, content=LONG)
    kept = ("id", "model", "prompt", "system", "response", "duration_ms", "datetime_utc")
    for one in answers:
        columns = {name: one.get(name) for name in kept}
        log.add("responses", conversation_id="talk-1", **columns)
        for call in one.get("tool_calls", ()):
            arguments = json.dumps(call["arguments"])
            log.add("tool_calls", response_id=one["id"], **{**call, "arguments": arguments})
        for result in one.get("tool_results", ()):
            log.add("tool_results", response_id=one["id"], **result)
    log.add("attachments", **IMAGE)
    log.add("prompt_attachments", response_id="a1", attachment_id="i1", order=0)
    log.add("prompt_fragments", response_id="a1", fragment_id=7, order=0)
    return log


def test_what_earlier_versions_of_llm_kept_goes_on_in_the_new_tables(imports):
    answers = llm_answers()[:3]
    log = earlier_llm(path := imports.directory / "logs.db", answers)
    question = log.message(None, "user", text("Which?"))
    log.turn(answers[2], question, log.message(question, "assistant", text("Tea.")))
    assert imports.read(path)["dialogues"] == 1
    fragment = ("user", LONG)
    image = ("user", "image_url")
    begun = [*test_llm.EXPECTED[:1], fragment, *test_llm.EXPECTED[1:2], image]
    ended = [("user", "Which?"), ("assistant", "Tea.")]
    assert imports.talk("talk-1") == [*begun, *test_llm.EXPECTED[2:7], *ended]


def test_messages_of_llm_that_follow_each_other_in_a_circle_fail_alone(imports):
    log = llm_database(path := imports.directory / "logs.db")
    last = log.database.execute("SELECT tip_message_hash FROM turns WHERE id = 'a4'").get
    log.database.execute("UPDATE messages SET parent_hash = hash WHERE hash = ?", (last,))
    ended = imports.commands.run("import", path)
    assert (ended.code, ended.record["dialogues"], ended.record["failed"]) == (1, 1, 1)
    assert "messages follow each other in a circle" in ended.err


# --- What goes wrong ----------------------------------------------------------------------------


def test_a_text_of_llm_whose_fragment_is_missing_is_a_failure(imports):
    log = llm_database(path := imports.directory / "logs.db")
    log.database.execute("DELETE FROM fragments")
    ended = imports.commands.run("import", path)
    assert ended.code == 1
    assert "fragment 1 of a text is missing" in ended.err


def test_a_database_of_another_program_is_of_no_known_format(imports):
    path = imports.directory / "other.db"
    apsw.Connection(str(path)).execute("CREATE TABLE threads (id)")
    ended = imports.commands.run("import", path)
    assert ended.code == 1
    assert "is not known; --format can name it" in ended.err
    ended = imports.commands.run("import", path, "--format", "codex")
    assert ended.code == 1
    assert "is a database, which the format codex is not" in ended.err


def test_a_damaged_database_is_an_error(imports):
    path = imports.directory / "logs.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    ended = imports.commands.run("import", path)
    assert ended.code == 1
    assert f"The database {path}" in ended.err


# --- Discovered ---------------------------------------------------------------------------------

KEPT = {"opencode": ".local/share/opencode/opencode.db", "llm": ".config/io.datasette.llm/logs.db"}
MOVED = {
    "XDG_DATA_HOME": ("opencode", "moved", "moved/opencode/opencode-beta.db"),
    "OPENCODE_DB": ("opencode", "moved/mine.sqlite", "moved/mine.sqlite"),
    "LLM_USER_PATH": ("llm", "moved", "moved/logs.db"),
}


def listed(machine):
    ended = machine.run("import", "--discover")
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()], ended.err


def written(home, program, name):
    path = home / name
    path.parent.mkdir(parents=True)
    PROGRAMS[program][0](path)
    return path


@pytest.mark.parametrize("program", KEPT)
def test_a_database_is_listed_with_its_conversations_and_imported(program, machine, home):
    path = written(home, program, KEPT[program])
    (found,), err = listed(machine)
    assert err == ""
    assert (found["program"], found["where"]) == (program, str(path.parent))
    assert found["conversations"] == len(PROGRAMS[program][2])
    assert (found["oldest"][:10], found["newest"][:10]) == ("2026-11-28", "2026-11-28")
    for words in (["--discover", program], [path.parent]):
        counts = machine.at("import", *words)
        assert (counts["dialogues"], counts["failed"]) == (found["conversations"], 0)


def test_what_several_versions_of_llm_kept_is_counted_once(machine, home):
    (path := home / KEPT["llm"]).parent.mkdir(parents=True)
    answers = llm_answers()
    log = earlier_llm(path, answers[:2])
    question = log.message(None, "user", text("Which?"))
    log.turn(answers[2], question, log.message(question, "assistant", text("Tea.")))
    (found,), _ = listed(machine)
    times = (found["oldest"], found["newest"])
    assert found["conversations"] == 1
    assert times == ("2026-11-28T10:00:01.125Z", "2026-11-28T10:00:03.125Z")


@pytest.mark.parametrize("variable", MOVED)
def test_variables_of_a_program_move_its_database(variable, machine, home):
    program, value, name = MOVED[variable]
    written(home, program, name)
    assert listed(machine)[0] == []
    machine.variables[variable] = str(home / value)
    assert [one["program"] for one in listed(machine)[0]] == [program]


def test_a_database_that_cannot_be_read_is_listed_as_left_out(machine, home):
    path = home / KEPT["llm"]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    found, err = listed(machine)
    assert found == []
    assert f"Left out: {path}: The database {path}" in err
    ended = machine.run("import", "--discover", "llm")
    assert (ended.code, ended.record["failed"]) == (1, 1)
