"""What a message may say, and how it is measured."""

from hypothesis import example, given, settings

from tests.property.written_json import contents, spread
from tests.unit.test_formats_content import refusal

MANY = settings(max_examples=200, database=None)


class TestKinds:
    @MANY
    @given(tokens=contents)
    @example(tokens=("[", "{", '"type"', ":", '"image"', ",", '"source"', ":", "1e999", "}", "]"))
    @example(
        tokens=("[", "{", '"type"', ":", '"image_url"', ",", '"image_url"', ":", "[]", "}", "]")
    )
    def test_any_that_has_the_shape_is_taken(self, tokens):
        assert refusal(spread(tokens, " ")) is None
