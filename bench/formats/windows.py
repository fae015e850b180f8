"""Windows of the sample conversations, from an engine in this process."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from bench.formats.samples.sample import Json, Sample
from dialoguedb.bootstrap.embedders import known
from dialoguedb.bootstrap.services import opened_store, services_of
from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.provider_rules.rule import Provider
from dialoguedb.model.context import ContextInput
from dialoguedb.model.dialogues import DialogueInput
from dialoguedb.model.messages import MessageInput
from dialoguedb.model.projects import Project, ProjectInput
from dialoguedb.service import Services
from dialoguedb.settings import Settings
from dialoguedb.values.fields import Dialect
from dialoguedb.values.validation_errors import ValidationErrors

T = TypeVar("T")

FORMATS: tuple[str, ...] = get_args(Dialect)
TARGETS = ("any", "strict", "no-system") if "target" in ContextInput.__struct_fields__ else ("any",)
WHOLE_TOKENS = 100_000
SHARES = (0.75, 0.5, 0.25)
"""Budgets, as shares of what a window of the whole conversation takes."""


@dataclass(frozen=True)
class Window:
    """A window, and what it was asked for with."""

    sample: Sample
    settings: Json
    answer: Json

    @property
    def messages(self) -> list[Json]:
        """Return its messages."""
        messages: list[Json] = self.answer["messages"]
        return messages

    @property
    def is_whole(self) -> bool:
        """Whether the budget holds the whole conversation."""
        return bool(self.settings["maxTokens"] == WHOLE_TOKENS)


class WindowSource:
    """Stores conversations, and answers windows of them."""

    def __init__(self, services: Services, project: Project, runner: asyncio.Runner) -> None:
        self._services = services
        self._project = project
        self._runner = runner

    def store(self, name: str, messages: list[Json]) -> None:
        """Store a conversation under a name."""
        body = msgspec.json.encode({"id": _id(name), "messages": messages})
        new = msgspec.json.decode(body, type=DialogueInput).validate("bench")
        options = self._services.write_options()
        self._runner.run(self._services.dialogues.create(self._project, "", new, options))

    def append(self, name: str, messages: list[Json]) -> None:
        """Append to a stored conversation."""
        self._runner.run(self._append(name, messages))

    async def _append(self, name: str, messages: list[Json]) -> None:
        errors = ValidationErrors()
        sent = msgspec.json.decode(msgspec.json.encode(messages), type=list[MessageInput])
        new = [one.validate("", errors) for one in sent]
        options = self._services.write_options()
        await self._services.messages.create(self._project, "", _id(name), new, options)

    def window(self, name: str, **settings: Any) -> Json:
        """Return a window; raises `InvalidRequest` when the budget is too small."""
        request = msgspec.convert(settings, ContextInput).validate()
        made = self._services.contexts.build(self._project, "", _id(name), request)
        answer: Json = msgspec.json.decode(msgspec.json.encode(self._run(made)))
        return answer

    def _run(self, made: Coroutine[Any, Any, T]) -> T:
        """Run it as a server's loop does, without the handlers of signals that a runner sets."""
        return self._runner.get_loop().run_until_complete(made)

    def repair(self, name: str, provider: Provider) -> Json:
        """Return a stored conversation as a provider takes it."""
        made = self._services.checks.repair(self._project, "", _id(name), provider)
        answer: Json = msgspec.json.decode(msgspec.json.encode(self._runner.run(made)))
        return answer

    def windows(self, sample: Sample, **settings: Any) -> Iterator[Window]:
        """Yield windows of a stored sample: of all of it, and of ever less, as far as that goes."""
        whole = self.window(sample.name, maxTokens=WHOLE_TOKENS, **settings)
        yield Window(sample, {"maxTokens": WHOLE_TOKENS, **settings}, whole)
        for share in SHARES:
            smaller = {"maxTokens": int(whole["tokens"]["total"] * share), **settings}
            try:
                answer = self.window(sample.name, **smaller)
            except InvalidRequest:
                return
            yield Window(sample, smaller, answer)


@contextmanager
def opened(directory: Path) -> Iterator[WindowSource]:
    """Open an engine in a directory, with an empty project."""
    settings = Settings(data=directory)
    embedders = known(settings)
    with asyncio.Runner() as runner:
        opening = opened_store(settings, None, embedders)
        services = services_of(runner.run(opening.__aenter__()), embedders)
        options = services.write_options()
        project = runner.run(services.projects.create(ProjectInput("windows"), None, options))
        yield WindowSource(services, project, runner)
        runner.run(opening.__aexit__(None, None, None))


def _id(name: str) -> str:
    return name.replace("/", "-")
