"""What an attachment takes, by what each provider documents."""

import pytest

from dialoguedb.formats.attachment_tokens import attachment_tokens
from dialoguedb.formats.attachments.sizes import AttachmentSize


def image(dialect, width, height):
    return attachment_tokens(dialect, "image", AttachmentSize(width=width, height=height))


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (512, 512, 255),
        (1_024, 1_024, 765),  # the example of OpenAI's guide
        (2_048, 4_096, 1_105),  # and its other one
        (1_000, 1_000, 765),
        (1, 1, 255),
    ],
)
def test_openai_counts_tiles_of_a_scaled_image(width, height, tokens):
    assert image("openai", width, height) == tokens
    assert image("responses", height, width) == tokens


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [(200, 200, 54), (1_000, 1_000, 1_334), (1_092, 1_092, 1_590), (8_000, 8_000, 1_600)],
)
def test_anthropic_counts_pixels_up_to_a_limit(width, height, tokens):
    assert image("anthropic", width, height) == tokens


@pytest.mark.parametrize(("width", "height", "tokens"), [(384, 384, 258), (960, 540, 516)])
def test_gemini_counts_tiles_but_of_small_images(width, height, tokens):
    assert image("gemini", width, height) == tokens


def test_pages_and_seconds_count():
    assert attachment_tokens("gemini", "document", AttachmentSize(pages=4)) == 4 * 258
    assert attachment_tokens("gemini", "audio", AttachmentSize(seconds=10.0)) == 320
    assert attachment_tokens("openai", "audio", AttachmentSize(seconds=2.5)) == 25
    assert attachment_tokens("anthropic", "document", AttachmentSize(pages=2)) == 6_000


@pytest.mark.parametrize("dialect", ["openai", "responses", "anthropic", "gemini"])
@pytest.mark.parametrize("kind", ["image", "document"])
def test_what_is_not_known_of_an_attachment_counts_as_much(dialect, kind):
    assert attachment_tokens(dialect, kind, AttachmentSize()) > 700
