"""Checks of dialogues by the rules of model providers, over HTTP."""

from msgspec import UNSET, UnsetType

from dialoguedb.errors import DialogueNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, response_of
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.names import OfDialogue
from dialoguedb.model.checks import Checked, CheckedProvider, Repaired


class CheckQuery(OfDialogue, rename="camel", frozen=True, kw_only=True):
    """A check of a dialogue, by the rules of a provider or by those of all."""

    provider: CheckedProvider | UnsetType = UNSET


class RepairQuery(OfDialogue, rename="camel", frozen=True, kw_only=True):
    """A repair of a dialogue's messages for a provider."""

    provider: CheckedProvider


@endpoint("Context", "read", query=CheckQuery, response=Checked, errors=(DialogueNotFound,))
async def check(request: Request) -> Response:
    """Tell what in a dialogue a model's provider would refuse, such as a tool call without result.

    With `provider`, by the rules of that provider, each issue with its `rule` and `source`; without
    one, by what all of them refuse. Windows leave it out or put it right; the messages stay as they
    are.
    """
    dialogue_id, namespace = request.dialogue_id(), request.namespace()
    provider = request.query.provider
    checks = request.services.checks
    if provider is UNSET:
        checked = await checks.check(request.project, namespace, dialogue_id)
    else:
        checked = await checks.check_for(request.project, namespace, dialogue_id, provider)
    return await response_of(checked)


@endpoint("Context", "read", query=RepairQuery, response=Repaired, errors=(DialogueNotFound,))
async def repair(request: Request) -> Response:
    """Return all messages of a dialogue as a provider takes them, and what was changed for it.

    In what is returned, a check finds nothing. Nothing is stored, and nothing is left out for its
    length; of a dialogue that exceeds the largest window, the oldest messages are `omitted`.
    """
    dialogue_id, namespace = request.dialogue_id(), request.namespace()
    checks = request.services.checks
    repaired = await checks.repair(request.project, namespace, dialogue_id, request.query.provider)
    return await response_of(repaired)
