"""Windows of text alone."""

from dialoguedb.formats.parts import Attachment, Reasoning, Text
from tests.unit.rendering import ASK, call, messages, result, windowed


def test_calls_are_lines_of_the_assistant_and_results_of_a_user():
    sent = messages("plain", ASK, ("assistant", call()), ("tool", result()), system="Be kind.")
    assert [(one["role"], one["content"]) for one in sent] == [
        ("system", "Be kind."),
        ("user", "Where?"),
        ("assistant", '[calls track {"order": 17}]'),
        ("user", "[result] on its way"),
    ]


def test_names_are_fields_and_for_templates_words():
    history = [(("user", "Ada Lovelace"), Text("Where?")), ("assistant", Text("Here."))]
    assert messages("plain", *history)[0]["name"] == "Ada Lovelace"
    strict = messages("plain", *history, target="strict")
    assert strict[0] == {"role": "user", "content": "Ada Lovelace: Where?"}


def test_strict_lines_of_one_speaker_are_joined():
    sent = messages("plain", ASK, ("assistant", call()), ("tool", result()), ASK, target="strict")
    assert sent[-1] == {"role": "user", "content": "[result] on its way\n\nWhere?"}


def test_what_is_no_text_is_named_or_left_out_and_told():
    picture = Attachment(url="https://example.com/a.png")
    window = windowed("plain", ("user", picture), ("assistant", Reasoning("Hm."), Text("So.")))
    assert window.messages[0]["content"] == "[image https://example.com/a.png]"
    assert [one.kind for one in window.losses] == ["attachment", "thought"]
