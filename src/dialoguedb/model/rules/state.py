"""What changing the state of a dialogue comes to."""

from dialoguedb.model.dialogues import StateUpdate
from dialoguedb.model.rules.dialogues import DialoguePlan, StoredDialogue, plan_state
from dialoguedb.model.writes import WriteOptions
from dialoguedb.values import rawjson
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import check_state_size


def plan_state_update(
    dialogue: StoredDialogue, update: StateUpdate, options: WriteOptions
) -> DialoguePlan:
    """Merge, replace or patch a state; StateTooLarge, then what `plan_state` refuses."""
    plan = plan_state(dialogue, _after(dialogue.state, update), options)
    if plan.is_changed:
        plan.usage.stored_bytes = len(update.value)
    return plan


def _after(state: bytes, update: StateUpdate) -> bytes:
    if update.mode == "replace":
        return update.value
    join = rawjson.merge if update.mode == "merge" else rawjson.merge_patch
    joined = join(state, update.value)
    errors = ValidationErrors()
    check_state_size(joined, "state", errors)
    errors.raise_if_any()
    return joined
