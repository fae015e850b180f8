"""Counters, order and clocks: exact after every call, whoever writes beside."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from .checking import done, refused
from .making import (
    HELLO,
    contents,
    get_dialogue,
    new_dialogue,
    new_message,
    new_messages,
    walk,
)

WRITERS = 8


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


@pytest.fixture
def each_writer(server, project):
    """Let several clients work at once and return what each brought back."""

    def run(work, count=WRITERS):
        def one(number):
            with server.client(project.key) as client:
                return work(client, number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run


class TestCounters:
    def test_they_are_exact_after_every_call(self, api):
        counts = []
        for change in [
            lambda: new_message(api, "d", id="a"),
            lambda: new_messages(api, "d", {"id": "b"}, {"id": "c"}),
            lambda: new_message(api, "d", id="a"),
            lambda: done(api.put("/dialogue/d", json={"message": HELLO})),
            lambda: done(api.delete("/dialogue/d/messages/b")),
            lambda: done(api.delete("/dialogue/d/messages/a")),
            lambda: new_message(api, "d"),
        ]:
            change()
            shown = get_dialogue(api, "d")
            counts.append((shown["totalMessages"], shown["lastSeq"]))
        assert counts == [(1, 1), (3, 3), (3, 3), (4, 4), (3, 4), (2, 4), (3, 5)]

    def test_the_answers_of_writes_tell_them_too(self, api):
        changed = done(api.put("/dialogue/d", json={"messages": [HELLO] * 3}))
        assert (changed["totalMessages"], changed["lastSeq"]) == (3, 3)
        ended = done(api.post("/dialogue/d/end"))
        assert (ended["totalMessages"], ended["lastSeq"]) == (3, 3)

    def test_many_appending_at_once_lose_nothing_and_share_no_number(self, api, each_writer):
        def work(client, number):
            sent = [new_message(client, "d", content=f"{number}.{turn}") for turn in range(8)]
            sent += new_messages(client, "d", *({"content": f"{number}.b{i}"} for i in range(4)))
            return [message["seq"] for message in sent]

        seqs = each_writer(work)
        assert sorted(itertools.chain(*seqs)) == list(range(1, WRITERS * 12 + 1))
        assert all(numbers == sorted(numbers) for numbers in seqs)
        assert all(numbers[8:] == list(range(numbers[8], numbers[8] + 4)) for numbers in seqs)
        shown = get_dialogue(api, "d")
        assert shown["totalMessages"] == shown["lastSeq"] == WRITERS * 12
        listed = walk(api, "/dialogue/d/messages", limit=7)
        assert [message["seq"] for message in listed] == list(range(1, WRITERS * 12 + 1))
        assert listed[-1]["created"] == shown["lastMessageCreated"]

    def test_many_appending_and_deleting_at_once_keep_the_count(self, api, each_writer):
        def work(client, number):
            for turn in range(6):
                new_message(client, "d", id=f"{number}.{turn}")
                if turn % 2:
                    done(client.delete(f"/dialogue/d/messages/{number}.{turn}"))

        each_writer(work)
        shown = get_dialogue(api, "d")
        assert shown["totalMessages"] == len(contents(api, "d")) == WRITERS * 3
        assert shown["lastSeq"] == WRITERS * 6

    def test_what_is_refused_takes_nothing_of_its_neighbours_along(self, api, each_writer):
        new_message(api, "d", id="taken", content="other")

        def work(client, number):
            bad = [HELLO, {**HELLO, "id": "taken"}]
            stale = {"If-Match": '"999"'}
            for _ in range(4):
                new_message(client, "d")
                refused(client.post("/dialogue/d/messages", json=bad), "DUPLICATE_ID")
                answer = client.post("/dialogue/d/messages", json=HELLO, headers=stale)
                refused(answer, "VERSION_CONFLICT")
                refused(client.post("/dialogue", json={"id": "d"}), "DUPLICATE_ID")

        each_writer(work)
        shown = get_dialogue(api, "d")
        assert shown["totalMessages"] == shown["lastSeq"] == WRITERS * 4 + 1
        assert len(done(api.get("/dialogue"))["items"]) == 1

    def test_of_many_deleting_the_same_message_one_does(self, api, each_writer):
        new_messages(api, "d", {"id": "m"}, {})
        answers = each_writer(lambda client, _: client.delete("/dialogue/d/messages/m").status_code)
        assert sorted(answers) == [200] + [404] * (WRITERS - 1)
        assert get_dialogue(api, "d")["totalMessages"] == 1

    def test_threads_made_and_deleted_at_once_keep_the_count(self, api, each_writer):
        def work(client, number):
            for turn in range(4):
                new_dialogue(client, id=f"{number}.{turn}", threadOf="d")
            done(client.delete(f"/dialogue/{number}.0"))

        each_writer(work)
        assert get_dialogue(api, "d")["threadCount"] == WRITERS * 3

    def test_different_keys_merged_at_once_are_all_there(self, api, each_writer):
        def work(client, number):
            for turn in range(4):
                done(client.put("/dialogue/d/state", json={f"{number}.{turn}": turn}))

        each_writer(work)
        assert len(get_dialogue(api, "d")["state"]) == WRITERS * 4


class TestReadingOnesWrites:
    def test_what_was_acknowledged_is_seen_on_any_connection(self, api, server, project, stranger):
        with server.client(project.key) as other:
            for turn in range(20):
                message = new_message(api, "d", id=str(turn), tags=[f"t{turn}"])
                assert done(other.get(f"/dialogue/d/messages/{turn}")) == message
                assert contents(other, "d", tags=f"t{turn}") == ["hello"]
                assert get_dialogue(other, "d")["totalMessages"] == turn + 1


class TestOrderAndClocks:
    def test_messages_are_ordered_by_created_and_then_by_arrival(self, api):
        for content, created in [
            ("third", "2022-01-01"),
            ("first", "2020-01-01"),
            ("fourth", "2022-01-01"),
            ("second", "2021-01-01"),
        ]:
            new_message(api, "d", content=content, created=created)
        assert contents(api, "d") == ["first", "second", "third", "fourth"]

    def test_a_caller_moves_no_other_time(self, api):
        before = new_message(api, "d")["created"]
        for created in ["2099-01-01T00:00:00.000Z", "1999-01-01T00:00:00.000Z"]:
            assert new_message(api, "d", created=created)["created"] == created
            after = new_message(api, "d")["created"]
            assert before <= after < "2090"
            before = after

    def test_server_made_times_never_run_backwards(self, api):
        times = [new_message(api, "d")["created"] for _ in range(20)]
        times += [message["created"] for message in new_messages(api, "d", *[{}] * 20)]
        assert times == sorted(times)

    def test_a_batch_keeps_its_order_whatever_it_mixes(self, api):
        batch = [
            {"content": str(n)} | ({"created": "2020-01-01"} if n % 2 else {}) for n in range(6)
        ]
        new_messages(api, "d", *batch)
        assert contents(api, "d") == ["1", "3", "5", "0", "2", "4"]

    def test_the_last_message_is_the_one_created_latest(self, api):
        assert "lastMessageCreated" not in get_dialogue(api, "d")
        steps = [
            (lambda: new_message(api, "d", id="a", created="2021-01-01"), "2021"),
            (lambda: new_message(api, "d", id="b", created="2023-01-01"), "2023"),
            (lambda: new_message(api, "d", id="c", created="2022-01-01"), "2023"),
            (lambda: done(api.delete("/dialogue/d/messages/b")), "2022"),
            (lambda: done(api.delete("/dialogue/d/messages/a")), "2022"),
        ]
        for step, year in steps:
            step()
            assert get_dialogue(api, "d")["lastMessageCreated"].startswith(year)
        done(api.delete("/dialogue/d/messages/c"))
        assert "lastMessageCreated" not in get_dialogue(api, "d")
        assert "lastMessageCreated" not in done(api.get("/dialogue"))["items"][0]
