"""Auto-compaction, as far as it is not the append's own: the summary's id and recipe, and a worker.

The append itself decides and stores; the rule is in `model.rules.auto_compact`.
"""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from dialoguedb.model.projects import Project
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.writes import CompactionRequest, Versioned, WriteOptions
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle


class AutoCompaction:
    """Has appends summarize dialogues that have grown above their project's limit."""

    def __init__(self, new_id: Callable[[], str], worker: SummaryWorkerHandle) -> None:
        self._new_id = new_id
        self._worker = worker

    def options_for(self, project: Project, options: WriteOptions) -> WriteOptions:
        """Return the options of an append, which may compact the dialogue by them."""
        if project.settings.auto_compact is None:
            return options
        recipe = Recipe(self._worker.provider, self._worker.model, None)
        return structs.replace(options, compaction=CompactionRequest(self._new_id(), recipe))

    def wake(self) -> None:
        """Wake whoever makes summaries, as one is to be made again."""
        self._worker.wake()

    def after(self, write: Versioned[Any]) -> None:
        """Wake whoever makes summaries when an append has stored one."""
        if write.is_compacted:
            self._worker.wake()
