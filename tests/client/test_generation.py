"""The client without an event loop is made from the one with."""

from tests.client.generation import MADE, made


def test_the_synchronous_client_is_what_the_asynchronous_one_says_now():
    found = {path.relative_to(MADE): path.read_text("utf-8") for path in MADE.rglob("*.py")}
    assert found == made(), "due for `make sync`"
