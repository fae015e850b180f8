"""Any row of operations on a dialogue, held against a model small enough to be right."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.http.checking import done, refused, revision
from tests.http.making import new_dialogue, walk

numbers = itertools.count()
names = st.sampled_from([None, "a", "b", "c", "d"])
times = st.sampled_from([None, "2020-01-01T00:00:00.000Z", "2199-01-01T00:00:00.000Z"])
words = st.sampled_from(["x", "y"])
messages = st.fixed_dictionaries({"id": names, "created": times, "content": words})
batches = st.lists(
    messages, min_size=1, max_size=3, unique_by=lambda message: message["id"] or next(numbers)
)


@dataclass
class Model:
    """What a dialogue should be."""

    status: str = "active"
    label: str | None = None
    last_seq: int = 0
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def refusal(self, batch: list[dict[str, Any]]) -> str | None:
        """Say why a batch would be refused, in the order of precedence."""
        if self.all_duplicates(batch):
            return None
        if self.status != "active":
            return {"ended": "DIALOGUE_ENDED", "archived": "DIALOGUE_IMMUTABLE"}[self.status]
        stored = [one for one in batch if one["id"] in self.messages]
        return None if self.all_duplicates(stored) else "DUPLICATE_ID"

    def all_duplicates(self, batch: list[dict[str, Any]]) -> bool:
        """Say whether all of these are stored already, with equal content and time."""
        return all(map(self.is_duplicate, batch))

    def is_duplicate(self, message: dict[str, Any]) -> bool:
        """Say whether this is a message that is stored."""
        stored = self.messages.get(message["id"])
        if stored is None or stored["content"] != message["content"]:
            return False
        return message["created"] in {None, stored["created"]}

    def store(self, sent: list[dict[str, Any]]) -> None:
        """Take in the answer to a batch, checking each number."""
        for message in sent:
            if message["id"] in self.messages:
                assert message["seq"] == self.messages[message["id"]]["seq"]
                continue
            self.last_seq += 1
            assert message["seq"] == self.last_seq
            self.messages[message["id"]] = message

    def in_order(self) -> list[str]:
        """Return the ids as a list must show them."""
        stored = self.messages.values()
        return [one["id"] for one in sorted(stored, key=lambda m: (m["created"], m["seq"]))]


class Operations(RuleBasedStateMachine):
    """Every kind of operation on one dialogue; `api` is set by the test."""

    api: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.path = f"/dialogue/{new_dialogue(self.api, id=f'd{next(numbers)}')['id']}"
        self.model = Model()
        self.revision = revision(self.api.get(self.path))

    @rule(batch=batches, bare=st.booleans())
    def append(self, batch, bare):
        """Append a batch, some of it perhaps stored already."""
        sent = [{**message, "role": "user"} for message in batch]
        body = sent if bare else {"messages": sent}
        answer = self.api.post(f"{self.path}/messages", json=body)
        if refusal := self.model.refusal(batch):
            refused(answer, refusal)
        else:
            self.model.store(done(answer) if bare else done(answer)["items"])

    @rule(message=messages, label=words)
    def update(self, message, label):
        """Change the label and append in one commit."""
        body = {"label": label, "messages": [{**message, "role": "user"}]}
        answer = self.api.put(self.path, json=body)
        refusal = self.model.refusal([message])
        if self.model.status == "archived":
            # A duplicate is answered, but a label cannot be changed any more.
            assert answer.status_code in {200, 409}
        elif refusal:
            refused(answer, refusal)
        else:
            self.model.store(done(answer)["messages"])
            self.model.label = label

    @rule(name=names.filter(bool))
    def delete(self, name):
        """Delete a message that may be there."""
        answer = self.api.delete(f"{self.path}/messages/{name}")
        if name not in self.model.messages:
            refused(answer, "MESSAGE_NOT_FOUND")
        elif self.model.status == "archived":
            refused(answer, "DIALOGUE_IMMUTABLE")
        else:
            done(answer)
            del self.model.messages[name]

    @rule(action=st.sampled_from(["end", "archive", "reopen"]))
    def change_status(self, action):
        """Move the dialogue through its life."""
        answer = self.api.post(f"{self.path}/{action}")
        if (self.model.status, action) == ("archived", "end"):
            refused(answer, "DIALOGUE_IMMUTABLE")
            return
        done(answer)
        states = {"end": "ended", "archive": "archived", "reopen": "active"}
        changed = self.model.status != states[action]
        self.model.status = states[action]
        assert (revision(answer) > self.revision) is changed

    @invariant()
    def it_is_as_the_model_says(self):
        """Compare everything that can be seen."""
        answer = self.api.get(self.path)
        shown, model = done(answer), self.model
        assert (shown["status"], shown.get("label")) == (model.status, model.label)
        assert (shown["totalMessages"], shown["lastSeq"]) == (len(model.messages), model.last_seq)
        latest = max((one["created"] for one in model.messages.values()), default=None)
        assert shown.get("lastMessageCreated") == latest
        listed = walk(self.api, f"{self.path}/messages", limit=3)
        assert [one["id"] for one in listed] == model.in_order()
        assert revision(answer) >= self.revision
        self.revision = revision(answer)


def test_any_row_of_operations_leaves_what_the_model_says(api):
    machine = type("Machine", (Operations,), {"api": api})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
