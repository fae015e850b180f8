"""The searches that are measured."""

from typing import TYPE_CHECKING, Any, get_args

from dialoguedb.cli.data.evaluation.labels import Key, name_of
from dialoguedb.model.search import SearchMode

if TYPE_CHECKING:
    from dialoguedb.client.inputs import SearchOptions
    from dialoguedb.client.search_records import Found
    from dialoguedb.embedded.sync import DialogueDB

MODES: tuple[SearchMode, ...] = get_args(SearchMode)


def found_by(db: "DialogueDB", key: Key, mode: SearchMode, limit: int) -> "Found[Any]":
    """Return what a search in a mode finds."""
    options: SearchOptions = {"namespace": key.namespace, "mode": mode, "limit": limit}
    if key.object == "message":
        return db.api.search.messages(key.query, **options)
    if key.object == "dialogue":
        return db.api.search.dialogues(key.query, **options)
    return db.api.search.memories(key.query, **options)


def ranks_of(found: "Found[Any]") -> dict[str, int]:
    """Return the position of what was found, by name; too large an object is found as well."""
    relevances = [(name_of(hit.item), hit.relevance) for hit in found.hits]
    relevances += [(name_of(one), one.relevance) for one in found.omitted or ()]
    relevances.sort(key=lambda one: -one[1])
    return {name: at for at, (name, _) in enumerate(relevances, start=1)}
