"""Exports of Open WebUI."""

SECOND = 1_795_860_000


def spoken(own_id, parent, role, content, **more):
    stamp = SECOND + int(own_id[1:])
    about = {"id": own_id, "parentId": parent, "childrenIds": [], "timestamp": stamp}
    return {**about, "role": role, "content": content, **more}


def chat(*messages, current):
    history = {"currentId": current, "messages": {one["id"]: one for one in messages}}
    about = {"id": "chat-1", "title": "Tea", "created_at": SECOND, "archived": False}
    return {**about, "chat": {"title": "Tea", "models": ["small-1"], "history": history}}


def exported():
    image = {"type": "image", "url": "data:image/png;base64,iVBORw0KGgo="}
    return chat(
        spoken("m1", None, "user", "What is it?", files=[image]),
        spoken("m2", "m1", "assistant", "A cup.", model="small-1"),
        spoken("m3", "m1", "assistant", "A pot.", model="small-1"),
        spoken("m4", "m2", "user", "Of what?"),
        spoken("m5", "m4", "assistant", "", error={"content": "No answer"}),
        spoken("m6", "m4", "assistant", "Tea.", model="small-1"),
        current="m6",
    )


def test_a_chat_is_imported_as_it_was_last_shown(imports):
    assert imports.read(imports.write("chats.json", [exported()]))["dialogues"] == 2
    spoken_text = [("user", "What is it?"), ("user", "image_url"), ("assistant", "A cup.")]
    assert imports.talk("chat-1") == [*spoken_text, ("user", "Of what?"), ("assistant", "Tea.")]
    dialogue = imports.dialogue("chat-1")
    assert dialogue["metadata"] == {"source": "open-webui", "model": "small-1"}
    shown = imports.messages("chat-1")
    assert [one["id"] for one in shown] == ["m1", "m2", "m4", "m6"]
    assert shown[1]["metadata"] == {"model": "small-1"}
    (thread,) = imports.commands.at("dialogue", "get-threads", "chat-1")["items"]
    assert [one["content"] for one in imports.messages(thread["id"])] == ["A pot."]


def test_a_chat_that_has_gone_on_adds_what_is_new(imports):
    whole = exported()
    first = exported()
    for own_id in ("m4", "m5", "m6"):
        del first["chat"]["history"]["messages"][own_id]
    first["chat"]["history"]["currentId"] = "m2"
    imports.read(imports.write("chats.json", [first]))
    imports.read(imports.write("chats.json", [whole]))
    assert [text for _, text in imports.talk("chat-1")[-2:]] == ["Of what?", "Tea."]


def test_what_was_thought_in_a_text_is_a_thought(imports):
    folded = (
        '<details type="reasoning" done="true" duration="2">\n<summary>Thought for 2 seconds'
        "</summary>\n&gt; It has a handle.\n&gt; So &quot;cup&quot;.\n</details>\nA cup."
    )
    question = spoken("m1", None, "user", "What is it?")
    answered = spoken("m2", "m1", "assistant", folded)
    imports.read(imports.write("chats.json", [chat(question, answered, current="m2")]))
    thought = {"type": "thinking", "thinking": 'It has a handle.\nSo "cup".'}
    shown = imports.messages("chat-1")
    assert shown[1]["content"] == [thought, {"type": "text", "text": "A cup."}]
    assert imports.talk("chat-1") == [("user", "What is it?"), ("assistant", "A cup.")]
