"""Two servers that share a project's rate limit, in the database or in Redis."""

import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from tests.databases import redis
from tests.databases.engines import embedded_in

from .checking import done, eventually, refused, until_too_many
from .making import new_dialogue
from .server import running

needs_redis = pytest.mark.skipif(redis.PROGRAM is None, reason="redis-server is not installed")
STORES = [
    pytest.param("database", marks=pytest.mark.needs("shared_rates")),
    pytest.param("redis", marks=needs_redis),
]
OUT, BACK = "Rate limits are not shared", "Rate limits are shared again"


class InRedis:
    """Buckets in a Redis, which can be away for a while."""

    def __init__(self, opened, room):
        self._server = opened.enter_context(redis.running_redis())
        password = room / "redis-password"
        password.write_text(self._server.password)
        password.chmod(0o600)
        self.flags = ("--rate-limit-store", self._server.url, "--redis-password-file", password)

    @contextmanager
    def away(self):
        """Take it away."""
        self._server.kill()
        yield
        self._server.start()


class InDatabase:
    """Buckets in the database, whose table nobody can use for a while."""

    flags = ("--rate-limit-store", "database")

    def __init__(self, data):
        self._url = embedded_in("postgres", data)["database"]

    @contextmanager
    def away(self):
        """Lock the table."""
        from tests.databases.statements import locked  # noqa: PLC0415 - needs its driver

        with locked(self._url, "rate_limits"):
            yield


@pytest.fixture(scope="module", params=STORES)
def store(request, engine, tmp_path_factory):
    """Open what the servers share."""
    room = tmp_path_factory.mktemp("shared")
    with ExitStack() as opened:
        made = InDatabase(room / "data") if request.param == "database" else InRedis(opened, room)
        yield room, made


@pytest.fixture(scope="module")
def two(engine, store):
    """Run two servers on one database that count rates together."""
    room, buckets = store
    (room / "other").mkdir()
    flags = (*buckets.flags, "--embedder", "none")  # a model that is being loaded holds them up
    with (
        running(engine, room, flags=flags) as one,
        running(engine, room / "other", room / "data", flags=flags) as other,
    ):
        yield one, other


@pytest.fixture
def limited(two):
    """Speak with a project of a rate of its own, through each server."""
    with ExitStack() as opened:

        def make(**rate):
            body = {"name": f"p{time.time_ns()}", "settings": {"rateLimit": rate}}
            with two[0].client(two[0].operator_key) as operator:
                made = done(operator.post("/admin/projects", json=body))
            return [opened.enter_context(one.client(made["key"])) for one in two]

        yield make


def left(answer):
    """Return how many requests an answer says are left."""
    return int(answer.headers["X-RateLimit-Remaining"])


def logged(servers, event):
    """Return how often each server has logged something."""
    return [one.log().count(event) for one in servers]


class TestTwoServers:
    def test_count_down_together_and_tell_what_is_left(self, limited):
        began, clients = time.monotonic(), limited(perSecond=1, burst=1_000)
        for spent in range(1, 41):
            answer = clients[spent % 2].get("/dialogue")
            assert answer.headers["X-RateLimit-Limit"] == "1000"
            returned = time.monotonic() - began
            assert 1_000 - spent <= left(answer) <= 1_000 - spent + returned
            until_full = int(answer.headers["X-RateLimit-Reset"]) - time.time()
            assert until_full <= spent + 1

    def test_serve_the_limit_together_and_never_more(self, limited):
        began, clients = time.monotonic(), limited(perSecond=2, burst=30)
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda n: clients[n % 2].get("/dialogue"), range(120)))
        returned = 2 * (time.monotonic() - began)
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses.keys() == {200, 429}
        assert 30 <= statuses[200] <= 30 + returned
        assert {left(one) for one in answers if one.status_code == 429} == {0}

    def test_refuse_as_one_server_does(self, limited):
        clients = limited(perSecond=1, burst=3)
        both = itertools.cycle(clients)
        *_, refusal = until_too_many(lambda: next(both).get("/dialogue"))
        error = refused(refusal, "RATE_LIMIT_EXCEEDED")
        assert error["message"] == "More than 1 requests per second, in bursts of 3"
        assert refusal.headers["Retry-After"] == "1"

    def test_serve_again_what_comes_back_later(self, limited):
        clients = limited(perSecond=1, burst=2)
        eventually(lambda: clients[0].get("/dialogue").status_code == 429)
        eventually(lambda: clients[1].get("/dialogue").status_code == 200)

    def test_follow_a_smaller_burst(self, limited):
        clients = limited(perSecond=1, burst=1_000)
        done(clients[0].get("/dialogue"))
        rate = {"enabled": True, "perSecond": 1, "burst": 2}
        done(clients[0].put("/admin/settings", json={"rateLimit": rate}))
        eventually(lambda: clients[1].get("/dialogue").status_code == 429)

    def test_limit_no_project_whose_limit_is_off(self, limited):
        clients = limited(enabled=False, perSecond=1, burst=1)
        for client in clients * 3:
            assert left(client.get("/dialogue")) == 20_000

    def test_delete_a_project_with_what_was_counted(self, two, limited):
        clients = limited(perSecond=1, burst=9)
        project = new_dialogue(clients[0])["projectId"]
        with two[0].client(two[0].operator_key) as operator:
            done(operator.delete(f"/admin/projects/{project}"))
        eventually(lambda: clients[1].get("/dialogue").status_code == 401)


class TestWithoutAnAnswer:
    def test_each_server_counts_by_itself_until_there_is_one(self, two, store, limited):
        clients = limited(perSecond=1, burst=4)
        eventually(lambda: logged(two, OUT) == logged(two, BACK), seconds_max=60)
        once_more = [count + 1 for count in logged(two, OUT)]
        with store[1].away():
            statuses: Counter[int] = Counter()
            for client in clients:
                statuses.update(client.get("/dialogue").status_code for _ in range(20))
            assert statuses.keys() == {200, 429}
            assert statuses[200] >= 8
            assert logged(two, OUT) == once_more
        eventually(lambda: logged(two, BACK) == once_more, seconds_max=60)
        one, other = limited(perSecond=1, burst=1_000)
        for _ in range(20):
            done(one.get("/dialogue"))
        assert left(other.get("/dialogue")) < 1_000 - 10
        assert not any("Traceback" in server.log() for server in two)
