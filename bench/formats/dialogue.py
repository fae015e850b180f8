"""A long dialogue of an agent: a user's wishes, calls of tools with what they answer, replies."""

import json
from collections.abc import Iterator
from random import Random

from bench.formats.samples.sample import Json, message
from bench.texts import Texts

_SYSTEM_TEXTS = 12
_STEPS = (0, 0, 1, 1, 2, 4)
"""How many rounds of calls a turn has, each as likely as the others."""

_TWO_CALLS = 0.2
_LINES_LOG = (2.2, 1.0)
_LINES_MAX = 150
"""The lines of an output: half of them have nine or less, one in forty more than sixty."""

Appended = tuple[list[Json], bool]
"""Messages that arrive together, and whether the model is called after them."""


def agent_dialogue(turns: int, seed: int) -> Iterator[Appended]:
    """Yield what is appended to a dialogue of so many turns of a user, step by step."""
    made = _Agent(seed)
    yield [message("system", " ".join(made.texts.texts(_SYSTEM_TEXTS)))], False
    for _ in range(turns):
        yield from made.turn()


class _Agent:
    def __init__(self, seed: int) -> None:
        self.texts = Texts(seed)
        self._random = Random(seed)  # noqa: S311 -- nothing is kept secret with it
        self._calls = 0

    def turn(self) -> Iterator[Appended]:
        yield [message("user", self._prose(1, 3))], True
        for _ in range(self._random.choice(_STEPS)):
            calls = [self._call() for _ in range(2 if self._random.random() < _TWO_CALLS else 1)]
            spoken = self._prose(1, 1) if self._random.random() < 0.5 else ""
            called = {"role": "assistant", "content": spoken, "tool_calls": calls}
            yield [message("assistant", called)], False
            yield [message("tool", self._result(call)) for call in calls], True
        yield [message("assistant", self._prose(1, 6))], False

    def _prose(self, least: int, most: int) -> str:
        return " ".join(self.texts.texts(self._random.randint(least, most)))

    def _call(self) -> Json:
        self._calls += 1
        name = self._random.choice(("read_file", "search", "run_tests", "query_table"))
        arguments = {"about": self.texts.query(), "first": self._random.randrange(500)}
        function = {"name": name, "arguments": json.dumps(arguments)}
        return {"id": f"call_{self._calls:06}", "type": "function", "function": function}

    def _result(self, call: Json) -> Json:
        drawn = self._random.lognormvariate(*_LINES_LOG)
        count = min(int(drawn), _LINES_MAX) + 1
        lines = (f"{number:4}: {self.texts.query()}" for number in range(count))
        content = f"{call['function']['name']}\n" + "\n".join(lines)
        return {"role": "tool", "tool_call_id": call["id"], "content": content}
