"""The client without an event loop is generated from the one with."""

from tools.generate_sync_client import TARGET, generated


def test_the_synchronous_client_is_what_the_asynchronous_one_says_now():
    found = {path.relative_to(TARGET): path.read_text("utf-8") for path in TARGET.rglob("*.py")}
    assert found == generated(), "due for `make sync`"
