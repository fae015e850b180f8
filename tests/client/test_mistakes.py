"""Mistakes of programs: each is told in our own words, and nothing is lost or stored by it."""

import inspect
import math
import ssl

import pytest

import dialoguedb
from dialoguedb import AsyncDialogueDB, DialogueDB
from dialoguedb.errors import Closed, InvalidRequest, InvalidSetting

pytestmark = pytest.mark.anyio

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
TOOL_CALL_MESSAGE = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOOL_RESULT = {"role": "tool", "tool_call_id": "c1", "content": "16 degrees"}


class TestMessages:
    async def test_what_a_message_has_no_field_for_is_refused_and_told_where_it_can_go(self, db):
        dialogue = await db.create_dialogue()
        first = {"role": "user", "content": "How warm is it?"}
        for refused in (
            lambda: dialogue.save_message(TOOL_RESULT),
            lambda: dialogue.save_messages([first, TOOL_RESULT]),
            lambda: db.create_dialogue(messages=[first, TOOL_RESULT]),
            lambda: db.create_dialogue(message=TOOL_RESULT),
            lambda: dialogue.create_thread(message=TOOL_RESULT),
            lambda: db.api.dialogue.update(dialogue.id, messages=[first, TOOL_RESULT]),
        ):
            with pytest.raises(InvalidRequest, match=r"tool_call_id.*metadata.*content") as error:
                await refused()
            [failure] = error.value.details
            assert failure.code == "UNKNOWN"
            assert failure.field.endswith("tool_call_id")
        assert len(await db.list_dialogues()) == 1
        assert (await dialogue.load_messages()).items == []

    @pytest.mark.parametrize("part", ["content", "metadata"])
    async def test_calls_of_tools_are_known_wherever_that_advice_leads(self, db, part):
        dialogue = await db.create_dialogue(message={"role": "user", "content": "How warm is it?"})
        if part == "content":
            await dialogue.save_messages(
                [{"role": one["role"], "content": one} for one in (TOOL_CALL_MESSAGE, TOOL_RESULT)]
            )
        else:
            calls, result = {"tool_calls": [CALL]}, {"tool_call_id": "c1"}
            await dialogue.save_message("assistant", "Let me look", metadata=calls)
            await dialogue.save_message("tool", TOOL_RESULT["content"], metadata=result)
        window = await dialogue.context(1000)
        assert window.issues == []
        called, returned = window.messages[1:]
        assert called["tool_calls"] == [CALL]
        assert returned == TOOL_RESULT

    async def test_what_is_no_message_is_refused(self, db):
        dialogue = await db.create_dialogue()
        [kept] = await dialogue.save_messages(({"role": "user", "content": "x"},))
        for messages in ("abc", [("user", "x")], [kept], {"role": "user", "content": "x"}, 7, None):
            with pytest.raises(InvalidRequest, match="messages"):
                await dialogue.save_messages(messages)
        for message in (("user", "x"), kept, None, 7):
            with pytest.raises(InvalidRequest, match=r'such as {"role": "user"'):
                await dialogue.save_message(message)
        with pytest.raises(InvalidRequest, match="role should be a text, not None"):
            await dialogue.save_message(None, "x")
        for message in ({"role": "user"}, {"content": "x"}):
            with pytest.raises(InvalidRequest) as error:
                await dialogue.save_message(message)
            assert error.value.code == "MISSING_PARAMETER"
        assert (await db.get_dialogue(dialogue.id)).total_messages == 1

    async def test_null_content_is_told_from_content_that_is_left_out(self, db):
        dialogue = await db.create_dialogue()
        for refused in (
            lambda: dialogue.save_message("user", None),
            lambda: dialogue.save_message({"role": "assistant", "content": None}),
            lambda: dialogue.save_messages([{"role": "assistant", "content": None}]),
            lambda: db.create_dialogue(message={"role": "assistant", "content": None}),
        ):
            with pytest.raises(InvalidRequest) as error:
                await refused()
            assert error.value.code == "MESSAGE_CONTENT_EMPTY"

    async def test_one_dict_takes_what_is_about_the_call(self, db):
        dialogue = await db.create_dialogue()
        for _ in range(2):
            await dialogue.save_message({"role": "user", "content": "x"}, idempotency_key="k")
        assert (await db.get_dialogue(dialogue.id)).total_messages == 1

    async def test_a_message_goes_to_the_namespace_of_its_dialogue(self, db):
        dialogue = await db.create_dialogue(namespace="ada")
        await dialogue.save_message("user", "x", namespace="ada")
        with pytest.raises(InvalidRequest, match="namespace 'ada'"):
            await dialogue.save_message("user", "x", namespace="bob")


class TestValues:
    async def test_a_text_is_no_list_of_tags(self, db):
        dialogue = await db.create_dialogue(tags=["kept"])
        message = await dialogue.save_message("user", "x", tags=["kept"])
        memory = await db.create_memory("x", tags=["kept"])
        for one in (dialogue, message, memory):
            for tags in ("vip", None, {"a": 1}):
                with pytest.raises(InvalidRequest, match="tags should be a list"):
                    await one.save_tags(tags)
                with pytest.raises(InvalidRequest, match="tags should be a list"):
                    one.tags = tags
            assert one.tags == ["kept"]
        with pytest.raises(InvalidRequest):
            await db.create_dialogue(tags="vip")
        await dialogue.save_tags(("a", "b"))
        assert (await db.get_dialogue(dialogue.id)).tags == ["a", "b"]

    async def test_a_state_is_an_object(self, db):
        dialogue = await db.create_dialogue(state={"kept": 1})
        for state in (None, [1], "x"):
            for refused in (
                dialogue.set_state,
                dialogue.save_state,
                lambda state: db.api.state.update(dialogue.id, state, merge=False),
                lambda state: db.api.state.patch(dialogue.id, state),
            ):
                with pytest.raises(InvalidRequest, match="state should be a dict"):
                    await refused(state)
            with pytest.raises(InvalidRequest, match="state should be a dict"):
                dialogue.state = state
        assert dialogue.state == (await db.get_dialogue(dialogue.id)).state == {"kept": 1}

    @pytest.mark.parametrize("text", [2, "ä", "a\n"], ids=repr)
    async def test_what_has_no_place_in_a_header_is_refused(self, db, text):
        dialogue = await db.create_dialogue()
        for how in ({"if_match": text}, {"idempotency_key": text}):
            with pytest.raises(InvalidRequest, match=next(iter(how))):
                await dialogue.save_message("user", "x", **how)

    @pytest.mark.parametrize("dialogue_id", [5, None, "", ".."], ids=repr)
    async def test_what_is_no_id_is_refused(self, db, dialogue_id):
        for refused in (db.get_dialogue, db.delete_dialogue, db.get_memory, db.delete_memory):
            with pytest.raises(InvalidRequest, match="cannot be an id"):
                await refused(dialogue_id)


KEY = "ddb_key"


@pytest.mark.parametrize("made", [AsyncDialogueDB, DialogueDB])
class TestChoices:
    @pytest.mark.parametrize(
        ("choices", "complaint"),
        [
            ({"api_key": 5}, "That is no key"),
            ({"api_key": "./chats"}, 'path="./chats"'),
            ({"api_key": "bad"}, "begin with ddb_$"),
            ({"api_key": "ddb_ä"}, "That is no key"),
            ({"api_key": f"Bearer {KEY}"}, "without the word Bearer"),
            ({"api_key": KEY, "endpoint": 5}, "5 is no endpoint"),
            ({"api_key": KEY, "endpoint": "http://"}, "is no endpoint"),
            ({"api_key": KEY, "endpoint": "http://[::1"}, "is no endpoint"),
            ({"api_key": KEY, "endpoint": "http://a:99999"}, "is no endpoint"),
            ({"api_key": KEY, "endpoint": "http://a:b@c"}, "is no endpoint"),
            ({"api_key": KEY, "endpoint": "http://a?x"}, "is no endpoint"),
            ({"path": "a\0b"}, "path should name a directory"),
            ({"api_key": KEY, "timeout": "5"}, "timeout should be"),
            ({"api_key": KEY, "timeout": 0}, "timeout should be"),
            ({"api_key": KEY, "timeout": math.nan}, "timeout should be"),
            ({"api_key": KEY, "timeout": None}, "timeout should be"),
            ({"api_key": KEY, "retries": -1}, "retries should be"),
            ({"api_key": KEY, "retries": None}, "retries should be"),
            ({"api_key": KEY, "namespace": 5}, "namespace should be"),
            ({"api_key": KEY, "tls": True}, "tls should be"),
            ({"path": ""}, "path should name a directory"),
            ({"path": 5}, "path should name a directory"),
            ({"path": b"chats"}, "path should name a directory"),
            ({"path": ":memory:"}, "TemporaryDirectory"),
            ({"path": "chats", "tls": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}, "not both"),
            ({"path": "chats", "retries": -1}, "retries should be"),
            ({"database": 5}, "database should be a URL"),
            ({"database": "chats"}, "database should be a URL"),
            ({"database": "postgresql://u:ddb_key@h:x/n"}, "its port is a number"),
            ({"database": "postgresql://h/n", "path": "chats"}, "not both"),
            ({"database": "postgresql://h/n", "endpoint": "http://a"}, "not both"),
        ],
        ids=lambda value: str(value).partition(" object at ")[0],
    )
    def test_what_cannot_be_meant_is_told_at_once(
        self, made, choices, complaint, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InvalidSetting, match=complaint) as error:
            made(**choices)
        assert KEY not in str(error.value)
        assert list(tmp_path.iterdir()) == []

    def test_a_key_may_come_with_space_around(self, made):
        db = made(f" {KEY}\n")
        assert repr(db) == f"<{made.__name__} at http://127.0.0.1:8000>"


class TestShown:
    async def test_a_client_shows_where_it_leads_and_no_key(self, open_db, where):
        [location] = [text for name, text in where.items() if name != "api_key"]
        shown = [repr(open_db()), repr(open_db(namespace="ada"))]
        assert all(str(location) in one and "ddb_" not in one for one in shown)
        assert shown[1].endswith(", namespace 'ada'>")

    @pytest.mark.parametrize("made", [AsyncDialogueDB, DialogueDB])
    def test_help_names_every_keyword(self, made):
        shown = inspect.signature(made.create_dialogue)
        assert {"label", "state", "thread_of", "idempotency_key"} <= shown.parameters.keys()
        assert "tags" in inspect.signature(made.iter_dialogues).parameters
        is_async = made is AsyncDialogueDB
        assert inspect.iscoroutinefunction(made.create_dialogue) is is_async

    def test_the_package_tells_what_it_has(self):
        assert set(dialoguedb.__all__) <= set(dir(dialoguedb))
        for name in dialoguedb.__all__:
            assert getattr(dialoguedb, name)
        with pytest.raises(AttributeError):
            dialoguedb.Dialog  # noqa: B018 - to look is the point


async def test_a_closed_client_cannot_be_entered_again(where):
    waiting, running = DialogueDB(**where), AsyncDialogueDB(**where)
    with waiting:
        pass
    with pytest.raises(Closed):
        waiting.__enter__()
    async with running:
        pass
    with pytest.raises(Closed):
        await running.__aenter__()
