"""Bytes that show what they are: windows say so, whatever type a program gave them."""

import json
from base64 import b64encode

import pytest

from dialoguedb.formats.attachments.kinds import type_of_base64
from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.formats.turns import parse_parts
from tests.unit.rendering import messages

HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "application/pdf": b"%PDF-1.7",
}
DATA = {name: b64encode(head + b"\x00" * 8).decode() for name, head in HEADS.items()}


def image(media_type, data, **more):
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source, **more}


def window(dialect, *blocks):
    content = json.dumps(blocks).encode()
    sent = messages(dialect, ("user", *parse_parts("user", content, b"{}")[1]))
    return sent[0]["parts" if dialect == "gemini" else "content"]


@pytest.mark.parametrize("true", DATA)
def test_bytes_show_their_type(true):
    assert type_of_base64(DATA[true]) == true


@pytest.mark.parametrize("data", ["", "AAAA", "UklGRhAAAABXQVZF", "@", "iVB"])
def test_other_bytes_show_none(data):
    assert type_of_base64(data) == ""


@pytest.mark.parametrize("true", [name for name in DATA if name.startswith("image/")])
@pytest.mark.parametrize("more", [{}, {"transformations": {"resize": 1}}])
def test_an_image_is_sent_as_what_it_is(true, more):
    for stated in ("image/png", "image/jpeg", "image/jpg"):
        assert window("anthropic", image(stated, DATA[true], **more)) == [
            image(true, DATA[true], **more)
        ]
        uri = {"type": "image_url", "image_url": {"url": f"data:{stated};base64,{DATA[true]}"}}
        assert window("openai", uri)[0]["image_url"]["url"].startswith(f"data:{true};")
        blob = {"inlineData": {"mimeType": stated, "data": DATA[true]}}
        assert window("gemini", blob)[0]["inlineData"]["mimeType"] == true


def test_a_pdf_that_is_called_an_image_is_a_document():
    sent = window("anthropic", image("image/png", DATA["application/pdf"]))
    assert [block["type"] for block in sent] == ["document"]


def test_a_type_that_the_bytes_do_not_contradict_stays():
    assert window("anthropic", image("image/jpeg", "AAAA")) == [image("image/jpeg", "AAAA")]


@pytest.mark.parametrize(("stated", "is_right"), [("image/png", True), ("image/jpeg", False)])
def test_anthropic_refuses_an_image_that_is_another(stated, is_right):
    sent = SentMessages([{"role": "user", "content": [image(stated, DATA["image/png"])]}])
    found = [rule.name for rule, _ in findings("anthropic", sent)]
    assert found == ([] if is_right else ["images-are-readable"])
