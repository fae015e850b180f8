"""What is written is found, what is deleted is not, whatever embeds it and whoever else writes."""

import asyncio

import pytest

from dialoguedb.errors import DuplicateId, EmbedderUnavailable
from dialoguedb.model.search import TagFilter
from tests.contract.indexes import BUILT_IN, MODES, opened, remote
from tests.contract.making import message, together
from tests.embed.endpoint import status, vectors

pytestmark = [pytest.mark.anyio, pytest.mark.needs("search")]

DOWN = status(401)  # a failure that is not tried again at once


@pytest.fixture
async def shelf(engine, tmp_path):
    async with opened(engine, tmp_path, BUILT_IN) as shelf:
        yield shelf


@pytest.fixture
async def slow(engine, tmp_path, endpoint):
    """Open an engine whose embedder is behind an endpoint."""
    async with opened(engine, tmp_path, remote(endpoint)) as shelf:
        yield shelf


def parcels(count):
    return [message(f"parcel {n}", id=f"m{n:03}") for n in range(count)]


async def vectors_of(shelf):
    return (await shelf.status()).vectors


class TestAnImmediateEmbedder:
    async def test_messages_are_found_at_once_however_they_were_written(self, shelf):
        await shelf.new("d", messages=[message("the invoice is wrong", id="created")])
        await shelf.append(message("an invoice, alone", id="one"))
        many = [message(f"invoice {n}", id=f"many-{n:03}") for n in range(60)]
        await shelf.append(*many)
        await shelf.change("d", messages=[message("one more invoice", id="put")])
        assert await shelf.finds("invoice") == sorted(
            ["created", "one", "put", *(f"many-{n:03}" for n in range(60))]
        )
        assert await vectors_of(shelf) == 64

    async def test_memories_and_dialogues_are_found_at_once(self, shelf):
        await shelf.remember({"drink": "espresso"}, id="m", label="Habits")
        await shelf.new("d", label="Espresso machine", tags=("kitchen",))
        assert await shelf.finds("espresso", "memory") == ["m"]
        assert await shelf.finds("espresso", "dialogue") == ["d"]
        assert await shelf.finds("kitchen", "dialogue") == ["d"]

    async def test_what_is_said_in_parts_is_found(self, shelf):
        await shelf.new("d")
        call = {"type": "tool_use", "id": "x1", "name": "get_weather", "input": {"city": "Lisbon"}}
        image = {"type": "image", "source": {"type": "base64", "data": "aGVsbG8gd29ybGQ="}}
        await shelf.append(message([call, image], id="call"))
        for query in ("weather", "lisbon"):
            assert await shelf.find(query, mode="keyword") == ["call"]
        for silent in ("x1", "tool_use", "aGVsbG8gd29ybGQ"):
            assert await shelf.find(silent, mode="keyword") == []

    async def test_a_dialogue_is_found_by_its_present_label_and_tags(self, shelf):
        await shelf.new("d", label="breakfast", tags=("old",))
        await shelf.change("d", label="astronomy")
        await shelf.change("d", tags=("new",))
        assert await shelf.find("breakfast", "dialogue", "keyword") == []
        assert await shelf.find("old", "dialogue", "keyword") == []
        assert await shelf.find("astronomy", "dialogue", "keyword") == ["d"]
        assert await shelf.find("new", "dialogue", "keyword") == ["d"]
        assert await vectors_of(shelf) == 1

    async def test_tagging_leaves_messages_and_memories_found_once(self, shelf):
        await shelf.new("d", messages=[message("a red bicycle", id="m")])
        await shelf.remember("a red bicycle", id="k")
        for tags in (("a",), ("b", "c"), ()):
            await shelf.tag("m", tags)
            await shelf.tag_memory("k", tags)
            assert await shelf.finds("bicycle") == ["m"]
            assert await shelf.finds("bicycle", "memory") == ["k"]
        assert await vectors_of(shelf) == 3

    async def test_deleted_things_are_found_no_more(self, shelf):
        await shelf.new("d", messages=[message("a secret", id="m"), message("a secret", id="n")])
        await shelf.new("child", thread_of="d", messages=[message("a secret", id="c")])
        await shelf.remember("a secret", id="k")
        await shelf.delete_message("m")
        assert await shelf.finds("secret") == ["c", "n"]
        await shelf.delete("d")
        await shelf.forget("k")
        assert await shelf.finds("secret") == await shelf.finds("secret", "memory") == []
        assert await vectors_of(shelf) == 0

    async def test_a_deleted_project_leaves_nothing(self, shelf):
        await shelf.new("d", label="x", messages=[message("a secret", id="m")])
        await shelf.remember("a secret")
        await shelf.services.projects.delete(shelf.project.id, shelf.write_options())
        assert await vectors_of(shelf) == 0

    @pytest.mark.needs("files")  # others write at the same time in any order
    async def test_what_is_written_and_deleted_in_one_commit_is_not_there(self, shelf):
        await shelf.new("d", messages=[message("first words", id="first")])
        await together(
            [
                shelf.append(message("fleeting words", id="fleeting")),
                shelf.tag("fleeting", ("t",)),
                shelf.delete_message("fleeting"),
                shelf.append(message("lasting words", id="lasting")),
                shelf.tag("first", ("t",)),
                shelf.delete_message("first"),
                shelf.append(message("last words", id="last")),
            ]
        )
        assert await shelf.finds("words") == ["last", "lasting"]
        assert await vectors_of(shelf) == 3

    @pytest.mark.needs("files")
    async def test_what_is_written_and_tagged_in_one_commit_is_found_by_its_tags(self, shelf):
        await shelf.new("d")
        await together(
            [
                shelf.append(message("some words", id="m", tags=("old",))),
                shelf.tag("m", ("new",)),
                shelf.remember("some words", id="k", tags=("old",)),
                shelf.tag_memory("k", ("new",)),
            ]
        )
        for of, found in (("message", "m"), ("memory", "k")):
            assert await shelf.find("words", of, tags=TagFilter(any_of=("new",))) == [found]
            assert await shelf.find("words", of, tags=TagFilter(any_of=("old",))) == []

    async def test_a_refused_operation_leaves_nothing_and_its_neighbours_everything(self, shelf):
        await shelf.new("d", messages=[message("taken", id="taken")])
        await together(
            [
                shelf.append(message("kept words", id="a")),
                shelf.append(message("lost words", id="b"), message("other", id="taken")),
                shelf.new("d2", messages=[message("lost words", id="c")] * 2),
                shelf.append(message("kept words", id="e")),
            ],
            failing=DuplicateId,
        )
        assert await shelf.finds("words") == ["a", "e"]

    async def test_messages_are_found_by_who_said_them_and_when(self, shelf):
        created = "2023-05-08T12:00:00.000Z"
        moved = message("I moved to Oslo", id="m", name="Caroline", created=created)
        await shelf.new("d", messages=[moved, message("No", id="n", name="Melanie")])
        for query in ("Caroline", "May", "2023", "monday"):
            assert await shelf.find(query, mode="keyword") == ["m"]

    async def test_anything_that_can_be_stored_can_be_indexed(self, shelf):
        awkward = [
            b'"\\ud800 lone \\u0000 nul"',
            b'{"big": 1e999, "digits": 123456789012345678901234567890}',
            b"[" + b'{"deep": ' * 60 + b'"down"' + b"}" * 60 + b"]",
            '"東京タワー 🗼 \ue000p1"'.encode(),
            b'"' + b"x" * 300_000 + b' tail"',
            b'"  "',
        ]
        metadata = b'{"a": ["\\udc00", 1e999, -0.0, null, {}, [1]], "": true}'
        await shelf.new("d")
        await shelf.append(
            *(message(content, id=str(n), metadata=metadata) for n, content in enumerate(awkward))
        )
        for query in ("lone", "digits", "down", "東京", "tail"):
            assert len(await shelf.find(query, mode="keyword")) == 1
        assert await vectors_of(shelf) == 1 + len(awkward)


class TestFollowing:
    @pytest.mark.parametrize("levels", [100, 480, 900, 50_000])
    async def test_arguments_of_any_depth_in_a_string_hold_up_nothing(self, shelf, levels):
        deep = '{"a":' * levels + "1" + "}" * levels
        call = {"type": "function_call", "call_id": "c", "name": "parcel", "arguments": deep}
        await shelf.new("d", messages=[message([call], id="deep"), message("a parcel", id="m")])
        assert "m" in await shelf.find("parcel", mode="keyword")

    async def test_what_another_process_wrote_before_it_ended_is_found(self, engine, tmp_path):
        async with opened(engine, tmp_path, BUILT_IN) as one:
            async with opened(engine, tmp_path, BUILT_IN, project=one.project) as other:
                await other.new("d", messages=parcels(20))
                await other.change("d", label="Parcels")
            assert len(await one.finds("parcel")) == 20
            assert await one.finds("parcel", "dialogue") == ["d"]

    async def test_the_index_is_never_far_behind_though_nobody_searches(self, shelf):
        await shelf.new("d")
        for n in range(60):
            await shelf.append(*(message(f"parcel {n} {m}") for m in range(25)))
        assert await vectors_of(shelf) >= 700

    async def test_many_that_search_at_once_all_find_what_was_written(self, shelf):
        await shelf.new("d")
        for n in range(5):
            await shelf.append(*(message(f"parcel {n} {m}") for m in range(10)))
            found = await together([shelf.find("parcel", mode=mode) for mode in 3 * MODES])
            assert {len(one) for one in found} == {10 * (n + 1)}

    async def test_row_ids_that_are_used_again_are_indexed_again(self, shelf):
        await shelf.new("d", messages=[message("...", id="kept")])
        for n in range(5):
            await shelf.append(message(f"a parcel {n}", id=f"{n}"))
            assert await shelf.finds("parcel") == [f"{n}"]
            await shelf.delete_message(f"{n}")
            assert await shelf.finds("parcel") == []


class TestASlowEmbedder:
    async def test_words_are_found_at_once_and_meaning_later(self, slow, endpoint):
        await slow.new("d", messages=[message("a parcel", id="m")])
        assert await slow.find("parcel", mode="keyword") == ["m"]
        status = await slow.status()
        assert (status.vectors, status.waiting) == (0, 2)
        assert status.oldest_waiting is not None
        await slow.finish()
        assert await slow.finds("parcel") == ["m"]
        status = await slow.status()
        assert (status.vectors, status.waiting, status.oldest_waiting) == (2, 0, None)

    async def test_while_it_fails_objects_wait_longer_and_longer(self, slow, endpoint):
        await slow.new("d")
        endpoint.script = [DOWN] * 4
        waits = []
        while not await vectors_of(slow):
            before = len(endpoint.requests)
            waited = 0.0
            while len(endpoint.requests) == before:
                slow.wait(0.5)
                waited += 0.5
                await slow.work.drain()
            waits.append(waited)
        assert waits[0] < waits[2] < waits[4]
        assert (await slow.status()).waiting == 0

    async def test_what_waits_survives_a_restart(self, engine, tmp_path, endpoint):
        async with opened(engine, tmp_path, remote(endpoint)) as shelf:
            await shelf.new("d", messages=[message("a parcel", id="m")])
        async with opened(engine, tmp_path, remote(endpoint), project=shelf.project) as shelf:
            shelf.wait(60)
            await shelf.finish()
            assert await shelf.finds("parcel") == ["m"]

    async def test_what_is_deleted_while_it_is_embedded_stays_deleted(self, slow, endpoint):
        await slow.new("d", messages=[message("a secret", id="m"), message("hello", id="n")])
        loop = asyncio.get_running_loop()

        def delete_meanwhile(handler):
            done = asyncio.run_coroutine_threadsafe(slow.delete_message("m"), loop)
            done.result(30)
            vectors()(handler)

        endpoint.script = [delete_meanwhile]
        await slow.finish()
        assert await vectors_of(slow) == 2
        assert (await slow.status()).waiting == 0

    async def test_what_changes_while_it_is_embedded_is_embedded_again(self, slow, endpoint):
        await slow.new("d", label="before")
        loop = asyncio.get_running_loop()

        def change_meanwhile(handler):
            done = asyncio.run_coroutine_threadsafe(slow.change("d", label="after"), loop)
            done.result(30)
            vectors()(handler)

        endpoint.script = [change_meanwhile]
        await slow.finish()
        assert endpoint.inputs == [["before"], ["after"]]
        assert await vectors_of(slow) == 1

    async def test_two_processes_do_not_embed_the_same_texts(self, engine, tmp_path, endpoint):
        async with (
            opened(engine, tmp_path, remote(endpoint)) as one,
            opened(engine, tmp_path, remote(endpoint), project=one.project) as two,
        ):
            await one.new("d", messages=[message(f"text {n}", id=f"{n}") for n in range(200)])
            one.wait(10)
            two.wait(10)
            await asyncio.gather(one.finish(), two.finish())
            texts = [text for texts in endpoint.inputs for text in texts]
            assert sorted(texts) == sorted(f"text {n}" for n in range(200))
            assert await vectors_of(two) == 201

    async def test_what_a_process_that_died_had_taken_is_taken_over(
        self, engine, tmp_path, endpoint
    ):
        embedder = remote(endpoint)
        async with opened(engine, tmp_path, embedder) as shelf:
            await shelf.new("d")
            now, until = shelf.clock(), "2026-03-01T12:03:00.000Z"
            await shelf.store.index.catch_up()
            name, taken = await shelf.store.index.lease([embedder.name], 10, now, until)
            assert (name, len(taken)) == (embedder.name, 1)
            await shelf.finish()
            assert await vectors_of(shelf) == 0
            shelf.wait(200)
            await shelf.finish()
            assert await vectors_of(shelf) == 1

    async def test_a_text_that_is_always_refused_holds_up_no_other(self, slow, endpoint):
        await slow.new("d")
        texts = [message(f"text {n}", id=f"{n}") for n in range(70)]
        await slow.append(*texts, message("poison", id="p"))

        def refuse_poison(handler):
            (DOWN if "poison" in handler.body["input"] else vectors())(handler)

        endpoint.script = [refuse_poison] * 10_000
        for _ in range(20):
            slow.wait(400)
            await slow.finish()
        status = await slow.status()
        assert (status.vectors, status.waiting) == (72, 0)
        assert await slow.find("poison", mode="keyword") == ["p"]

    async def test_vectors_of_another_length_are_refused_and_told(
        self, engine, tmp_path, endpoint, caplog
    ):
        async with opened(engine, tmp_path, remote(endpoint)) as shelf:
            await shelf.new("d")
            await shelf.finish()
        endpoint.script = [vectors(lambda text: [1.0, 2.0])] * 10
        async with opened(engine, tmp_path, remote(endpoint), project=shelf.project) as shelf:
            await shelf.new("e")
            await shelf.finish()
            status = await shelf.status()
        assert (status.vectors, status.waiting) == (1, 1)
        assert (
            "gives vectors of 2 dimensions, but those stored under its name have 4" in caplog.text
        )

    async def test_a_process_without_embedders_leaves_the_work_to_one_that_has(
        self, engine, tmp_path
    ):
        async with opened(engine, tmp_path, BUILT_IN) as shelf:
            await shelf.new("d")
            await shelf.finish()
        async with opened(engine, tmp_path, project=shelf.project) as bare:
            await bare.append(message("a parcel", id="m"))
            await bare.finish()
            assert (await bare.status()).waiting == 1
        async with opened(engine, tmp_path, BUILT_IN, project=shelf.project) as shelf:
            shelf.wait(60)
            await shelf.finish()
            assert await shelf.finds("parcel") == ["m"]


class TestAnotherEmbedder:
    async def test_the_old_index_serves_until_the_new_one_is_complete(
        self, engine, tmp_path, endpoint
    ):
        async with opened(engine, tmp_path, BUILT_IN) as shelf:
            await shelf.new("d", messages=parcels(300))
            await shelf.remember("a parcel", id="k")
        embedder = remote(endpoint)
        async with opened(engine, tmp_path, embedder, BUILT_IN, project=shelf.project) as shelf:
            shelf.wait(60)
            seen = []
            left = 302
            while (await shelf.store.search.serving()).name == BUILT_IN.name:
                seen.append((await shelf.status()).to_reindex)
                assert len(await shelf.find("parcel", mode="semantic")) == 100
                worked = await shelf.work.advance()
                assert await shelf.work.drain() or worked
            assert seen[0] == left
            assert seen == sorted(seen, reverse=True)
            assert (await shelf.store.search.serving()).name == embedder.name
            await shelf.finish()
            status = await shelf.status()
            assert (status.vectors, status.waiting, status.to_reindex) == (302, 0, 0)

    async def test_each_search_tells_how_far_it_is_until_it_is_complete(
        self, engine, tmp_path, endpoint
    ):
        async with opened(engine, tmp_path, BUILT_IN) as shelf:
            await shelf.new("d", messages=parcels(300))
            assert await shelf.indexing() is None
        async with opened(engine, tmp_path, remote(endpoint), project=shelf.project) as shelf:
            shelf.wait(60)
            seen = []
            while progress := await shelf.indexing():
                seen.append(progress.done)
                assert progress.of == 301
                await shelf.work.advance()
                await shelf.work.drain()
            assert seen[0] == 0
            assert seen == sorted(seen)
            assert len(set(seen)) > 2
            assert (await shelf.status()).to_reindex == 0

    async def test_each_process_says_which_one_indexes(self, engine, tmp_path, endpoint, caplog):
        ours, theirs = BUILT_IN, remote(endpoint)
        async with opened(engine, tmp_path, ours) as first:
            await first.work.watch()
            assert caplog.messages == []
            async with opened(engine, tmp_path, theirs, ours, project=first.project):
                (line,) = caplog.messages
                assert f"indexed with {theirs.name} from now on, not with {ours.name}" in line
                caplog.clear()
                for _ in range(3):
                    await first.work.watch()
                (line,) = caplog.messages
                assert f"indexed with {theirs.name}; this one was started with {ours.name}" in line
            caplog.clear()
            await first.store.index.prepare([ours.name])
            with caplog.at_level("INFO"):
                await first.work.watch()
            assert caplog.messages[-1] == "The data is indexed with this server's embedder again"

    async def test_the_same_embedder_is_nothing_to_tell(self, engine, tmp_path, caplog):
        async with opened(engine, tmp_path, BUILT_IN) as first:
            async with opened(engine, tmp_path, BUILT_IN, project=first.project) as second:
                await first.work.watch()
                await second.work.watch()
            assert caplog.messages == []

    async def test_what_is_written_meanwhile_is_in_both(self, engine, tmp_path, endpoint):
        async with opened(engine, tmp_path, BUILT_IN) as shelf:
            await shelf.new("d", messages=[message("one parcel", id="m1")])
        known = (remote(endpoint), BUILT_IN)
        async with opened(engine, tmp_path, *known, project=shelf.project) as shelf:
            await shelf.append(message("two parcels", id="m2"))
            assert await shelf.finds("parcel") == ["m1", "m2"]
            await shelf.delete_message("m1")
            shelf.wait(60)
            await shelf.finish()
            assert (await shelf.store.search.serving()).name == known[0].name
            assert await shelf.finds("parcel") == ["m2"]
            assert await vectors_of(shelf) == 2

    async def test_an_index_of_an_unknown_embedder_serves_no_more(self, engine, tmp_path, endpoint):
        async with opened(engine, tmp_path, remote(endpoint, "gone")) as shelf:
            await shelf.new("d", messages=[message("a parcel", id="m")])
            await shelf.finish()
        async with opened(engine, tmp_path, BUILT_IN, project=shelf.project) as shelf:
            assert (await shelf.store.search.serving()).name == BUILT_IN.name
            await shelf.finish()
            assert await shelf.finds("parcel") == ["m"]

    async def test_one_that_is_chosen_again_is_complete_again(self, engine, tmp_path, endpoint):
        async with opened(engine, tmp_path, BUILT_IN) as shelf:
            await shelf.new("d", messages=[message("one parcel", id="m1")])
        async with opened(engine, tmp_path, remote(endpoint), project=shelf.project) as shelf:
            await shelf.append(message("two parcels", id="m2"))
        async with opened(engine, tmp_path, BUILT_IN, project=shelf.project) as shelf:
            await shelf.finish()
            assert await shelf.finds("parcel") == ["m1", "m2"]
            assert await vectors_of(shelf) == 3

    async def test_without_an_embedder_there_are_words(self, shelf):
        await shelf.new("d", messages=[message("a parcel", id="m")])
        await shelf.store.index.prepare([])
        await shelf.append(message("a second parcel", id="n"))
        await shelf.finish()
        assert sorted(await shelf.find("parcel", mode="keyword")) == ["m", "n"]
        assert await shelf.store.search.serving() is None
        with pytest.raises(EmbedderUnavailable):
            await shelf.find("parcel", mode="semantic")
        status = await shelf.status()
        assert (status.embedder, status.vectors, status.waiting) == (None, 0, 0)


class TestReindexing:
    async def test_each_search_tells_how_far_it_is(self, shelf):
        await shelf.new("d", messages=parcels(90))
        await shelf.store.index.rebuild()
        progress = await shelf.indexing()
        assert (progress.done, progress.of) == (0, 2 * 91)  # words and vectors
        await shelf.work.advance()
        assert 0 < (await shelf.indexing()).done < progress.of
        await shelf.finish()
        assert await shelf.indexing() is None

    async def test_everything_is_found_all_the_while(self, shelf):
        await shelf.new("d", messages=parcels(90))
        await shelf.remember("a parcel", id="k")
        await shelf.store.index.rebuild()
        assert (await shelf.status()).to_reindex == 2 * 92
        while await shelf.store.index.advance(7):
            assert len(await shelf.finds("parcel")) == 90
        assert await shelf.finds("parcel", "memory") == ["k"]
        assert await vectors_of(shelf) == 92

    async def test_writes_go_on_meanwhile(self, shelf):
        await shelf.new("d", messages=parcels(30))
        await shelf.store.index.rebuild()
        for n in range(30):
            await shelf.delete_message(f"m{n:03}")
            await shelf.append(message("a new parcel", id=f"new {n:02}"))
            await shelf.store.index.advance(3)
        await shelf.finish()
        assert await shelf.finds("parcel") == [f"new {n:02}" for n in range(30)]
        assert await vectors_of(shelf) == 31

    async def test_two_processes_share_the_work(self, engine, tmp_path):
        async with (
            opened(engine, tmp_path, BUILT_IN) as one,
            opened(engine, tmp_path, BUILT_IN, project=one.project) as two,
        ):
            await one.new("d", messages=parcels(700))
            await one.store.index.rebuild()
            await asyncio.gather(one.finish(), two.finish(), one.delete_message("m650"))
            assert len(await two.find("parcel", mode="semantic")) == 100
            status = await two.status()
            assert (status.vectors, status.to_reindex) == (700, 0)

    async def test_it_goes_on_where_it_stopped(self, engine, tmp_path):
        async with opened(engine, tmp_path, BUILT_IN) as shelf:
            await shelf.new("d", messages=parcels(50))
            await shelf.store.index.rebuild()
            await shelf.store.index.advance(20)
            left = (await shelf.status()).to_reindex
        async with opened(engine, tmp_path, BUILT_IN, project=shelf.project) as shelf:
            assert (await shelf.status()).to_reindex == left < 2 * 51
            await shelf.finish()
            assert (await shelf.status()).to_reindex == 0
            assert len(await shelf.finds("parcel")) == 50

    async def test_progress_is_told_from_none_to_all(self, shelf):
        await shelf.new("d", messages=parcels(900))
        await shelf.store.index.rebuild()
        progress = []
        status = await shelf.work.complete(lambda done, total: progress.append((done, total)))
        assert progress[0] == (0, 1802)
        assert progress == sorted(progress)
        assert status.to_reindex == 0

    async def test_what_needs_an_embedder_that_is_not_here_is_left(
        self, engine, tmp_path, endpoint
    ):
        async with opened(engine, tmp_path, remote(endpoint)) as shelf:
            await shelf.new("d")
            await shelf.finish()
            await shelf.store.index.rebuild()
        async with opened(engine, tmp_path, project=shelf.project) as bare:
            status = await bare.work.complete(lambda *_: None)
        assert (status.to_reindex, status.needed) == (1, [remote(endpoint).name])
