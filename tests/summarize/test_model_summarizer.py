"""Summaries by models, against one over real HTTP that speaks both protocols and fails."""

import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dialoguedb.errors import SummarizerRefused, SummarizerUnavailable
from tests.embed.endpoint import half_an_answer, no_answer, status

from .conftest import KEY, combination_of, summary_of, turn
from .provider import TOO_LONG, answers, drops, in_anthropic, in_openai, says

HELLO = summary_of([turn("Hello.", "Ana"), turn("Hi!", role="assistant")])


class TestSuccess:
    def test_the_transcript_names_speakers_and_days(self, server, ask):
        later = "2026-11-23T08:00:00.000Z"
        turns = [turn("Hello.", "Ana"), turn("Hi!", role="assistant"), turn("Me again.", "Ana")]
        ask(summary_of([*turns, turn("A new day.", "Ana", created=later)], previous="Nothing."))
        [prompt] = server.prompts
        assert prompt.split("\n") == [
            "BEFORE Nothing. NOW [2026-11-22]",
            "Ana: Hello.",
            "assistant: Hi!",
            "Ana: Me again.",
            "[2026-11-23]",
            "Ana: A new day.",
        ]

    def test_the_answer_comes_with_what_it_took(self, ask):
        made = ask(HELLO)
        assert made.content == "A summary."
        assert (made.input_tokens, made.output_tokens, made.calls) == (100, 10, 1)

    def test_summaries_are_combined_in_their_order(self, server, ask):
        assert ask(combination_of(["One.", "Two."], previous="Zero.")).content == "A summary."
        assert server.prompts == ["BEFORE Zero. NOW One.\n\nTwo."]

    def test_nothing_said_asks_nobody(self, server, ask):
        assert ask(summary_of([], previous="All there is.")).content == "All there is."
        assert ask(summary_of([])).content == ""
        assert not server.requests

    def test_white_space_and_thoughts_around_an_answer_are_left_out(self, server, ask):
        server.script = [says("<think>Well,\nhmm.</think>\n\n A summary. \n")]
        assert ask(HELLO).content == "A summary."

    def test_an_answer_far_above_its_limit_is_cut_behind_a_sentence(self, server, ask):
        server.script = [says("It said so. " * 10_000)]
        made = ask(summary_of([turn("Hello.")], tokens_max=10))
        assert made.content.endswith("It said so.")
        assert len(made.content) <= 320

    @pytest.mark.parametrize("count", [2**63, -1, 1.5, "10", None, [], True])
    def test_counts_that_cannot_be_count_nothing(self, count, server, ask, protocol):
        body = in_openai("A summary.", "stop") | in_anthropic("A summary.", "stop")
        usage = dict.fromkeys(("prompt_tokens", "completion_tokens", "input_tokens"), count)
        server.script = [answers(body | {"usage": usage | {"output_tokens": count}})]
        made = ask(HELLO)
        assert (made.content, made.calls) == ("A summary.", 1)
        assert (made.input_tokens, made.output_tokens) == (0, 0)

    @pytest.mark.parametrize("usage", [[], "much", 7, None])
    def test_usage_of_another_shape_counts_nothing(self, usage, server, ask):
        body = in_openai("A summary.", "stop") | in_anthropic("A summary.", "stop")
        server.script = [answers(body | {"usage": usage})]
        assert ask(HELLO).input_tokens == 0

    def test_an_answer_that_is_cut_ends_with_its_last_whole_sentence(self, server, ask):
        server.script = [says("Ana greets. Then she goes on about", "length")]
        assert ask(HELLO).content == "Ana greets."
        server.script = [says("not even one sentence", "length")]
        assert ask(HELLO).content == "not even one sentence"

    def test_a_model_that_thinks_all_its_tokens_away_gets_more_from_then_on(self, server, ask):
        server.script = [says("<think>Hmm", "length"), says("Done."), says("Done.")]
        made = ask(HELLO, HELLO)
        assert made.content == "Done."
        limits = [body["max_tokens"] for _, _, body in server.requests]
        assert limits[0] == 100
        assert limits[1] == limits[2] > 4_000

    def test_text_of_any_script_arrives(self, server, ask):
        ask(summary_of([turn("你好 🙂 שלום \0", "Zoë")]))
        assert "Zoë: 你好 🙂 שלום \0" in server.prompts[0]


class TestProtocols:
    @pytest.mark.parametrize("protocol", ["openai"], indirect=True)
    def test_openai_is_asked_as_its_chat_is(self, server, ask):
        ask(HELLO)
        [(path, headers, body)] = server.requests
        assert path == "/v1/chat/completions"
        assert headers["authorization"] == f"Bearer {KEY}"
        assert body.keys() == {"model", "messages", "max_tokens"}
        assert (body["model"], body["max_tokens"]) == ("m", 100)

    @pytest.mark.parametrize("protocol", ["anthropic"], indirect=True)
    def test_anthropic_is_asked_as_its_messages_are(self, server, ask):
        ask(HELLO)
        [(path, headers, body)] = server.requests
        assert path == "/v1/messages"
        assert headers["x-api-key"] == KEY
        assert headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in headers
        assert body.keys() == {"model", "messages", "max_tokens"}

    def test_without_a_key_none_is_sent(self, server, ask):
        ask(HELLO, summarizer_key=None)
        [(_, headers, _)] = server.requests
        assert not {"authorization", "x-api-key"} & headers.keys()

    @pytest.mark.parametrize("protocol", ["openai"], indirect=True)
    def test_a_model_that_knows_but_the_new_name_of_the_limit_is_asked_by_it(self, server, ask):
        body = b"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        server.script = [status(400, body)]
        assert ask(HELLO, HELLO).content == "A summary."
        assert [body.keys() - {"model", "messages"} for _, _, body in server.requests] == [
            {"max_tokens"},
            {"max_completion_tokens"},
            {"max_completion_tokens"},
        ]

    @pytest.mark.parametrize("protocol", ["openai"], indirect=True)
    def test_openai_may_answer_in_parts_and_without_usage(self, server, ask):
        parts = [{"type": "text", "text": "A "}, {"type": "text", "text": "summary."}]
        server.script = [answers({"choices": [{"message": {"content": parts}}], "usage": None})]
        made = ask(HELLO)
        assert (made.content, made.input_tokens, made.calls) == ("A summary.", 0, 1)

    @pytest.mark.parametrize("protocol", ["anthropic"], indirect=True)
    def test_only_the_text_of_anthropic_counts(self, server, ask):
        thought = {"type": "thinking", "thinking": "Hmm.", "signature": "x"}
        body = in_anthropic("A summary.", "stop")
        server.script = [answers(body | {"content": [thought, *body["content"]]})]
        assert ask(HELLO).content == "A summary."


class TestPassingFailures:
    @pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 529])
    def test_they_are_tried_again(self, code, server, ask):
        server.script = [status(code, retry_after="0")]
        made = ask(HELLO)
        assert (made.content, made.calls) == ("A summary.", 2)

    @pytest.mark.parametrize("written", ["seconds", "date"])
    def test_the_time_that_is_asked_for_is_waited(self, written, server, ask):
        began = time.monotonic()
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        server.script = [status(429, retry_after="1" if written == "seconds" else date)]
        assert ask(HELLO).content == "A summary."
        assert time.monotonic() - began > 0.9

    def test_a_long_wait_is_left_to_the_caller(self, server, ask):
        server.script = [status(429, retry_after="3600")]
        with pytest.raises(SummarizerUnavailable, match="answered 429: it allows no more"):
            ask(HELLO)
        assert len(server.requests) == 1

    def test_one_that_keeps_failing_is_given_up(self, server, ask, protocol):
        server.script = [status(500, retry_after="0")] * 10
        message = f"^The summarizer {protocol}/m failed: it answered 500$"
        with pytest.raises(SummarizerUnavailable, match=message):
            ask(HELLO)
        assert len(server.requests) == 4

    def test_silence_ends_with_the_timeout_and_is_tried_again(self, server, ask):
        server.script = [no_answer]
        assert ask(HELLO, summarizer_timeout=1).content == "A summary."

    def test_an_answer_in_drops_ends_with_the_timeout(self, server, ask):
        server.script = [drops]
        assert ask(HELLO, summarizer_timeout=1).calls >= 2

    def test_an_answer_without_end_is_not_read(self, server, ask):
        server.script = [answers(b" " * 5 * 1024 * 1024)]
        assert ask(HELLO).calls == 2

    def test_how_long_to_wait_is_told_to_the_caller(self, server, ask):
        server.script = [status(429, retry_after="90")]
        with pytest.raises(SummarizerUnavailable) as caught:
            ask(HELLO)
        assert caught.value.after_s == 90

    def test_half_an_answer_is_tried_again(self, server, ask):
        server.script = [half_an_answer]
        assert ask(HELLO).content == "A summary."

    def test_one_that_is_not_there_is_unavailable(self, server, ask):
        with pytest.raises(SummarizerUnavailable, match="cannot be reached"):
            ask(HELLO, summarizer_url="http://127.0.0.1:1/v1")
        assert not server.requests

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"{}",
            b"[]",
            b"\xff",
            b'{"choices": [], "content": 1}',
            b'{"choices": [{"message": {"content": 1}}], "content": [1]}',
            b'{"error": {"message": "overloaded"}}',
            b'{"x": ' + b"[" * 100_000,
        ],
    )
    def test_what_is_no_answer_is_tried_again(self, body, server, ask):
        server.script = [answers(body)]
        made = ask(HELLO)
        assert (made.content, made.calls) == ("A summary.", 2)

    def test_an_answer_without_a_word_is_unavailable(self, server, ask):
        server.script = [says(" \n")]
        with pytest.raises(SummarizerUnavailable, match="without a word"):
            ask(HELLO)

    def test_what_was_spent_before_a_failure_is_told_with_it(self, server, ask, protocol):
        server.script = [status(400, TOO_LONG[protocol]), says("Half."), status(401)]
        with pytest.raises(SummarizerRefused) as caught:
            ask(HELLO)
        assert caught.value.took == (100, 10, 3)


class TestLastingFailures:
    @pytest.mark.parametrize(
        ("code", "message"),
        [
            (307, "summarizer-url has moved"),
            (400, "it answered 400$"),
            (401, "summarizer-key is missing or not valid"),
            (402, "nothing left to spend"),
            (403, "summarizer-key may not use this model"),
            (404, "no such summarizer-model"),
            (413, "cannot read texts of this length"),
            (422, "it answered 422$"),
        ],
    )
    def test_they_are_not_tried_again_and_say_what_can_be_done(self, code, message, server, ask):
        server.script = [status(code, b"no", location="/elsewhere")] * 2
        with pytest.raises(SummarizerRefused, match=message):
            ask(summary_of([turn("Hello.")]))
        assert len(server.requests) == 1

    def test_a_model_that_refuses_is_not_asked_again(self, server, ask):
        server.script = [says("", "content_filter")] * 2
        with pytest.raises(SummarizerRefused, match="the model refused to summarize this"):
            ask(HELLO)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("protocol", ["openai"], indirect=True)
    def test_a_refusal_may_stand_in_a_field_of_its_own(self, server, ask):
        body = in_openai("", "stop")
        body["choices"][0]["message"] |= {"content": None, "refusal": "I cannot."}
        server.script = [answers(body)]
        with pytest.raises(SummarizerRefused, match="refused to summarize"):
            ask(HELLO)

    def test_one_that_thinks_even_more_tokens_away_is_refused(self, server, ask):
        server.script = [says("", "length")] * 3
        with pytest.raises(SummarizerRefused, match="without a word"):
            ask(HELLO)
        assert len(server.requests) == 2


class TestLongInput:
    @staticmethod
    def reading(characters, protocol, code=400):
        """Answer like a model that refuses more than so many characters, else name what it read."""

        def answer(handler):
            if len(handler.prompt) > characters:
                status(code, TOO_LONG[protocol])(handler)
            else:
                before, now = handler.prompt.removeprefix("BEFORE ").split(" NOW ")
                read = now.removeprefix("[2026-11-22]\n").replace("user: ", "").split("\n")
                known = "" if before == "None" else before
                says(known + "".join(text[0] for text in read if text))(handler)

        return answer

    @pytest.mark.parametrize("code", [400, 413])
    def test_too_many_turns_are_read_in_halves_one_upon_the_other(
        self, code, server, ask, protocol
    ):
        server.otherwise = self.reading(700, protocol, code)
        made = ask(summary_of([turn(letter * 200) for letter in "abcdefgh"]))
        assert made.content == "abcdefgh"
        assert made.calls == len(server.requests)

    def test_too_many_parts_are_combined_in_halves(self, server, ask, protocol):
        server.otherwise = self.reading(700, protocol)
        assert ask(combination_of([letter * 200 for letter in "abcd"])).content == "abcd"

    def test_a_turn_that_is_too_long_by_itself_is_parted_between_words(self, server, ask, protocol):
        server.otherwise = self.reading(900, protocol)
        ask(summary_of([turn("word " * 400)]))
        read = [prompt.split(" NOW ")[1] for prompt in server.prompts if len(prompt) <= 900]
        assert "".join(read).count("word") == 400
        assert all(text.endswith("word") for text in (part.rstrip() for part in read))

    def test_one_that_refuses_every_length_is_asked_a_few_times(self, server, ask, protocol):
        server.otherwise = status(400, TOO_LONG[protocol])
        with pytest.raises(SummarizerRefused, match="cannot read texts of this length"):
            ask(summary_of([turn("word " * 2_000)] * 64))
        assert len(server.requests) < 20


class TestKey:
    def test_the_key_is_in_no_error_and_no_log(self, server, ask, caplog):
        caplog.set_level(logging.DEBUG)
        body = f"Incorrect API key provided: {KEY}".encode()
        for code in (200, 307, 400, 401, 500):
            server.script = [status(code, body, location=f"/{KEY}", retry_after="0")] * 4
            with pytest.raises((SummarizerUnavailable, SummarizerRefused)) as caught:
                ask(HELLO)
            assert KEY not in f"{caught.value!r} {caught.value.__cause__!r}"
        shown = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
        assert "Incorrect API key provided: …" in shown
        assert KEY not in shown

    def test_what_the_model_s_provider_says_is_for_the_log_alone(self, server, ask, protocol):
        server.script = [status(404, b"no model m in account 17")]
        with pytest.raises(SummarizerRefused) as caught:
            ask(HELLO)
        assert "17" not in caught.value.message

    def test_a_key_that_is_told_late_is_not_half_in_the_log(self, server, ask, caplog):
        for before in range(280, 300):
            server.script = [status(401, b"x" * before + KEY.encode())]
            with pytest.raises(SummarizerRefused):
                ask(HELLO)
        shown = "\n".join(f"{vars(record)}" for record in caplog.records)
        assert KEY[:4] not in shown
