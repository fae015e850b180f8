"""Rollouts of the Codex CLI."""

from tests.importing import codex_files as codex

TALK = [
    ("user", "Show both notes"),
    ("call", "exec_command", {"cmd": "cat tea"}),
    ("call", "exec_command", {"cmd": "cat milk"}),
    ("tool", "Chunk ID: c1\nProcess exited with code 0\nOutput:\nEarl Grey"),
    ("tool", "Chunk ID: c2\nProcess exited with code 1\nOutput:\nno such file"),
    ("assistant", "One is there."),
]
LATER = [("user", "Which?"), ("assistant", "Tea.")]


def test_what_was_said_is_imported_once_and_what_only_looks_like_it_is_not(imports):
    path = imports.write(codex.NAME, codex.whole())
    assert imports.read(path)["messages"] == 9
    assert imports.talk(codex.THREAD) == TALK + LATER
    dialogue = imports.dialogue(codex.THREAD)
    assert dialogue["created"] == "2026-11-28T10:00:00.000Z"
    about = {"source": "codex", "model": "gpt-5.9", "cwd": "/home/ann/notes", "version": "0.171.0"}
    assert dialogue["metadata"] == about
    shown = imports.messages(codex.THREAD)
    ids = ["msg_1", "rs_1", "fc_1", "fc_2", "fco_1", "fco_2", "msg_2", "msg_3", "msg_4"]
    assert [one["id"] for one in shown] == ids
    assert shown[0]["created"] == "2026-11-28T10:00:06.250Z"
    assert shown[1]["content"]["encrypted_content"] == "c2VjcmV0"
    assert shown[5]["metadata"] == {"status": "failed", "exitCode": 1}
    results = imports.window(codex.THREAD, "anthropic")[2]["content"]
    assert [one["tool_use_id"] for one in results] == ["call_1", "call_2"]


def test_a_rollout_that_has_grown_adds_what_is_new(imports):
    lines = codex.whole()
    for length in (10, 13, len(lines)):
        path = imports.write(codex.NAME, lines[:length])
        assert imports.commands.at("import", path)["failed"] == 0
    assert imports.talk(codex.THREAD) == TALK + LATER


def test_the_last_line_is_told_while_it_is_being_written(imports):
    path = imports.write(codex.NAME, codex.whole())
    path.write_text(path.read_text()[:-20])
    ended = imports.commands.run("import", path)
    assert (ended.code, ended.record["messages"]) == (1, 8)
    assert "is cut off" in ended.err


def test_a_rollout_in_which_nobody_spoke_is_no_failure(imports):
    path = imports.write(codex.NAME, codex.rollout([codex.header()], codex.opening()))
    assert imports.read(path)["dialogues"] == 0


def test_images_are_kept_without_the_texts_around_them(imports):
    image = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}
    around = ['<image name=[Image #1] path="/tmp/a.png">', "</image>"]
    begin, end = ({"type": "input_text", "text": text} for text in around)
    parts = [begin, image, end, {"type": "input_text", "text": "What is it?"}]
    kinds = ["user.text", "user.image", "user.text", "user.text"]
    items = codex.message("m", "user", parts, kinds)
    imports.read(imports.write(codex.NAME, codex.rollout([codex.header()], [items])))
    assert imports.talk(codex.THREAD) == [("user", "image_url"), ("user", "What is it?")]


def test_a_thought_goes_back_to_the_model_with_the_text_behind_it(imports):
    thought = codex.item("reasoning", id="rs_1", summary=[], encrypted_content="c2VjcmV0")
    items = [codex.typed("u", "Hi"), thought, codex.answered("msg_1", "Hello")]
    imports.read(imports.write(codex.NAME, codex.rollout([codex.header()], items)))
    assert imports.talk(codex.THREAD) == [("user", "Hi"), ("assistant", "Hello")]
    window = imports.window(codex.THREAD, "responses")
    assert [one.get("id") for one in window[1:]] == ["rs_1", "msg_1"]


def test_an_interrupted_turn_keeps_what_was_typed(imports):
    aborted = [{"type": "input_text", "text": "<turn_aborted> The user interrupted"}]
    lines = codex.rollout(
        [codex.header(), codex.typed("m", "Wait"), codex.called(1, "sleep"), codex.called(2, "ls")],
        [codex.printed(1, "aborted by user")],
        [codex.message("n", "user", aborted, ["generic.turn_aborted"])],
        [codex.event(type="turn_aborted", reason="interrupted")],
    )
    imports.read(imports.write(codex.NAME, lines))
    roles = [one["role"] for one in imports.messages(codex.THREAD)]
    assert roles == ["user", "assistant", "assistant", "tool"]


def test_messages_of_a_server_that_gives_one_id_to_all_are_all_there(imports):
    items = [codex.typed("u", "a"), codex.answered("m", "b"), codex.answered("m", "b")]
    imports.read(imports.write(codex.NAME, codex.rollout([codex.header()], items)))
    assert [one["id"] for one in imports.messages(codex.THREAD)] == ["u", "m", "m-2"]


def test_older_rollouts_do_not_say_what_was_typed(imports):
    texts = ["<environment_context>", "# AGENTS.md instructions for /home/ann", "Hello"]
    items = [
        codex.item("message", role="user", content=[{"type": "input_text", "text": text}])
        for text in texts
    ]
    for _, payload in items:
        del payload[codex.NOTES]
    imports.read(imports.write(codex.NAME, codex.rollout([codex.header()], items)))
    assert imports.talk(codex.THREAD) == [("user", "Hello")]


def fork(end):
    base = {"thread_id": codex.THREAD, "end_ordinal_exclusive": end, "end_byte_offset": 1}
    about = {"forked_from_id": codex.THREAD, "forked_from_ordinal_exclusive": end}
    begun = [codex.header(codex.FORK, history_base=base, **about), codex.typed("f_1", "And milk?")]
    return codex.rollout(begun, [codex.answered("f_2", "None.")], ordinal=end)


def test_a_fork_has_what_it_goes_on_from(imports):
    parent = codex.whole()
    (end,) = (line["ordinal"] for line in parent if line["type"] == "compacted")
    imports.write(f"sessions/2026/11/28/{codex.NAME}", parent)
    imports.write(f"sessions/2026/11/29/{codex.FORK_NAME}", fork(end))
    assert imports.read("sessions")["dialogues"] == 2
    own = [("user", "And milk?"), ("assistant", "None.")]
    assert imports.talk(codex.FORK) == TALK + own
    assert imports.talk(codex.THREAD) == TALK + LATER
    assert imports.dialogue(codex.FORK)["metadata"]["forkedFrom"] == codex.THREAD


def test_a_fork_alone_has_its_own_part_and_names_its_parent(imports):
    imports.read(imports.write(codex.FORK_NAME, fork(20)))
    assert imports.talk(codex.FORK) == [("user", "And milk?"), ("assistant", "None.")]
    assert imports.dialogue(codex.FORK)["metadata"]["forkedFrom"] == codex.THREAD
