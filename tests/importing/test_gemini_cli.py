"""Chats of the Gemini CLI."""

from tests.importing import gemini_cli_files as gemini

TALK = [
    ("user", "Show both notes"),
    ("assistant", "I look."),
    ("call", "read_file", {"path": "tea"}),
    ("call", "read_file", {"path": "milk"}),
    ("tool", "Earl Grey"),
    ("tool", "no such file"),
    ("assistant", "One is there."),
]
LATER = [("user", "Which?"), ("assistant", "Tea.")]


def test_a_log_of_changes_becomes_what_was_said_once(imports):
    path = imports.write(f"notes/chats/{gemini.NAME}", gemini.whole())
    assert imports.read(path)["messages"] == 9
    assert imports.talk(gemini.CHAT) == TALK + LATER
    dialogue = imports.dialogue(gemini.CHAT)
    assert dialogue["metadata"] == {"source": "gemini-cli", "model": "gemini-3", "project": "notes"}
    shown = imports.messages(gemini.CHAT)
    results = ["read_1-result", "read_2-result"]
    ids = ["u1", "g1", "read_1", "read_2", *results, "g2", "u2", "g3"]
    assert [one["id"] for one in shown] == ids
    assert [one["created"][14:] for one in shown[:2]] == ["00:01.125Z", "00:03.125Z"]
    assert shown[1]["content"][0] == {"text": "**Reading**\nBoth are short.", "thought": True}
    returned = imports.window(gemini.CHAT, "anthropic")[2]["content"]
    assert [one["tool_use_id"] for one in returned] == ["read_1", "read_2"]


def test_a_chat_that_has_grown_adds_what_is_new(imports):
    lines = gemini.whole()
    for length in (4, 6, 9, len(lines)):
        path = imports.write(gemini.NAME, lines[:length])
        ended = imports.commands.run("import", path)
        assert (ended.code, ended.err.count("Changed")) == (0, 0)
    assert imports.talk(gemini.CHAT) == TALK + LATER


def test_what_was_typed_in_a_turn_that_failed_is_there(imports):
    kept = [gemini.context(), *gemini.first_turn()[:1]]
    failed = [gemini.typed("u9", "Try this", "00:08"), gemini.changed(*kept)]
    again = [gemini.typed("u2", "Once more", "00:09"), gemini.spoken("g9", "gemini", "Ok", "00:10")]
    lines = [gemini.header(), gemini.changed(gemini.context()), *gemini.first_turn()]
    imports.read(imports.write(gemini.NAME, [*lines, *failed, *again]))
    assert [text for _, text in imports.talk(gemini.CHAT)[-3:]] == ["Try this", "Once more", "Ok"]


def test_a_second_file_of_a_chat_is_no_second_dialogue(imports):
    imports.write(f"chats/{gemini.NAME}", gemini.whole()[:9])
    later = [gemini.header("05:00"), *gemini.resumed()[1:]]
    imports.write(f"chats/{gemini.NAME.replace('10-00', '10-05')}", later)
    assert imports.commands.at("import", "chats")["failed"] == 0
    assert imports.talk(gemini.CHAT) == TALK + LATER


def test_a_file_without_talk_is_no_failure(imports):
    path = imports.write(gemini.NAME, gemini.whole()[:2])
    assert imports.read(path)["dialogues"] == 0


def test_images_are_kept(imports):
    image = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
    spoken_text = gemini.spoken("u", "user", [{"text": "What is it?"}, image], "00:01")
    imports.read(imports.write(gemini.NAME, [gemini.header(), spoken_text]))
    assert imports.talk(gemini.CHAT) == [("user", "What is it?"), ("user", "image_url")]
