"""Summaries over HTTP."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET

from dialoguedb.errors import (
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    MessageNotFound,
    SummaryNotFound,
    TemplateNotFound,
    VersionConflict,
)
from dialoguedb.http.requests.bodies import Named
from dialoguedb.http.requests.queries import (
    GetSummary,
    InNamespace,
    ListSummaries,
    OfDialogue,
    named,
)
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.etags import revision_tag
from dialoguedb.http.responses.response import Answer, Deleted, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.model.messages import Message
from dialoguedb.model.summaries import ExpandedSummary, Summary, SummaryFilter, SummaryInput
from dialoguedb.ports import Versioned
from dialoguedb.service.pages import Listing, PageRequest
from dialoguedb.service.summaries import CoveredBy, SummariesOf
from dialoguedb.values import limits
from dialoguedb.values.checks import given
from dialoguedb.values.decoding import decode
from dialoguedb.values.lists import Page

ACCEPTED = 202

_EXAMPLE = {"dialogueId": "dlg_abc123", "instructions": "Keep every order number."}
_ERRORS = (
    DialogueNotFound,
    MessageNotFound,
    TemplateNotFound,
    DialogueImmutable,
    DuplicateId,
)


def _accepted(made: Versioned[Summary]) -> Answer:
    return Answer(encode(made.value), status=ACCEPTED)


def _compacted(made: Versioned[Summary]) -> Answer:
    return Answer(encode(made.value), revision_tag(made.version), ACCEPTED)


@endpoint(
    "Summaries",
    "write",
    query=OfDialogue,
    body=SummaryInput,
    example=_EXAMPLE,
    status=ACCEPTED,
    answer=Summary,
    errors=_ERRORS,
)
async def create(call: Call) -> Answer:
    """Have a dialogue summarized, from `startId` to `endId`; poll until it is completed or failed.

    Messages stay as they are. It builds on a former summary of the same beginning, unless `rebuild`
    is set. Without an `id`, what was summarized the same way already is answered as it is, and not
    summarized again; other `metadata` or `tags` make a record of their own. An archived dialogue
    takes no new one: reopen it first.
    """
    return _accepted(await _start(call, _accepted))


@endpoint(
    "Summaries",
    "write",
    query=OfDialogue,
    body=SummaryInput,
    example=_EXAMPLE,
    status=ACCEPTED,
    answer=Summary,
    versions="revision",
    conditional=True,
    errors=(*_ERRORS, VersionConflict),
)
async def compact(call: Call) -> Answer:
    """Have this dialogue summarized; the same as `POST /summary`."""
    return _compacted(await _start(call, _compacted))


async def _start(call: Call, answer: Callable[[Versioned[Summary]], Answer]) -> Versioned[Summary]:
    sent = decode(SummaryInput, call.body)
    new = sent.accept()
    dialogue_id = call.dialogue_id(("dialogueId", sent.dialogue_id))
    namespace = call.namespace(("namespace", sent.namespace))
    options = call.write_options(namespace, answer)
    place = (namespace, dialogue_id)
    return await call.services.summaries.create(call.project, place, new, options)


@endpoint(
    "Summaries",
    "read",
    query=ListSummaries,
    answer=Page[Summary],
    errors=(DialogueNotFound,),
)
async def list_(call: Call) -> Answer:
    """List the summaries of a dialogue, newest first."""
    query: ListSummaries = call.query
    wanted = SummaryFilter(query.status or None)
    of = SummariesOf(call.namespace(), call.dialogue_id(), wanted)
    listing = Listing(of, query.order or "desc", query.limit or limits.PAGE_ITEMS_DEFAULT)
    request = PageRequest(listing, named(query), given(query.next), call.bound)
    return Answer(encode(await call.services.summaries.list(call.project, request)))


@endpoint(
    "Summaries",
    "read",
    query=GetSummary,
    answer=(Summary, ExpandedSummary),
    errors=(SummaryNotFound,),
)
async def get(call: Call) -> Answer:
    """Return one summary; `expand=true` adds the messages it covers, oldest first.

    `limit`, `order` and `next` are for these messages, as in a list; `next` alone shows their next
    page.
    """
    summary_id, namespace = call.own_id(None), call.namespace_of_list()
    summary = await call.services.summaries.get(call.project, namespace, summary_id)
    if not call.query.expand and call.query.next is UNSET:
        return Answer(encode(summary))
    page = await _covered(call, CoveredBy(namespace, summary_id))
    return Answer(encode(ExpandedSummary(**msgspec.structs.asdict(summary), messages=page)))


async def _covered(call: Call, of: CoveredBy) -> Page[Message]:
    query: GetSummary = call.query
    listing = Listing(of, query.order or "asc", query.limit or limits.PAGE_ITEMS_DEFAULT)
    request = PageRequest(listing, named(query), given(query.next), call.bound)
    return await call.services.summaries.covered(call.project, request)


@endpoint(
    "Summaries",
    "write",
    query=InNamespace,
    body=Named,
    answer=Deleted,
    errors=(SummaryNotFound, DialogueImmutable),
)
async def delete(call: Call) -> Answer:
    """Delete one summary for good; one that is being made is made no further.

    A summary of an archived dialogue stays, as everything of it does: reopen it first.
    """
    sent = decode(Named, call.body)
    summary_id = call.own_id(sent.id)
    namespace = call.namespace_of_list()
    if isinstance(sent.namespace, str):
        namespace = call.namespace(("namespace", sent.namespace))
    options = call.services.write_options()
    await call.services.summaries.delete(call.project, namespace, summary_id, options)
    return Answer(encode(Deleted(summary_id)))
