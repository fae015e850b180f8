"""Summaries over HTTP."""

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dialoguedb.errors import (
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    MessageNotFound,
    SummaryNotFound,
    TemplateNotFound,
    VersionConflict,
)
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Deleted, Response, encode, response_of, revision_tag
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import ListQuery
from dialoguedb.http.routes.names import InNamespace, Named, OfDialogue
from dialoguedb.model.messages import Message
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.summaries import (
    ExpandedSummary,
    Summary,
    SummaryFilter,
    SummaryInput,
    SummaryStatus,
)
from dialoguedb.ports import Versioned
from dialoguedb.service.summaries import CoveredMessagesFilter, SummaryListFilter
from dialoguedb.values.fields import Id, Namespace
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


Expand = Annotated[bool, Meta(description="Shows the covered messages, too, as a list's page.")]


class ListSummaries(ListQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of a dialogue's summaries."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        **ListQuery.listing_paths,
        "namespace": "filter.namespace",
        "status": "filter.filters.status",
    }

    dialogue_id: Id | UnsetType = UNSET
    namespace: Namespace | UnsetType = UNSET
    status: SummaryStatus | UnsetType = UNSET


class GetSummary(ListQuery, rename="camel", forbid_unknown_fields=False, frozen=True):
    """A request for a summary, with a page of the messages it covers if it is to be expanded."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        **ListQuery.listing_paths,
        "namespace": "filter.namespace",
    }

    namespace: Namespace | UnsetType = UNSET
    expand: Expand | UnsetType = UNSET


def _accepted(made: Versioned[Summary]) -> Response:
    return Response(encode(made.value), status=ACCEPTED)


def _compacted(made: Versioned[Summary]) -> Response:
    return Response(encode(made.value), revision_tag(made.version), ACCEPTED)


@endpoint(
    "Summaries",
    "write",
    query=OfDialogue,
    body=SummaryInput,
    example=_EXAMPLE,
    status=ACCEPTED,
    response=Summary,
    errors=_ERRORS,
)
async def create(request: Request) -> Response:
    """Have a dialogue summarized, from `startId` to `endId`; poll until it is completed or failed.

    Messages stay as they are. It builds on a former summary of the same beginning, unless `rebuild`
    is set. Without an `id`, what was summarized the same way already is answered as it is, and not
    summarized again; other `metadata` or `tags` make a record of their own. An archived dialogue
    takes no new one: reopen it first.
    """
    return _accepted(await _start(request, _accepted))


@endpoint(
    "Summaries",
    "write",
    query=OfDialogue,
    body=SummaryInput,
    example=_EXAMPLE,
    status=ACCEPTED,
    response=Summary,
    versions="revision",
    conditional=True,
    errors=(*_ERRORS, VersionConflict),
)
async def compact(request: Request) -> Response:
    """Have this dialogue summarized; the same as `POST /summary`."""
    return _compacted(await _start(request, _compacted))


async def _start(
    request: Request, response: Callable[[Versioned[Summary]], Response]
) -> Versioned[Summary]:
    body = await request.decode(SummaryInput)
    new = body.validate()
    dialogue_id = request.dialogue_id(("dialogueId", body.dialogue_id))
    namespace = request.namespace(("namespace", body.namespace))
    options = await request.write_options(namespace, response)
    dialogue = DialogueRef(namespace, dialogue_id)
    return await request.services.summaries.create(request.project, dialogue, new, options)


@endpoint(
    "Summaries",
    "read",
    query=ListSummaries,
    response=Page[Summary],
    errors=(DialogueNotFound,),
)
async def list_(request: Request) -> Response:
    """List the summaries of a dialogue, newest first."""
    query: ListSummaries = request.query
    filters = SummaryFilter(query.status or None)
    of = SummaryListFilter(request.namespace(), request.dialogue_id(), filters)
    page = query.page_of(of, "desc", request.admitted.namespace)
    return await response_of(await request.services.summaries.list(request.project, page))


@endpoint(
    "Summaries",
    "read",
    query=GetSummary,
    response=(Summary, ExpandedSummary),
    errors=(SummaryNotFound,),
)
async def get(request: Request) -> Response:
    """Return one summary; `expand=true` adds the messages it covers, oldest first.

    `limit`, `order` and `next` are for these messages, as in a list; `next` alone shows their next
    page.
    """
    summary_id, namespace = request.own_id(None), request.namespace_of_list()
    summary = await request.services.summaries.get(request.project, namespace, summary_id)
    if not request.query.expand and request.query.next is UNSET:
        return Response(encode(summary))
    page = await _covered(request, CoveredMessagesFilter(namespace, summary_id))
    return await response_of(ExpandedSummary(**msgspec.structs.asdict(summary), messages=page))


async def _covered(request: Request, of: CoveredMessagesFilter) -> Page[Message]:
    query: GetSummary = request.query
    page = query.page_of(of, "asc", request.admitted.namespace)
    return await request.services.summaries.covered(request.project, page)


@endpoint(
    "Summaries",
    "write",
    query=InNamespace,
    body=Named,
    response=Deleted,
    errors=(SummaryNotFound, DialogueImmutable),
)
async def delete(request: Request) -> Response:
    """Delete one summary for good; one that is being made is made no further.

    A summary of an archived dialogue stays, as everything of it does: reopen it first.
    """
    names = await request.decode(Named)
    summary_id = request.own_id(names.id)
    namespace = request.namespace_of_list()
    if isinstance(names.namespace, str):
        namespace = request.namespace(("namespace", names.namespace))
    options = request.delete_options()
    await request.services.summaries.delete(request.project, namespace, summary_id, options)
    return Response(encode(Deleted(summary_id)))
