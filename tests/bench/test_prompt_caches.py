"""The prompt caches of the benchmarks follow the rules that providers document."""

from bench.formats.prompt_caches import AnthropicCache, Blocks, OpenAiCache, PrefixOfLast

LONG = "word " * 1_500


def window(*texts, system="You answer."):
    contents = [{"role": "user", "content": [{"type": "text", "text": text}]} for text in texts]
    return {"system": system, "messages": contents}


def sent(cache, *windows):
    blocks = Blocks()
    for one in windows:
        cache.send(blocks.of(one))
    return cache.share


def test_what_is_appended_is_all_that_is_no_prefix():
    share = sent(PrefixOfLast(), window(LONG), window(LONG, "more"))
    assert 0 < share.sent - share.hits < 30
    assert share.windows == 1


def test_another_beginning_shares_nothing():
    assert sent(PrefixOfLast(), window(LONG), window(LONG, system="You ask.")).hits == 0


def test_openai_hits_whole_steps_of_long_prefixes():
    assert sent(OpenAiCache(), window("short"), window("short", "more")).hits == 0
    hits = sent(OpenAiCache(), window(LONG), window(LONG, "more")).hits
    assert hits >= 1_024
    assert hits % 128 == 0


def test_anthropic_looks_back_twenty_blocks():
    others = [f"block {number}" for number in range(30)]
    near = sent(AnthropicCache(), window(LONG), window(LONG, *others[:20]))
    far = sent(AnthropicCache(), window(LONG), window(LONG, *others[:21]))
    assert near.hits > 1_024
    assert far.hits == 0
