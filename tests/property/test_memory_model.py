"""Any row of corrections, supersessions and expiries, held against a model in a few lines."""

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

from tests.http.checking import done, refused
from tests.http.making import new_memory, walk

numbers = itertools.count()
names = st.sampled_from(["a", "b", "c", "d"])
values = st.sampled_from(["x", "y", "z"])
DAYS = [f"2026-01-{day:02}T00:00:00.000Z" for day in range(1, 6)]
days = st.sampled_from([None, *DAYS])
optional = st.sampled_from([None, "a", "b", "c", "d"])


@dataclass
class Model:
    """What a memory should be."""

    id: str
    value: str
    created: str
    supersedes: str | None
    limits: dict[str, str | None]
    """`validFrom`, `validTo`, `expiresAt`, by name; None where there is none."""

    former: list[str] = field(default_factory=list)
    """The values that it had before, the oldest first."""

    @property
    def starts(self) -> str:
        """Since when it is active."""
        return self.limits["validFrom"] or (self.created if self.supersedes else "")


class Operations(RuleBasedStateMachine):
    """Every kind of operation on the memories of a namespace; `api` is set by the test."""

    api: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"n{next(numbers)}"
        self.memories: dict[str, Model] = {}
        self.links: dict[str, str] = {}
        """What a memory supersedes that is still there."""

    @rule(name=names, value=values, created=st.sampled_from(DAYS), link=optional, limits=st.data())
    def store(self, name, value, created, link, limits):
        """Store a memory, perhaps one that supersedes another."""
        bounds = self.draw(limits)
        sent = {"id": name, "value": value, "created": created, "supersedes": link, **bounds}
        if name in self.memories:
            return
        answer = self.api.post("/memory", json={**sent, "namespace": self.namespace})
        if not self.is_possible(bounds):
            refused(answer, "INVALID_PARAMETER", "validTo")
        elif link is not None and link not in self.memories:
            refused(answer, "MEMORY_NOT_FOUND")
        else:
            done(answer)
            self.memories[name] = Model(name, value, created, link, bounds)
            if link is not None:
                self.links[name] = link

    @rule(name=names, value=values)
    def correct(self, name, value):
        """Correct what a memory says."""
        answer = self.api.put(self.path(name), json={"value": value})
        if name not in self.memories:
            refused(answer, "MEMORY_NOT_FOUND")
            return
        done(answer)
        memory = self.memories[name]
        if value != memory.value:
            memory.former.append(memory.value)
            memory.value = value

    @rule(name=names, limits=st.data())
    def limit(self, name, limits):
        """Change when a memory is true, and until when it is kept."""
        bounds = self.draw(limits)
        answer = self.api.put(self.path(name), json=bounds)
        if name not in self.memories:
            assert answer.status_code in {400, 404}
        elif not self.is_possible(bounds):
            refused(answer, "INVALID_PARAMETER", "validTo")
        else:
            done(answer)
            memory = self.memories[name]
            if bounds != memory.limits:
                memory.former.append(memory.value)
                memory.limits = bounds

    @rule(name=names)
    def delete(self, name):
        """Delete a memory that may be there."""
        answer = self.api.delete(self.path(name))
        if name not in self.memories:
            refused(answer, "MEMORY_NOT_FOUND")
            return
        done(answer)
        del self.memories[name]
        self.links = {by: of for by, of in self.links.items() if name not in {by, of}}

    @invariant()
    def it_is_as_the_model_says(self):
        """Compare everything that can be seen."""
        found = walk(self.api, "/memory", namespace=self.namespace, limit=3)
        assert {one["id"]: one["value"] for one in found} == {
            name: memory.value for name, memory in self.memories.items()
        }
        for one in found:
            memory, ending = self.memories[one["id"]], self.ending(one["id"])
            assert one.get("supersedes") == memory.supersedes
            marked = (one.get("supersededAt"), one.get("supersededBy"))
            assert marked == (ending or (None, None))
            assert one.get("version", 1) == len(memory.former) + 1
            history = walk(
                self.api, f"/memory/{one['id']}/history", namespace=self.namespace, limit=2
            )
            assert [version["value"] for version in history] == memory.former[::-1]
        for day in DAYS:
            page = done(self.api.get(f"/memory?namespace={self.namespace}&asOf={day}"))
            assert {one["id"] for one in page["items"]} == {
                name for name in self.memories if self.is_active(name, day)
            }

    def ending(self, name):
        """Return since when a memory is superseded, and by which."""
        by = [(self.memories[one].starts, one) for one, of in self.links.items() if of == name]
        return min(by, default=None)

    def is_active(self, name, day):
        """Tell whether a memory is active on a day."""
        memory, ending = self.memories[name], self.ending(name)
        ends = [memory.limits["validTo"], memory.limits["expiresAt"], ending and ending[0]]
        return memory.starts <= day and all(end is None or day < end for end in ends)

    def path(self, name):
        """Return the path of a memory."""
        return f"/memory/{name}?namespace={self.namespace}"

    @staticmethod
    def draw(data):
        """Draw when a memory is true."""
        return {name: data.draw(days) for name in ("validFrom", "validTo", "expiresAt")}

    @staticmethod
    def is_possible(bounds):
        """Tell whether there is a time between the bounds."""
        since, until = bounds["validFrom"], bounds["validTo"]
        return since is None or until is None or since < until


def test_any_row_of_operations_leaves_what_the_model_says(api):
    assert "version" not in new_memory(api)
    machine = type("Machine", (Operations,), {"api": api})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
