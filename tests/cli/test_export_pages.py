"""Exports as pages to read."""

import json
import re

import pytest

from tests.cli.talks import PIXEL, TALK, answered, called, stored, text

HOSTILE = [
    "</pre></details><script>alert(1)</script><img src=x onerror=alert(1)>",
    "```\n# no heading\n`````\n[x](javascript:alert(1)) ~~~ <b>",
    "\x1b[31m\u202e \x00 &lt; \ud800",
    "javascript:alert(1) http://example.org/",
]


@pytest.fixture
def hostile(commands):
    """Store a dialogue in which every text is hostile."""
    for number, words in enumerate(HOSTILE):
        name = re.sub("[\x00\ud800\n]", "", words)[:60]
        fields = {"namespace": "h", "metadata": {words: words}, "tags": [name[:30]]}
        message = {"role": name[:20], "name": name, "content": words, "metadata": {words: words}}
        call = {"role": "assistant", "content": [called("x'\">", name, **{words: words})]}
        result = {"role": "user", "content": [answered("x'\">", text(words))]}
        image = {"type": "image_url", "image_url": {"url": "javascript:alert(1)"}}
        shown = {"role": "user", "content": [text(words), image]}
        lines = [
            {"format": "dialoguedb", "version": 1},
            {"dialogue": {"id": f"d{number}", "label": name, "state": {"s": words}, **fields}},
            *({"message": one} for one in (message, call, result, shown)),
            {"memory": {"id": f"m{number}", "value": words, "label": name, "description": name}},
        ]
        path = commands.directory / "hostile.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert commands.at("import", path)["failed"] == 0
    return commands


def test_hostile_texts_stay_text_in_html(hostile):
    page = hostile.run("export", "--format", "html").out
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    tags = set(re.findall(r"<(/?\w+)", page))
    known = {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "section", "article"),
        *("dl", "dt", "dd", "bdi", "div", "span", "pre", "details", "summary"),
    }
    assert {tag.lstrip("/") for tag in tags} <= known
    assert "&lt;script&gt;alert(1)" in page
    assert "javascript:alert(1)" in page
    assert not set(page) & set("\x1b\x00")
    for attributes in re.findall(r"<\w+ ([^>]*)>", page):
        assert not re.search(r"\b(?:href|src|on\w+|style)=", attributes)


def test_hostile_texts_stay_text_in_markdown(hostile):
    markdown_it = pytest.importorskip("markdown_it")
    page = hostile.run("export", "--format", "markdown").out
    tokens = markdown_it.MarkdownIt("commonmark", {"html": True}).parse(page)
    kinds = {token.type for token in tokens}
    kinds |= {inner.type for token in tokens for inner in token.children or ()}
    assert kinds <= {
        *("heading_open", "heading_close", "inline", "text", "fence", "softbreak"),
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
        *("paragraph_open", "paragraph_close", "strong_open", "strong_close", "text_special"),
    }
    fenced = [token.content for token in tokens if token.type == "fence"]
    for words in HOSTILE[:2]:
        assert fenced.count(words + "\n") == 4
    assert not set(page) & set("\x1b\x00")


def test_a_page_shows_what_there_is_and_needs_nothing_else(commands):
    stored(commands, "talk", TALK, "--label", "A talk", "--tags", "a,b")
    commands.at("dialogue", "create-thread", "talk", "--id", "aside")
    commands.at("message", "add", "aside", "--role", "user", "--content", "Aside.")
    page = commands.run("export", "--format", "html").out
    assert f'<img src="data:image/png;base64,{PIXEL}"' in page
    assert "prefers-color-scheme: dark" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<details>") == 6
    assert "Result of find (b)" in page
    listed = commands.run("export", "--format", "markdown")
    assert "## A talk\n" in listed.out
    assert "- Thread of: talk" in listed.out
    assert "**Call of find \\(a\\)**" in listed.out
    assert "Not in markdown: attachments; they are named in words: 1" in listed.err
