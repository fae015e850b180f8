"""Where rates are counted, as operators choose it."""

import pytest

from tests.databases.postgres import free_port
from tests.databases.redis import PROGRAM, running_redis

needs_redis = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed")


def get(serving, path="/dialogue"):
    return serving.client(serving.first_key).get(path)


def logged(serving):
    """Return all that the server has logged."""
    return serving.log_file.read_text()


def counts_alone(serving):
    """Say whether the server has found no Redis."""
    return "Rate limits are not shared" in logged(serving)


def test_a_data_directory_does_not_share_rates_itself(room):
    ended = room.run("serve", "--port", "0", "--rate-limit-store", "database")
    assert ended.code == 1
    assert "choose process or a redis:// URL" in ended.error
    assert not room.data.exists()


def test_a_redis_that_is_not_there_holds_up_no_start_and_no_request(room):
    url = f"redis://somebody:hidden@127.0.0.1:{free_port()}/0"
    with room.serving(DIALOGUEDB_RATE_LIMIT_STORE=url) as serving:
        for _ in range(3):
            assert get(serving).status_code == 200
        assert counts_alone(serving)
        assert "hidden" not in logged(serving)


def test_a_password_is_given_once(room):
    url = "redis://:hidden@127.0.0.1:1"
    variables = {"DIALOGUEDB_RATE_LIMIT_STORE": url, "DIALOGUEDB_REDIS_PASSWORD": "hidden"}
    ended = room.run("serve", "--port", "0", **variables)
    assert ended.code == 1
    assert "not both" in ended.error
    assert not room.data.exists()
    assert "hidden" not in ended.out + ended.err


@needs_redis
def test_a_password_in_the_url_is_taken_warned_of_and_not_shown(room):
    with running_redis("hidden/@") as redis:
        url = redis.url.replace("redis://", "redis://:hidden%2F%40@")
        # A model that is being loaded could hold up the answer of Redis for too long.
        with room.serving("--rate-limit-store", url, "--embedder", "none") as serving:
            assert get(serving).status_code == 200
            assert not counts_alone(serving)
            assert "can see the password in --rate-limit-store" in logged(serving)
            assert "hidden" not in logged(serving)


@needs_redis
def test_a_wrong_password_is_told_and_not_shown(room):
    with running_redis("right") as redis:
        variables = {
            "DIALOGUEDB_RATE_LIMIT_STORE": redis.url,
            "DIALOGUEDB_REDIS_PASSWORD": "hidden",
        }
        with room.serving(**variables) as serving:
            assert get(serving).status_code == 200
            assert counts_alone(serving)
            assert "hidden" not in logged(serving)
