"""The client knows all that the API knows."""

import re
from operator import attrgetter
from typing import get_type_hints

import msgspec
import pytest

from dialoguedb.client import inputs, records, search_records
from dialoguedb.client.sync.database import Database
from dialoguedb.client.transport.requests import ApiResponse
from dialoguedb.errors import DialogueDBError, InvalidRequest
from dialoguedb.http.route_table import ROUTES
from dialoguedb.http.routes.dialogues import ListDialogues
from dialoguedb.http.routes.memories import ListMemories
from dialoguedb.http.routes.messages import ListMessages
from dialoguedb.model.context import ContextInput, ContextTokens, ContextWindow, Included
from dialoguedb.model.dialogues import DeletedDialogue, Dialogue, DialogueChange, DialogueInput
from dialoguedb.model.keys import Key, KeyInput
from dialoguedb.model.memories import Memory, MemoryChange, MemoryInput, MemoryVersion
from dialoguedb.model.messages import Message, MessageInput
from dialoguedb.model.projects import Project
from dialoguedb.model.search_request import SearchInput
from dialoguedb.model.search_results import SearchExplanation
from dialoguedb.model.summaries import ExpandedSummary, SummaryInput
from dialoguedb.model.templates import Template

RETURNED = [
    (Dialogue, records.DialogueRecord),
    (Message, records.MessageRecord),
    (Memory, records.MemoryRecord),
    (MemoryVersion, records.MemoryVersionRecord),
    (ExpandedSummary, records.SummaryRecord),
    (Template, records.TemplateRecord),
    (ContextWindow, records.ContextRecord),
    (Included, records.IncludedRecord),
    (Key, records.KeyRecord),
    (Project, records.ProjectRecord),
    (SearchExplanation, search_records.ExplanationRecord),
]
OURS = {"version", "key"}

SENT = [
    (DialogueInput, inputs.DialogueFields, set()),
    (DialogueChange, inputs.DialogueChanges, {"id", "dialogue_id", "metadata"}),
    (MessageInput, inputs.MessageDict, {"dialogue_id", "namespace"}),
    (MemoryInput, inputs.MemoryFields, {"value"}),
    (MemoryChange, inputs.MemoryChanges, {"id", "supersedes"}),  # which no change may change
    (SearchInput, inputs.SearchOptions, {"query", "object"}),
    (SummaryInput, inputs.SummaryFields, {"dialogue_id"}),
    (ContextInput, inputs.ContextOptions, {"max_tokens", "dialogue_id"}),
    (KeyInput, inputs.KeyFields, set()),
    (ListDialogues, inputs.DialoguePageOptions, set()),
    (ListMessages, inputs.MessagePageOptions, {"dialogue_id"}),
    (ListMemories, inputs.MemoryPageOptions, set()),
]
"""What is sent, what names it, and which fields are implied or are arguments of their own."""


def names(kind):
    return {field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize(("kind", "record"), RETURNED, ids=lambda kind: kind.__name__)
def test_a_record_has_every_field_that_is_returned(kind, record):
    assert names(record) - OURS == names(kind) - OURS


def test_fields_that_are_the_same_are_of_the_models_own_types():
    assert get_type_hints(records.DeletionReceipt)["deleted"] == DeletedDialogue | None
    assert get_type_hints(records.ContextRecord)["tokens"] is ContextTokens


@pytest.mark.parametrize(
    ("received", "named", "aside"), SENT, ids=[named.__name__ for _, named, _ in SENT]
)
def test_every_field_that_is_received_can_be_named(received, named, aside):
    keys = named.__required_keys__ | named.__optional_keys__
    assert keys - {"if_match", "idempotency_key"} == names(received) - aside


class RecordingTransport:
    """A transport that records the requests and answers each with an error."""

    may_lose_responses = True

    def __init__(self):
        self.requests = set()

    def open(self):
        """Do nothing."""

    def close(self):
        """Do nothing."""

    def send(self, request, timeout_s):
        """Record the request."""
        path = re.sub(r"\bID\b", "{}", request.target.partition("?")[0])
        self.requests.add(f"{request.method} {path}")
        return ApiResponse(404, {}, b"")


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
    lambda api: api.memory.history("ID"),
    lambda api: api.memory.create_version("ID", 1, "was", ("2026-03-01", "2026-03-02")),
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
    lambda api: api.context.get_recorded("ID"),
    lambda api: api.context.check("ID"),
    lambda api: api.context.repair("ID", "openai"),
    lambda api: api.template.create("ID", "{messages}"),
    lambda api: api.template.get("ID"),
    lambda api: api.template.list(),
    lambda api: api.template.update("ID"),
    lambda api: api.template.delete("ID"),
    lambda api: api.key.create(),
    lambda api: api.key.get("ID"),
    lambda api: api.key.list(),
    lambda api: api.key.revoke("ID"),
    lambda api: api.erasure.create("x"),
    lambda api: api.erasure.key(),
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
    "/message", "/messages", "/message/{}", "/messages/{}", "/dialogue/{}/message",
    "/dialogue/{}/message/{}",
    "/health", "/ready", "/metrics", "/openapi.json", "/docs",
}  # fmt: skip
SAME_BY_ANOTHER_ROUTE = {
    "PUT /dialogue", "DELETE /dialogue",
    "GET /search", "GET /dialogue/{}/context", "PUT /dialogue/{}/compact", "PUT /dialogue/{}/{}",
}  # fmt: skip


def test_every_route_is_called_by_a_method_and_every_method_calls_a_route():
    transport = RecordingTransport()
    with Database(transport, retries=0) as db:
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
    requested = transport.requests - actions | {"POST /dialogue/{}/{}"}
    served = {
        f"{route.method} {path}"
        for route in ROUTES
        if route.documented
        for path in [re.sub(r"\{\w+\}", "{}", route.path)]
        if path not in OTHER_SPELLINGS
    }
    assert requested == served - SAME_BY_ANOTHER_ROUTE


NAMED_IN_THE_BODY = {"summary.create", "summary.list", "template.create"}
NO_PART_OF_A_PATH = ["", ".", "..", None, 5, "\ud800"]


class Spelled:
    """A direct layer that only returns how it was called."""

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
    transport = RecordingTransport()
    with Database(transport, retries=0) as db:
        method = attrgetter(name)(db.api)
        with pytest.raises(InvalidRequest, match="cannot be an id"):
            method(*given[:at], part, *given[at + 1 :], **named)
    assert not transport.requests
