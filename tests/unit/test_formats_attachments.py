"""Attachments in content: how they are found, cut out, put back and measured."""

import io
import json
import random
import wave
import zlib

import pytest

from dialoguedb.formats.attachments.cutting import (
    CUT_BYTES_MIN,
    cut,
    decode,
    encode,
    refer,
    restore,
    texts,
)
from dialoguedb.formats.attachments.pdf import PAGES_MAX, pdf_pages
from dialoguedb.formats.attachments.scanner import Outline, has_image
from dialoguedb.formats.attachments.sizes import AttachmentSize, attachment_size
from dialoguedb.formats.parts import Attachment, ToolResult
from dialoguedb.formats.turns import parse_parts
from tests.attachments import BY_REFERENCE, PDF, PNG, SPELLINGS, WAV, anthropic, base64_of, encoded
from tests.unit.test_formats_images import png

NAMES = [spelling.name for spelling in SPELLINGS]
every_spelling = pytest.mark.parametrize("spelling", SPELLINGS, ids=NAMES)
BYTES = random.Random(1).randbytes(9_999)


def found(content):
    return Outline(content).attachments()


def cut_of(content):
    return cut(content, found(content))


class TestFinding:
    @every_spelling
    @pytest.mark.parametrize("size", [1, 100, 9_999])
    def test_every_spelling(self, spelling, size):
        content = encoded(spelling.write(base64_of(BYTES[:size])))
        (one,) = found(content)
        assert (one.kind, one.media_type) == (spelling.kind, spelling.media_type)
        assert one.size == size

    @every_spelling
    def test_at_any_depth(self, spelling):
        value = {"deep": [[{"deeper": {"x": [spelling.write(base64_of(BYTES))] * 2}}]]}
        one, other = found(encoded(value))
        assert one.stop < other.start
        assert one.size == other.size == len(BYTES)

    @every_spelling
    @pytest.mark.parametrize("length", [5, 9_999])
    def test_what_is_beside_the_bytes_counts(self, spelling, length):
        content = encoded(spelling.write("A" * 4 * length))
        without = encoded(spelling.write(""))
        (one,) = found(content)
        assert len(content) - one.text_bytes + one.head == len(without)

    @pytest.mark.parametrize(
        "value",
        [
            [{"type": "text", "text": f"data:image/png;base64,{base64_of(BYTES)}"}],
            [{"type": "text", "text": base64_of(BYTES)}],
            [{"type": "image_url", "image_url": {"url": "https://example.org/" + "a" * 9_999}}],
            [{"source": {"type": "text", "media_type": "text/plain", "data": "x" * 9_999}}],
            [{"type": "image", "data": base64_of(BYTES)}],
            [{"source": {"data": base64_of(BYTES)}}],
            [{"mimeType": "image/png", "data": "It is no base64. " * 999}],
            {"arguments": json.dumps(SPELLINGS[0].write(base64_of(BYTES)))},
        ],
    )
    def test_what_is_none(self, value):
        assert found(encoded(value)) == []

    def test_a_string_is_none(self):
        assert found(encoded(f"data:image/png;base64,{base64_of(BYTES)}")) == []

    @pytest.mark.parametrize(
        ("plain", "escaped"),
        [("/", r"\/"), ("+", r"\u002B"), ("=", r"\u003d"), ("A", r"A\n"), ("A", r"A\r\n")],
    )
    def test_escapes_of_encoders(self, plain, escaped):
        text = base64_of(BYTES[:-1])
        content = encoded(anthropic("image", PNG)("DATA"))
        content = content.replace(b"DATA", text.replace(plain, escaped).encode())
        (one,) = found(content)
        assert one.size == len(BYTES) - 1
        assert content[one.start : one.stop].decode() == text.replace(plain, escaped)

    def test_both_alphabets(self):
        text = base64_of(b"\xff\xfe\xfb" * 999).translate(str.maketrans("+/", "-_"))
        (one,) = found(encoded({"inline_data": {"mime_type": PNG, "data": text}}))
        assert one.size == 2_997

    def test_a_data_uri_without_base64(self):
        text = "data:image/svg+xml;utf8,%3Csvg xmlns='a'/%3E"
        (one,) = found(encoded([{"type": "image_url", "image_url": {"url": text}}]))
        assert (one.kind, one.size, one.text_bytes) == ("image", 16, len(text))

    def test_quotes_and_brackets_in_texts_confuse_nothing(self):
        data = base64_of(BYTES)
        texts_beside = [
            '{"data":"',
            "[",
            ",",
            ':"',
            '\\"',
            "\\",
            data[:300] + '"' + data,
            '"data:,',
        ]
        value = [{"type": "text", "text": text} for text in texts_beside]
        value += anthropic("image", PNG)(data)
        content = encoded([*value, *value])
        one, other = found(content)
        assert content[one.start : one.stop] == content[other.start : other.stop] == data.encode()


class TestImages:
    @every_spelling
    @pytest.mark.parametrize("size", [10, 9_999])
    def test_inline(self, spelling, size):
        content = encoded(spelling.write(base64_of(BYTES[:size])))
        assert has_image(content) is (spelling.kind == "image")

    @pytest.mark.parametrize("value", BY_REFERENCE.values(), ids=BY_REFERENCE)
    def test_by_reference(self, value):
        assert has_image(encoded(value))
        assert has_image(encoded({"deep": [{"deeper": value}]}))

    @pytest.mark.parametrize(
        "value",
        [
            "an image",
            [{"type": "text", "text": "an image/png"}],
            {"type": "image_generation_call", "result": None},
            {"mimeType": PNG},
            {"parts": [{"kind": "document-url", "url": "https://example.org/a.pdf"}]},
        ],
    )
    def test_what_is_none(self, value):
        assert not has_image(encoded(value))

    @every_spelling
    def test_cutting_changes_no_answer(self, spelling):
        content = encoded(spelling.write(base64_of(BYTES)))
        assert has_image(cut_of(content).content) is has_image(content)


class TestCutting:
    @every_spelling
    def test_content_comes_back(self, spelling):
        data = base64_of(BYTES)
        content = encoded([{"type": "text", "text": "é"}, *[{"x": spelling.write(data)}] * 2])
        without = cut_of(content)
        kept = dict(texts(content, without.attachments))
        assert list(kept.values()) == [data.encode()]  # the same bytes twice
        assert without.content == encoded(
            [{"type": "text", "text": "é"}, *[{"x": spelling.write("")}] * 2]
        )
        assert without.full_bytes == len(content)
        assert decode(encode(without.attachments)) == without.attachments
        assert restore(without, kept.__getitem__) == content

    @every_spelling
    def test_references_stand_for_whole_strings(self, spelling):
        without = cut_of(encoded(spelling.write(base64_of(BYTES))))
        (one,) = without.attachments
        name = f"attachment:sha256:{one.sha256}"
        referred = refer(without).decode()
        assert f'"{name}"' in referred
        json.loads(referred)

    def test_the_least_that_is_cut(self):
        for length in (CUT_BYTES_MIN - 4, CUT_BYTES_MIN):
            without = cut_of(encoded(anthropic("image", PNG)("A" * length)))
            assert (without is not None) is (length == CUT_BYTES_MIN)


def pdf(*objects):
    return b"%PDF-1.7\n" + b"".join(
        b"%d 0 obj %s endobj\n" % (number, each) for number, each in enumerate(objects, 1)
    )


def page_tree(pages):
    return b"<</Kids[%s]/Type /Pages /Count %d>>" % (b"9 0 R " * pages, pages)


def stream(extra, data):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (extra, len(data), data)


class TestPages:
    def test_the_count_of_the_root(self):
        assert pdf_pages(pdf(page_tree(3), page_tree(12))) == 12

    def test_pages_without_a_tree(self):
        assert pdf_pages(pdf(*[b"<</Type/Page>>"] * 4)) == 4

    def test_object_streams(self):
        inside = page_tree(7)
        data = zlib.compress(b"5 0 6 %d " % len(inside) + inside + b"<</Type/Catalog>>")
        first = len(b"5 0 6 %d " % len(inside))
        head = b"/Type/ObjStm/N 2/First %d/Filter/FlateDecode" % first
        assert pdf_pages(pdf(stream(head, data))) == 7

    def test_what_streams_hold_is_no_page(self):
        drawn = stream(b"", b"1 0 obj <</Type/Pages/Count 99>>")
        assert pdf_pages(pdf(drawn, page_tree(2))) == 2

    def test_what_is_not_told(self):
        assert pdf_pages(b"") is None
        assert pdf_pages(b"1 0 obj") is None
        assert pdf_pages(pdf(stream(b"/Type/ObjStm/First 9", b"encrypted"))) is None

    def test_more_than_can_be_is_not_believed(self):
        assert pdf_pages(pdf(b"<</Type/Pages/Count 999999999>>")) == PAGES_MAX


def recording(seconds):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(bytes(16_000 * seconds))
    return file.getvalue()


class TestSizes:
    def test_an_image(self):
        size = attachment_size("image", PNG, png(640, 480))
        assert size == AttachmentSize(width=640, height=480)

    def test_a_document(self):
        assert attachment_size("document", PDF, base64_of(pdf(page_tree(5)))).pages == 5

    def test_recordings(self):
        frame = bytes.fromhex("fffb9000") + bytes(413)  # 128 kbit/s at 44.1 kHz
        assert attachment_size("audio", WAV, base64_of(recording(3))).seconds == 3
        mp3 = attachment_size("audio", "audio/mpeg", base64_of(frame * 383)).seconds
        assert mp3 == pytest.approx(383 * 1_152 / 44_100)
        assert attachment_size("audio", "audio/pcm", base64_of(bytes(48_000))).seconds == 1

    @pytest.mark.parametrize(
        "written",
        [
            lambda text: text.rstrip("="),
            lambda text: text.translate(str.maketrans("+/", "-_")),
            lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
        ],
    )
    def test_base64_of_any_kind(self, written):
        assert attachment_size("audio", WAV, written(base64_of(recording(1)))).seconds == 1

    @pytest.mark.parametrize("kind", ["image", "document", "audio", "video", "file"])
    @pytest.mark.parametrize("base64", ["", "A", "====", base64_of(BYTES), "é", "\ud800"])
    def test_what_is_not_told(self, kind, base64):
        assert attachment_size(kind, "", base64) == AttachmentSize()

    def test_a_reader_is_not_kept_for_long(self):
        endless = bytes.fromhex("fffb9000") + b"\xff" * 400_000
        assert attachment_size("audio", "", base64_of(endless)).seconds is None


NAMED_ONLY = {"realtime input_audio", "bedrock image", "bedrock document", "ollama images"}
"""Kept and counted as attachments; messages of these APIs are not read further."""


def attachments_in(parts):
    for part in parts:
        if isinstance(part, Attachment):
            yield part
        elif isinstance(part, ToolResult):
            yield from attachments_in(part.parts)


@pytest.mark.parametrize(
    "spelling", [one for one in SPELLINGS if one.name not in NAMED_ONLY], ids=lambda one: one.name
)
def test_what_is_kept_as_an_attachment_is_read_as_one(spelling):
    _, parts = parse_parts("user", encoded(spelling.write(base64_of(BYTES))), b"{}")
    assert [part.kind for part in attachments_in(parts)] == [spelling.kind]


@pytest.mark.parametrize(
    "head",
    [
        "DATA:image/png;base64,",
        "data:IMAGE/PNG;Base64,",
        "data:image/png; charset=utf-8;base64,",
        'data:image/png;name="a b.png";base64,',
    ],
)
def test_a_data_uri_is_read_however_its_head_is_written(head):
    url = head + png(1, 1)
    content = encoded([{"type": "image_url", "image_url": {"url": url}}])
    _, (image,) = parse_parts("user", content, b"{}")
    assert isinstance(image, Attachment)
    assert (image.media_type, image.data, image.url) == (PNG, png(1, 1), "")
    assert [one.media_type for one in found(content)] == [PNG]


def test_an_image_of_any_type_is_not_shown_as_its_bytes():
    url = "data:image/*;base64," + "A" * 400
    content = encoded([{"type": "image_url", "image_url": {"url": url}}])
    _, (image,) = parse_parts("user", content, b"{}")
    assert isinstance(image, Attachment)
    assert (image.media_type, image.url) == ("image/*", "")
