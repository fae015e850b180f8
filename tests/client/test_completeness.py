"""The client knows all that the API knows."""

import re
from operator import attrgetter

import msgspec
import pytest

from dialoguedb.client import inputs, records
from dialoguedb.client.requests import Answer
from dialoguedb.client.sync.database import Database
from dialoguedb.errors import DialogueDBError, InvalidRequest
from dialoguedb.http.requests.queries import ListDialogues, ListMemories, ListMessages
from dialoguedb.http.route_table import ROUTES
from dialoguedb.model.context import ContextInput, ContextTokens, ContextWindow, Included
from dialoguedb.model.dialogues import DeletedDialogue, Dialogue, DialogueChange, DialogueInput
from dialoguedb.model.keys import Key, KeyInput
from dialoguedb.model.memories import Memory, MemoryInput
from dialoguedb.model.messages import Message, MessageInput
from dialoguedb.model.projects import Project
from dialoguedb.model.search_request import SearchInput
from dialoguedb.model.search_results import SearchExplanation
from dialoguedb.model.summaries import ExpandedSummary, SummaryInput
from dialoguedb.model.templates import Template

ANSWERED = [
    (Dialogue, records.DialogueRecord),
    (Message, records.MessageRecord),
    (Memory, records.MemoryRecord),
    (DeletedDialogue, records.DeletedCounts),
    (ExpandedSummary, records.SummaryRecord),
    (Template, records.TemplateRecord),
    (SearchExplanation, records.Explanation),
    (ContextWindow, records.Context),
    (ContextTokens, records.TokenShares),
    (Included, records.Included),
    (Key, records.KeyRecord),
    (Project, records.ProjectRecord),
]
OURS = {"version", "key"}

SENT = [
    (DialogueInput, inputs.DialogueFields, set()),
    (DialogueChange, inputs.DialogueChanges, {"id", "metadata"}),
    (MessageInput, inputs.MessageInput, {"dialogue_id", "namespace"}),
    (MemoryInput, inputs.MemoryFields, {"value"}),
    (SearchInput, inputs.SearchFields, {"query", "object"}),
    (SummaryInput, inputs.SummaryFields, {"dialogue_id"}),
    (ContextInput, inputs.ContextFields, {"max_tokens", "dialogue_id"}),
    (KeyInput, inputs.KeyFields, set()),
    (ListDialogues, inputs.DialogueList, set()),
    (ListMessages, inputs.MessageList, {"dialogue_id"}),
    (ListMemories, inputs.MemoryList, set()),
]
"""What is sent, what names it, and what goes without saying there or is an argument of its own."""


def names(kind):
    return {field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize(("told", "record"), ANSWERED, ids=lambda kind: kind.__name__)
def test_a_record_has_every_field_that_is_answered(told, record):
    assert names(record) - OURS == names(told)


@pytest.mark.parametrize(
    ("received", "named", "aside"), SENT, ids=[named.__name__ for _, named, _ in SENT]
)
def test_every_field_that_is_received_can_be_named(received, named, aside):
    keys = named.__required_keys__ | named.__optional_keys__
    assert keys - {"if_match", "idempotency_key"} == names(received) - aside


class Told:
    """A transport that notes what is asked and answers nothing."""

    loses_answers = True

    def __init__(self):
        self.asked = set()

    def open(self):
        """Do nothing."""

    def close(self):
        """Do nothing."""

    def send(self, request, timeout_s):
        """Note what is asked."""
        path = re.sub(r"\bID\b", "{}", request.target.partition("?")[0])
        self.asked.add(f"{request.method} {path}")
        return Answer(404, {}, b"")


CALLS = [
    lambda api: api.dialogue.create(),
    lambda api: api.dialogue.get("ID"),
    lambda api: api.dialogue.list(),
    lambda api: api.dialogue.update("ID"),
    lambda api: api.dialogue.end("ID"),
    lambda api: api.dialogue.archive("ID"),
    lambda api: api.dialogue.reopen("ID"),
    lambda api: api.dialogue.compact("ID"),
    lambda api: api.dialogue.delete("ID"),
    lambda api: api.state.get("ID"),
    lambda api: api.state.update("ID", {}),
    lambda api: api.state.patch("ID", {}),
    lambda api: api.message.create("ID", "user", "Hi"),
    lambda api: api.message.create_many("ID", []),
    lambda api: api.message.get("ID", "ID"),
    lambda api: api.message.list("ID"),
    lambda api: api.message.update("ID", "ID", tags=[]),
    lambda api: api.message.delete("ID", "ID"),
    lambda api: api.memory.create(1),
    lambda api: api.memory.get("ID"),
    lambda api: api.memory.list(),
    lambda api: api.memory.update("ID", tags=[]),
    lambda api: api.memory.delete("ID"),
    lambda api: api.search.messages("x"),
    lambda api: api.search.dialogues("x"),
    lambda api: api.search.memories("x"),
    lambda api: api.summary.create("ID"),
    lambda api: api.summary.get("ID"),
    lambda api: api.summary.list("ID"),
    lambda api: api.summary.delete("ID"),
    lambda api: api.context.get("ID", 100),
    lambda api: api.context.check("ID"),
    lambda api: api.template.create("ID", "{messages}"),
    lambda api: api.template.get("ID"),
    lambda api: api.template.list(),
    lambda api: api.template.update("ID"),
    lambda api: api.template.delete("ID"),
    lambda api: api.key.create(),
    lambda api: api.key.get("ID"),
    lambda api: api.key.list(),
    lambda api: api.key.revoke("ID"),
    lambda api: api.project.create("x"),
    lambda api: api.project.get("ID"),
    lambda api: api.project.list(),
    lambda api: api.project.delete("ID"),
    lambda api: api.settings.get(),
    lambda api: api.settings.update({}),
    lambda api: api.settings.usage(),
]
"""Every method of the direct layer."""

OTHER_SPELLINGS = {
    "/message", "/messages", "/message/{}", "/messages/{}", "/dialogue/{}/message/{}",
    "/health", "/ready", "/metrics", "/openapi.json", "/docs",
}  # fmt: skip
SAME_BY_ANOTHER_METHOD = {
    "GET /search", "GET /dialogue/{}/context", "PUT /dialogue/{}/compact", "PUT /dialogue/{}/{}",
}  # fmt: skip


def test_every_route_is_called_by_a_method_and_every_method_calls_a_route():
    told = Told()
    with Database(told, retries=0) as db:
        for call in CALLS:
            with pytest.raises(DialogueDBError):
                call(db.api)
        methods = [
            f"{noun}.{name}"
            for noun, api in vars(db.api).items()
            if not noun.startswith("_")
            for name in dir(api)
            if not name.startswith("_")
        ]
    assert len(CALLS) == len(methods), methods
    actions = {f"POST /dialogue/{{}}/{action}" for action in ("end", "archive", "reopen")}
    asked = told.asked - actions | {"POST /dialogue/{}/{}"}
    served = {
        f"{route.method} {path}"
        for route in ROUTES
        if route.documented
        for path in [re.sub(r"\{\w+\}", "{}", route.path)]
        if path not in OTHER_SPELLINGS
    }
    assert asked == served - SAME_BY_ANOTHER_METHOD


NAMED_IN_THE_BODY = {"summary.create", "summary.list", "template.create"}
NO_PART_OF_A_PATH = ["", ".", "..", None, 5, "\ud800"]


class Spelled:
    """A direct layer that only tells how it was called."""

    def __init__(self, name=""):
        self.name = name

    def __getattr__(self, name):
        return Spelled(f"{self.name}.{name}".lstrip("."))

    def __call__(self, *given, **named):
        return self.name, given, named


SPELLED = [call(Spelled()) for call in CALLS]
NAMING = [
    pytest.param(name, given, named, at, id=f"{name}-{at}")
    for name, given, named in SPELLED
    for at, argument in enumerate(given)
    if argument == "ID" and name not in NAMED_IN_THE_BODY
]


@pytest.mark.parametrize("part", NO_PART_OF_A_PATH, ids=repr)
@pytest.mark.parametrize(("name", "given", "named", "at"), NAMING)
def test_an_id_that_would_lead_elsewhere_is_not_sent(name, given, named, at, part):
    told = Told()
    with Database(told, retries=0) as db:
        method = attrgetter(name)(db.api)
        with pytest.raises(InvalidRequest, match="cannot be an id"):
            method(*given[:at], part, *given[at + 1 :], **named)
    assert not told.asked
