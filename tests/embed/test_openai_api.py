"""Embedders behind an endpoint, against one over real HTTP."""

import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest

from dialoguedb.embed.openai_api import EmbeddingEndpoint, OpenAIEmbedder
from dialoguedb.embed.texts import CHARACTERS_MAX, Prefixes
from dialoguedb.errors import EmbedderUnavailable, WrongDimensions

from .endpoint import DIMENSIONS, half_an_answer, no_answer, status, vector_of, vectors

KEY = "sk-0123456789-secret"


@pytest.fixture
def opened(endpoint):
    made = []

    def open_(key=KEY, **options):
        options = {"url": endpoint.url, "model": "m", **options}
        made.append(OpenAIEmbedder(EmbeddingEndpoint(**options), key))
        return made[-1]

    yield open_
    for embedder in made:
        embedder.close()


def expected(*texts):
    rows = np.array([vector_of(text) for text in texts], np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class TestSuccess:
    def test_texts_are_asked_in_batches_and_answered_in_order(self, endpoint, opened):
        texts = [f"text {number}" for number in range(10)]
        rows = opened(batch_size=4).embed(texts)
        assert endpoint.inputs == [texts[:4], texts[4:8], texts[8:]]
        assert rows.dtype == np.float32
        np.testing.assert_allclose(rows, expected(*texts), rtol=1e-6)

    def test_the_order_is_that_of_the_indexes(self, endpoint, opened):
        endpoint.script = [vectors(order=lambda data: data[::-1])]
        np.testing.assert_allclose(opened().embed(["a", "bb"]), expected("a", "bb"), rtol=1e-6)

    def test_vectors_may_be_lists_of_numbers(self, endpoint, opened):
        endpoint.script = [vectors(write=list)]
        np.testing.assert_allclose(opened().embed(["a", "bb"]), expected("a", "bb"), rtol=1e-6)

    def test_the_request_is_what_such_endpoints_read(self, endpoint, opened):
        opened(model="nomic", dimensions=DIMENSIONS).embed(["a"])
        [(path, headers, body)] = endpoint.requests
        assert path == "/v1/embeddings"
        assert headers["authorization"] == f"Bearer {KEY}"
        assert body == {
            "model": "nomic",
            "input": ["a"],
            "encoding_format": "base64",
            "dimensions": DIMENSIONS,
        }

    def test_without_a_key_or_dimensions_none_are_sent(self, endpoint, opened):
        opened(key=None).embed(["a"])
        [(_, headers, body)] = endpoint.requests
        assert "authorization" not in headers
        assert "dimensions" not in body

    def test_queries_and_documents_have_prefixes_of_their_own(self, endpoint, opened):
        embedder = opened(prefixes=Prefixes("query: ", "passage: "))
        embedder.embed(["a"], query=True)
        embedder.embed(["b"])
        assert endpoint.inputs == [["query: a"], ["passage: b"]]

    def test_blank_texts_are_zeros_and_never_sent(self, endpoint, opened):
        rows = opened().embed(["", "a", " \n"])
        assert endpoint.inputs == [["a"]]
        np.testing.assert_allclose(rows[1:2], expected("a"), rtol=1e-6)
        assert not rows[[0, 2]].any()

    def test_blank_texts_alone_have_rows_as_long_as_any(self, opened):
        assert opened().embed([" "]).shape == (1, DIMENSIONS)

    def test_no_texts_have_no_rows(self, opened):
        assert opened().embed([]).shape == (0, DIMENSIONS)

    def test_a_vector_of_zeros_stays_one(self, endpoint, opened):
        endpoint.script = [vectors(make=lambda _: [0.0] * DIMENSIONS)]
        assert not opened().embed(["a"]).any()

    def test_a_very_long_text_is_cut(self, endpoint, opened):
        opened().embed(["x" * 100_000])
        assert endpoint.inputs == [["x" * CHARACTERS_MAX]]

    def test_text_of_any_script_arrives_and_half_characters_do_no_harm(self, endpoint, opened):
        opened().embed(["你好 🙂 שלום", "half \ud83d"])
        assert endpoint.inputs == [["你好 🙂 שלום", "half ?"]]


class TestNames:
    def test_what_makes_other_vectors_has_another_name(self, opened):
        names = {
            opened().name,
            opened(model="n").name,
            opened(dimensions=2).name,
            opened(prefixes=Prefixes("", "passage: ")).name,
        }
        assert len(names) == 4

    def test_what_makes_the_same_vectors_has_the_same_name(self, opened):
        same = opened(
            url="http://other/v1", prefixes=Prefixes("query: "), batch_size=1, timeout_s=1
        )
        assert opened().name == same.name == "openai/m"


class TestFailures:
    @pytest.mark.parametrize("code", [408, 429, 500, 502, 503])
    def test_a_passing_failure_is_tried_again(self, code, endpoint, opened):
        endpoint.script = [status(code)]
        np.testing.assert_allclose(opened().embed(["a"]), expected("a"), rtol=1e-6)
        assert len(endpoint.requests) == 2

    @pytest.mark.parametrize("after", ["0", "1", "date"])
    def test_the_time_that_is_asked_for_is_waited(self, after, endpoint, opened):
        if after == "date":
            after = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
        endpoint.script = [status(429, retry_after=after)] * 2
        np.testing.assert_allclose(opened().embed(["a"]), expected("a"), rtol=1e-6)

    def test_a_long_wait_is_left_to_the_caller(self, endpoint, opened):
        endpoint.script = [status(429, retry_after="3600")]
        with pytest.raises(EmbedderUnavailable, match="429"):
            opened().embed(["a"])
        assert len(endpoint.requests) == 1

    def test_a_query_waits_less_than_a_document(self, endpoint, opened):
        endpoint.script = [status(429, retry_after="2")]
        with pytest.raises(EmbedderUnavailable, match="429"):
            opened().embed(["a"], query=True)

    @pytest.mark.parametrize("code", [307, 401, 403, 404])
    def test_a_lasting_failure_is_not_tried_again(self, code, endpoint, opened):
        endpoint.script = [status(code, location="/elsewhere")]
        with pytest.raises(EmbedderUnavailable, match=str(code)):
            opened().embed(["a"])
        assert len(endpoint.requests) == 1

    def test_an_endpoint_that_keeps_failing_is_given_up(self, endpoint, opened):
        endpoint.script = [status(500, retry_after="0")] * 10
        with pytest.raises(EmbedderUnavailable, match="openai/m failed: it answered 500"):
            opened().embed(["a"])
        assert len(endpoint.requests) == 4

    def test_an_endpoint_that_is_not_there_is_unavailable(self, endpoint, opened):
        embedder = opened(url="http://127.0.0.1:1/v1")
        with pytest.raises(EmbedderUnavailable, match="cannot be reached"):
            embedder.embed(["a"], query=True)
        assert not endpoint.requests

    def test_silence_ends_with_the_timeout_and_is_tried_again(self, endpoint, opened):
        endpoint.script = [no_answer]
        rows = opened(timeout_s=1).embed(["a"])
        np.testing.assert_allclose(rows, expected("a"), rtol=1e-6)

    def test_silence_that_lasts_is_unavailable(self, endpoint, opened):
        endpoint.script = [no_answer] * 2
        with pytest.raises(EmbedderUnavailable, match=r"within 0\.2 s"):
            opened(timeout_s=0.2).embed(["a"], query=True)

    def test_half_an_answer_is_tried_again(self, endpoint, opened):
        endpoint.script = [half_an_answer]
        np.testing.assert_allclose(opened().embed(["a"]), expected("a"), rtol=1e-6)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"{}",
            b'{"data": [{"index": 0, "embedding": "?"}]}',
            b'{"data": [{"index": 0, "embedding": "AAA="}]}',
            b'{"data": [{"index": 0, "embedding": {}}]}',
            b'{"data": [{"index": 0, "embedding": []}]}',
            b'{"data": [{"index": 0, "embedding": "AADAfw=="}]}',
        ],
    )
    def test_what_is_no_vector_is_unavailable(self, body, endpoint, opened):
        endpoint.script = [status(200, body)] * 2
        with pytest.raises(EmbedderUnavailable, match="its answer"):
            opened().embed(["a"], query=True)

    @pytest.mark.parametrize(
        "order", [lambda data: data[:1], lambda data: data * 2, lambda data: [data[0], data[0]]]
    )
    def test_a_wrong_count_is_unavailable(self, order, endpoint, opened):
        endpoint.script = [vectors(order=order)]
        with pytest.raises(EmbedderUnavailable, match="for 2 texts"):
            opened().embed(["a", "b"])


class TestDimensions:
    def test_vectors_of_another_length_than_asked_are_refused(self, endpoint, opened):
        with pytest.raises(WrongDimensions, match="gives 4 dimensions, not the 3"):
            opened(dimensions=3).embed(["a"])
        assert len(endpoint.requests) == 1

    def test_vectors_of_several_lengths_are_refused(self, endpoint, opened):
        endpoint.script = [vectors(), vectors(make=lambda _: [1.0])]
        with pytest.raises(EmbedderUnavailable, match="several lengths"):
            opened(batch_size=1).embed(["a", "b"])


class TestRefusals:
    @staticmethod
    def reading(characters):
        """Answer like a model that refuses whole requests for one text that is too long."""

        def answer(handler):
            too_long = any(len(text) > characters for text in handler.body["input"])
            (status(413, b"too long") if too_long else vectors())(handler)

        return answer

    def test_a_text_that_is_too_long_is_cut_and_its_neighbours_are_not(self, endpoint, opened):
        endpoint.script = [self.reading(1_200)] * 50
        texts = ["a" * 1_000, "b" * 3_000, "c", "d"]
        rows = opened().embed(texts)
        np.testing.assert_allclose(rows, expected("a" * 1_000, "b" * 750, "c", "d"), rtol=1e-6)

    def test_an_endpoint_that_refuses_everything_is_asked_a_few_times(self, endpoint, opened):
        endpoint.script = [status(400, b"no such parameter")] * 100
        with pytest.raises(EmbedderUnavailable, match="400"):
            opened().embed(["a" * 4_000] * 64)
        assert len(endpoint.requests) < 15


class TestKey:
    def test_the_key_is_in_no_error_and_no_log(self, endpoint, opened, caplog):
        caplog.set_level(logging.DEBUG)
        embedder = opened()
        body = f"Incorrect API key provided: {KEY}".encode()
        for code in (200, 307, 400, 401, 500):
            endpoint.script = [status(code, body, location=f"/{KEY}", retry_after="9")] * 2
            with pytest.raises(EmbedderUnavailable) as caught:
                embedder.embed(["a"], query=True)
            assert KEY not in f"{caught.value!r} {caught.value.__cause__!r}"
        shown = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
        assert "Incorrect API key provided: …" in shown
        assert KEY not in shown
        assert KEY not in repr(embedder)

    def test_what_the_endpoint_says_is_for_the_log_alone(self, endpoint, opened):
        endpoint.script = [status(404, b"no model m in account 17")]
        with pytest.raises(EmbedderUnavailable) as caught:
            opened().embed(["a"])
        assert caught.value.message == "The embedder openai/m failed: it answered 404"
