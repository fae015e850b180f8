"""Whatever is done to dialogues, in whatever order: the store behaves like a plain dictionary."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from dialoguedb.errors import (
    DialogueDBError,
    DialogueEnded,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    MessageNotFound,
    VersionConflict,
)
from dialoguedb.ports import WriteOptions
from tests.contract.making import World, at, compact, message, over

REFS = st.tuples(st.sampled_from(["", "ns"]), st.sampled_from(["a", "b", "c", "d"]))
PICKS = st.integers(0, 20)
ACTIONS = st.sampled_from(["end", "end", "archive", "reopen", "reopen"])
TAGS = st.lists(st.sampled_from(["t", "u", "é"]), max_size=3).map(tuple)
STATES = st.recursive(
    st.none() | st.integers(0, 3),
    lambda values: st.dictionaries(st.sampled_from(["x", "y", "z"]), values, max_size=3),
    max_leaves=6,
).filter(lambda value: isinstance(value, dict))
EXPECTED = st.sampled_from([None] * 6 + [0, 1, 2, 3])
SENT = st.fixed_dictionaries(
    {"content": st.sampled_from(["yes", "no"])},
    optional={
        "id": st.sampled_from(["m1", "m2", "m3", "m4"]),
        "created": st.integers(-3, 3).map(at),
        "role": st.sampled_from(["user", "assistant"]),
        "tags": TAGS,
    },
)
BATCHES = st.lists(SENT, max_size=4)


@dataclass
class Thing:
    """A dialogue as the model keeps it."""

    id: str
    parent: tuple[str, str] | None = None
    label: str | None = None
    status: str = "active"
    state: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    revision: int = 1
    last_seq: int = 0
    last_time: str = ""
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)


class Model:
    """What the contract says, on plain dictionaries."""

    def __init__(self) -> None:
        self.things: dict[tuple[str, str], Thing] = {}
        self.used = {"dialogues": 0, "messages": 0, "storedBytes": 0}

    def find(self, ref):
        if ref not in self.things:
            raise DialogueNotFound("")
        return self.things[ref]

    def changeable(self, ref):
        thing = self.find(ref)
        if thing.status == "archived":
            raise DialogueImmutable("")
        return thing

    def children(self, ref):
        return [key for key, thing in self.things.items() if thing.parent == ref]

    def create(self, ref, thread_of, sent, now):
        parent = (ref[0], thread_of) if thread_of else None
        if parent == ref:
            raise DialogueNotFound("")
        if parent:
            self.changeable(parent)
        if ref in self.things:
            raise DuplicateId("")
        thing = Thing(ref[1], parent)
        self.append_to(thing, sent, None, now)
        self.things[ref] = thing
        self.used["dialogues"] += 1
        self.used["storedBytes"] += len("{}{}")  # state and metadata

    def append(self, ref, sent, expected, now):
        return self.append_to(self.find(ref), sent, expected, now)

    def append_to(self, thing, sent, expected, now):
        """Store what is new; returns the seq of every message sent."""
        stored = {one["id"]: seq for seq, one in thing.messages.items()}
        answers, conflict, seen = [], False, set()
        for one in sent:
            seq = stored.get(one.get("id", object()))
            duplicate = seq is not None and self.is_duplicate(thing.messages[seq], one)
            repeated = one.get("id") in seen
            conflict = conflict or repeated or (seq is not None and not duplicate)
            seen |= {one["id"]} if "id" in one else set()
            answers.append(seq if duplicate and not repeated else None)
        if None not in answers and not conflict:
            return answers
        self.refuse_append(thing, conflict, expected)
        return [
            answer or self.store(thing, one, now) for answer, one in zip(answers, sent, strict=True)
        ]

    def is_duplicate(self, stored, one):
        same = all(stored[name] == one.get(name, "user") for name in ("content", "role"))
        return same and one.get("created", stored["created"]) == stored["created"]

    def refuse_append(self, thing, conflict, expected):
        if thing.status == "archived":
            raise DialogueImmutable("")
        if thing.status == "ended":
            raise DialogueEnded("")
        if conflict:
            raise DuplicateId("")
        if expected not in {None, thing.last_seq}:
            raise VersionConflict("")

    def store(self, thing, one, now):
        thing.last_seq += 1
        thing.last_time = max(now, thing.last_time)
        kept = {"role": "user", "id": None, "tags": (), "created": thing.last_time, **one}
        thing.messages[thing.last_seq] = kept
        self.used["messages"] += 1
        self.used["storedBytes"] += len(compact(one["content"])) + len("{}")
        return thing.last_seq

    def change(self, ref, fields, expected):
        thing = self.find(ref)
        if fields:
            self.changeable(ref)
        if expected not in {None, thing.revision}:
            raise VersionConflict("")
        if "state" in fields:
            self.record_state(thing, fields["state"], fields["state"])
        self.settle(thing, fields)

    def set_state(self, ref, mode, value, expected):
        thing = self.changeable(ref)
        if expected not in {None, thing.revision}:
            raise VersionConflict("")
        join = {"replace": lambda _, new: new, "merge": lambda old, new: {**old, **new}}
        after = join.get(mode, merge_patch)(thing.state, value)
        self.record_state(thing, after, value)
        self.settle(thing, {"state": after})

    def record_state(self, thing, after, sent):
        """Count the bytes sent, when they change anything."""
        if compact(after) != compact(thing.state):
            self.used["storedBytes"] += len(compact(sent))

    def settle(self, thing, fields):
        """Take over new values; a real change is a new revision."""
        if any(compact(getattr(thing, name)) != compact(new) for name, new in fields.items()):
            thing.revision += 1
        for name, new in fields.items():
            setattr(thing, name, new)

    def change_status(self, ref, action, expected):
        thing = self.find(ref)
        if action == "end":
            self.changeable(ref)
        if expected not in {None, thing.revision}:
            raise VersionConflict("")
        after = {"end": "ended", "archive": "archived", "reopen": "active"}[action]
        self.settle(thing, {"status": after})

    def delete(self, ref):
        self.find(ref)
        gone = [ref]
        for one in gone:
            gone += self.children(one)
        return len(gone), sum(len(self.things.pop(one).messages) for one in gone)

    def delete_message(self, ref, seq):
        if ref not in self.things or seq not in self.things[ref].messages:
            raise MessageNotFound("")
        del self.changeable(ref).messages[seq]

    def shown(self, ref):
        """Return what a dialogue must show."""
        thing = self.things[ref]
        times = [one["created"] for one in thing.messages.values()]
        return {
            "id": thing.id,
            "namespace": ref[0] or None,
            "threadOf": thing.parent and thing.parent[1],
            "label": thing.label,
            "status": thing.status,
            "state": thing.state,
            "tags": list(thing.tags),
            "totalMessages": len(thing.messages),
            "threadCount": len(self.children(ref)),
            "lastSeq": thing.last_seq,
            "lastMessageCreated": max(times, default=None),
        }


def merge_patch(target, patch):
    """Do what RFC 7396 says, in its own words."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


class Machine(RuleBasedStateMachine):
    """Does the same to a store and to the model."""

    def __init__(self, engine):
        super().__init__()
        self.loop = asyncio.Runner()
        self.engine = engine
        self.room = Path(tempfile.mkdtemp())
        self.model = Model()
        self.ids: dict[tuple[tuple[str, str], int], str] = {}

    @initialize()
    def open(self):
        self.store = self.loop.run(self.engine(self.room / "data"))
        self.me = self.loop.run(World(self.store).tenant())
        self.create(("", "a"), None, [{"content": "yes", "id": "m1"}])
        self.create(("", "b"), "a", [])

    def teardown(self):
        self.loop.run(self.store.close())
        self.loop.close()
        shutil.rmtree(self.room)

    @rule()
    def restart(self):
        self.loop.run(self.store.close())
        self.store = self.loop.run(self.engine(self.room / "data"))
        self.me.store, (self.me.services, _) = self.store, over(self.store)

    @rule(seconds=st.integers(-2, 2))
    def set_the_clock(self, seconds):
        self.me.clock.set(seconds)

    def pick(self, number):
        """Return a dialogue that is there, or now and then one that is not."""
        there = sorted(self.model.things)
        return there[number % len(there)] if number and there else ("ns", "nobody")

    def both(self, expect, operation):
        """Compare what the model and the store answer, or refuse with; returns both answers."""
        expected = outcome(expect)
        actual = outcome(partial(self.loop.run, operation))
        if isinstance(expected, DialogueDBError) or isinstance(actual, DialogueDBError):
            assert type(expected) is type(actual), (expected, actual)
            return None
        return expected, actual

    def options(self, expected=None):
        return WriteOptions(self.me.clock(), None, expected)

    @rule(ref=REFS, thread_of=st.sampled_from([None, None, "a", "b"]), sent=BATCHES)
    def create(self, ref, thread_of, sent):
        options = self.options()
        namespace, name = ref
        new = [message(**one) for one in sent]
        answers = self.both(
            lambda: self.model.create(ref, thread_of, sent, options.now),
            self.me.new(name, namespace, options, thread_of=thread_of, messages=new),
        )
        if answers:
            self.ids = {key: one for key, one in self.ids.items() if key[0] != ref}
            self.note(ref, answers[1].value.messages)

    @rule(picked=PICKS, sent=BATCHES, expected=EXPECTED)
    def append(self, picked, sent, expected):
        options = self.options(expected)
        namespace, name = ref = self.pick(picked)
        new = [message(**one) for one in sent]
        answers = self.both(
            lambda: self.model.append(ref, sent, expected, options.now),
            self.me.append(*new, to=name, namespace=namespace, options=options),
        )
        if answers:
            assert [one.seq for one in answers[1]] == answers[0]
            self.note(ref, answers[1])

    def note(self, ref, messages):
        self.ids.update({(ref, one.seq): one.id for one in messages})

    @rule(picked=PICKS, last=st.integers(0, 5))
    def delete_message(self, picked, last):
        namespace, name = ref = self.pick(picked)
        seq = self.model.things[ref].last_seq - last if ref in self.model.things else 1
        message_id = self.ids.get((ref, seq), "nobody")
        answers = self.both(
            lambda: self.model.delete_message(ref, seq),
            self.me.delete_message(message_id, name, namespace),
        )
        if answers:
            del self.ids[ref, seq]  # the id can be used again, for another number

    @rule(
        picked=PICKS,
        fields=st.fixed_dictionaries(
            {},
            optional={
                "label": st.sampled_from([None, "", "l"]),
                "tags": TAGS,
                "state": STATES,
            },
        ),
        expected=EXPECTED,
    )
    def change(self, picked, fields, expected):
        namespace, name = self.pick(picked)
        sent = dict(fields)
        if "state" in sent:
            sent["state"] = msgspec.json.encode(sent["state"])
        self.both(
            lambda: self.model.change((namespace, name), fields, expected),
            self.me.change(name, namespace, self.options(expected), **sent),
        )

    @rule(
        picked=PICKS,
        mode=st.sampled_from(["merge", "replace", "patch"]),
        value=STATES,
        expected=EXPECTED,
    )
    def set_state(self, picked, mode, value, expected):
        namespace, name = self.pick(picked)
        sent = msgspec.json.encode(value)
        self.both(
            lambda: self.model.set_state((namespace, name), mode, value, expected),
            self.me.put_state(mode, sent, name, namespace, self.options(expected)),
        )

    @rule(picked=PICKS, action=ACTIONS, expected=EXPECTED)
    def change_status(self, picked, action, expected):
        namespace, name = self.pick(picked)
        self.both(
            lambda: self.model.change_status((namespace, name), action, expected),
            self.me.change_status(action, name, namespace, self.options(expected)),
        )

    @rule(picked=PICKS, sure=st.integers(0, 3))
    def delete(self, picked, sure):
        namespace, name = self.pick(picked if sure == 0 else 0)
        answers = self.both(
            lambda: self.model.delete((namespace, name)), self.me.delete(name, namespace)
        )
        if answers:
            assert (answers[1].dialogues, answers[1].messages) == answers[0]

    @invariant()
    def everything_is_as_the_model_says(self):
        listed = {(one.namespace or "", one.id): one for one in self.run(self.me.dialogues())}
        assert listed.keys() == self.model.things.keys()
        used = msgspec.to_builtins(self.run(self.me.usage()))
        assert {name: used[name] for name in self.model.used} == self.model.used
        for ref, one in listed.items():
            expected = self.model.shown(ref)
            encoded = msgspec.json.decode(msgspec.json.encode(one))
            assert {name: encoded.get(name) for name in expected} == expected
            thing = self.model.things[ref]
            assert self.run(self.me.revision(one.id, ref[0])) == thing.revision
            self.messages_are_as_the_model_says(ref, thing)

    def messages_are_as_the_model_says(self, ref, thing):
        listed = self.run(self.me.messages(ref[1], ref[0], limit=3))
        shown = [
            (one.created, one.seq, msgspec.json.decode(one.content), one.role) for one in listed
        ]
        assert shown == sorted(
            (one["created"], seq, one["content"], one["role"])
            for seq, one in thing.messages.items()
        )
        assert [one.id for one in listed] == [self.ids[ref, one.seq] for one in listed]
        for tag in ("t", "é"):
            tagged = self.run(self.me.messages(ref[1], ref[0], tags=(tag,)))
            having = {seq for seq, one in thing.messages.items() if tag in one["tags"]}
            assert {one.seq for one in tagged} == having

    def run(self, question):
        return self.loop.run(question)


def outcome(operation):
    """Return what an operation answers, or how it is refused."""
    try:
        return operation()
    except DialogueDBError as refusal:
        return refusal


@pytest.mark.timeout(600)  # some 20,000 reads, each over a socket where the engine is a server
def test_dialogues_behave_like_their_model(engine):
    run_state_machine_as_test(
        partial(Machine, engine),  # type: ignore[arg-type] # it only wants something to call
        settings=settings(
            max_examples=30,
            stateful_step_count=50,
            suppress_health_check=list(HealthCheck),
        ),
    )
