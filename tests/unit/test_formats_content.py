"""What a message may say, and how it is measured."""

import json
import tracemalloc

import pytest
from msgspec import Raw

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.content import measured_content, validate_content, validate_value
from dialoguedb.values.limits import (
    ATTACHMENT_BYTES_MAX,
    ATTACHMENTS_MAX,
    CONTENT_BYTES_MAX,
    VALIDATION_ERRORS_MAX,
)
from dialoguedb.values.rawjson import prepare
from dialoguedb.values.validation_errors import ValidationErrors
from tests.attachments import base64_of

FILLING = "x" * CONTENT_BYTES_MAX


def base64_image(data):
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def url_image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def refusal(content, accept=validate_content):
    """Return the code with which content is refused, if it is."""
    errors = ValidationErrors()
    accept(Raw(prepare(content)), "content", errors)
    try:
        errors.raise_if_any()
    except InvalidRequest as error:
        return error.code
    return None


def counted_bytes(content):
    """Return the bytes that count against the limit."""
    measured = measured_content(Raw(prepare(content)), "content", ValidationErrors())
    return measured.length - sum(each.text_bytes for each in measured.attachments)


def encoded(value):
    return json.dumps(value, separators=(",", ":")).encode()


class TestKinds:
    @pytest.mark.parametrize("content", [b'""', b"null", b"[]", b"{}", b"[ ]", b"{\n}"])
    def test_what_is_empty(self, content):
        assert refusal(content) == "MESSAGE_CONTENT_EMPTY"

    @pytest.mark.parametrize(
        "content", [b"0", b"1.5", b"true", b"false", b"[1]", b'[{},""]', b"[[{}]]", b"[null]"]
    )
    def test_what_is_no_content(self, content):
        assert refusal(content) == "INVALID_PARAMETER"

    @pytest.mark.parametrize("content", [b'" "', b'"0"', b"[{}]", b'{"":null}', b'"\\ud800"'])
    def test_what_is(self, content):
        assert refusal(content) is None

    @pytest.mark.parametrize("value", [b"null", b"0", b'""', b"[]", b"{}", b"[1]", b"true"])
    def test_a_memory_may_be_anything(self, value):
        assert refusal(value, validate_value) is None


class TestSize:
    @pytest.mark.parametrize(
        ("before", "unit", "after"),
        [
            (b'"', b"x", b'"'),
            (b'"', "é".encode(), b'"'),
            (b'"', rb"\u00e9", b'"'),
            (b'"', rb"\ud800", b'"'),
            (b'"', rb"\"", b'"'),
        ],
    )
    def test_a_text_is_measured_by_what_it_means(self, before, unit, after):
        means = len(json.loads(before + unit + after).encode("utf-8", "surrogatepass"))
        count = CONTENT_BYTES_MAX // means
        assert refusal(before + unit * count + after) is None
        assert refusal(before + unit * (count + 1) + after) == "MESSAGE_TOO_LARGE"

    @pytest.mark.parametrize("accept", [validate_content, validate_value])
    def test_all_else_is_measured_as_json_without_space(self, accept):
        content = {"a": "x" * (CONTENT_BYTES_MAX - len(encoded({"a": ""})))}
        assert len(encoded(content)) == CONTENT_BYTES_MAX
        assert refusal(encoded(content), accept) is None
        assert refusal(json.dumps(content, indent=9).encode(), accept) is None
        assert refusal(encoded({**content, "b": 1}), accept) is not None


class TestImages:
    @pytest.mark.parametrize(
        "image", [base64_image(FILLING), url_image(f"data:image/png;base64,{FILLING}")]
    )
    @pytest.mark.parametrize(
        "around",
        [
            lambda image: [image],
            lambda image: image,
            lambda image: {"type": "tool_result", "content": [{"deep": [image]}]},
            lambda image: [{"text": "😀\ud800"}, image, image],
        ],
    )
    def test_inline_data_does_not_count_at_any_depth(self, image, around):
        content = encoded(around(image))
        assert refusal(content) is None
        assert counted_bytes(content) < 500

    def test_all_beside_the_data_counts(self):
        image = base64_image(FILLING)
        rest = CONTENT_BYTES_MAX - counted_bytes(encoded([image, {"t": ""}]))
        assert refusal(encoded([image, {"t": "x" * rest}])) is None
        assert refusal(encoded([image, {"t": "x" * (rest + 1)}])) == "MESSAGE_TOO_LARGE"

    @pytest.mark.parametrize(
        "content",
        [
            [url_image(f"https://example.org/{FILLING}")],
            [{"type": "text", "source": {"data": FILLING}}],
            [{"type": "image", "data": FILLING}],
            [{"source": {"data": FILLING}}],
            [{"type": "text", "text": f"data:image/png;base64,{FILLING}"}],
        ],
    )
    def test_what_is_no_inline_image_counts(self, content):
        assert refusal(encoded(content)) == "MESSAGE_TOO_LARGE"

    def test_a_prefix_inside_source_data_is_refused(self):
        wrong = base64_image("data:image/png;base64,AAAA")
        for content in [[wrong], wrong, {"deep": [{"deeper": wrong}]}]:
            assert refusal(encoded(content)) == "INVALID_IMAGE_CONTENT"


class TestAttachments:
    @pytest.mark.parametrize("accept", [validate_content, validate_value])
    def test_so_many_and_one_more(self, accept):
        content = [base64_image("AAAA")] * ATTACHMENTS_MAX
        assert refusal(encoded(content), accept) is None
        refused = refusal(encoded([*content, base64_image("AAAA")]), accept)
        assert refused == {validate_content: "MESSAGE_TOO_LARGE"}.get(accept, "INVALID_PARAMETER")

    @pytest.mark.parametrize("accept", [validate_content, validate_value])
    def test_so_large_and_one_byte_more(self, accept):
        for size in (ATTACHMENT_BYTES_MAX - 1, ATTACHMENT_BYTES_MAX):
            assert refusal(encoded([base64_image(base64_of(bytes(size)))]), accept) is None
        content = [base64_image(base64_of(bytes(ATTACHMENT_BYTES_MAX + 1)))]
        refused = refusal(encoded(content), accept)
        assert refused == {validate_content: "MESSAGE_TOO_LARGE"}.get(accept, "INVALID_PARAMETER")

    def test_those_by_url_hold_nothing(self):
        assert refusal(encoded([url_image("https://example.org/a.png")] * 21)) is None


class TestValidationErrors:
    def test_the_code_all_share_is_the_code(self):
        errors = ValidationErrors()
        errors.raise_if_any()
        errors.invalid("a", "a is wrong")
        errors.too_large("b", "b is large")
        with pytest.raises(InvalidRequest, match="a is wrong") as caught:
            errors.raise_if_any()
        assert caught.value.code == "INVALID_PARAMETER"
        errors.missing("c")
        with pytest.raises(InvalidRequest) as caught:
            errors.raise_if_any()
        assert caught.value.code == "VALIDATION_ERROR"
        found = [(detail.field, detail.code) for detail in caught.value.details]
        assert found == [("a", "INVALID"), ("b", "TOO_LARGE"), ("c", "REQUIRED")]

    def test_there_is_an_end_to_them(self):
        errors = ValidationErrors()
        for number in range(2 * VALIDATION_ERRORS_MAX):
            errors.invalid(str(number), "wrong")
        assert errors.full
        with pytest.raises(InvalidRequest) as caught:
            errors.raise_if_any()
        assert len(caught.value.details) == VALIDATION_ERRORS_MAX


def test_what_is_far_too_large_is_not_taken_apart():
    junk = b'{"type":"image","of":[' + b"{}," * 2_000_000 + b"{}]}"
    tracemalloc.start()
    code = refusal(junk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == "MESSAGE_TOO_LARGE"
    assert peak < 8 * len(junk)
