"""Erasing one person: no word of theirs is left in any file, and nobody else notices."""

import base64
import json
import random
import re
import string
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.http.checking import done, refused
from tests.http.making import HELLO, contents, new_dialogue, new_key, new_message, summarized, walk
from tests.http.server import running

ROOT = re.compile(rb"(?=([a-z]{8}k))")
ENDINGS = ["", "s", "ing", "ations", "ED", "ness"]


class Person:
    """Everything that a person stores, of words that nobody else has."""

    def __init__(self, seed):
        self._chosen = random.Random(seed)
        self.roots, self.slices = set(), []
        self.namespace = f"{self.word()}@{self.word()}.example"

    def word(self):
        """Return a new word; each has a root that stays when it is stemmed.

        Its end stays also where FTS5 leaves out what a word has in common with the one before.
        """
        root = "".join(self._chosen.choices(string.ascii_lowercase, k=12)) + "k"
        self.roots.add(root[-9:].encode())
        shape = self._chosen.choice([str.lower, str.upper, str.title])
        return shape(root) + self._chosen.choice(ENDINGS)

    def text(self, count=12):
        return " ".join(self.word() for _ in range(count))

    def base64(self, size=30_000):
        made = base64.b64encode(self._chosen.randbytes(size)).decode()
        self.slices += [made[start : start + 40].encode() for start in (0, 9_999, len(made) - 40)]
        return made

    def contents(self):
        """Return messages in the spellings of several APIs, with calls and attachments."""
        call = {"id": self.word(), "name": self.word()}
        arguments = {self.word(): [self.text(), {"n": 1}]}
        image = f"data:image/png;base64,{self.base64()}"
        pdf = self.base64(90_000)
        source = {"type": "base64", "media_type": "application/pdf", "data": pdf}
        function = {"name": call["name"], "arguments": json.dumps(arguments)}
        tool_use = {"type": "tool_use", "id": f"toolu_{self.word()}", "input": arguments}
        result = {"type": "tool_result", "tool_use_id": tool_use["id"], "content": self.text()}
        return [
            {"role": "system", "content": self.text()},
            {"content": self.text(300), "name": self.word()},
            {"content": f"{self.text()} Ünïcödé żółć 😀 {self.text()}"},
            {"content": [{"type": "text", "text": self.text()}, image_part(image)]},
            {"content": [{"type": "document", "source": source, "title": self.text()}]},
            {"role": "assistant", "content": {"tool_calls": [{**call, "function": function}]}},
            {"role": "tool", "content": {"tool_call_id": call["id"], "content": self.text()}},
            {"role": "assistant", "content": [{"name": self.word(), **tool_use}]},
            {"content": [result]},
            {"role": "model", "content": {"parts": [{"text": self.text()}, {"text": self.word()}]}},
            {"content": self.text(1_500)},
        ]

    def live(self, api):
        """Use every call that stores something."""

        def ask(method, path, body=None, status=200, **headers):
            at = {"namespace": self.namespace}
            return done(api.request(method, path, params=at, json=body, headers=headers), status)

        first: dict[str, Any] = {
            "metadata": {self.word(): self.text()},
            "state": {self.word(): self.text()},
        }
        first |= {"id": self.word(), "label": self.text(3), "tags": [self.word()]}
        dialogue = ask("POST", "/dialogue", {**first, "messages": self.messages()})["id"]
        path = f"/dialogue/{dialogue}"
        for n, one in enumerate(self.messages()):
            ask("POST", f"{path}/messages", one, **{"Idempotency-Key": f"{n} {self.word()}"})
        thread = {"threadOf": dialogue, "message": {"role": "user", "content": self.text()}}
        child = ask("POST", "/dialogue", {"id": self.word(), **thread})["id"]
        for n in range(8):  # each replaces the one before, which the files keep as well
            ask("PUT", path, {"label": self.text(3), "state": {self.word(): self.text(90 * n)}})
        ask("PUT", f"{path}/state", {self.word(): self.text()})
        ask("PATCH", f"{path}/state", {self.word(): self.text()})
        [*_, last] = ask("GET", f"{path}/messages")["items"]
        ask("PUT", f"{path}/messages/{last['id']}", {"tags": [self.word()]}, **self.key())
        self.remember(ask, dialogue)
        ask("POST", "/search", {"query": self.text(5), "object": "message"})
        query = {"object": "memory", "query": self.word(), "namespace": self.namespace}
        done(api.get("/search", params=query))
        window = {"maxTokens": 900_000, "query": self.text(3), "record": True}
        ask("POST", f"{path}/context", window, **self.key())
        summary = {"instructions": self.text(), "metadata": {self.word(): self.word()}}
        summarized(api, dialogue, namespace=self.namespace, tags=[self.word()], **summary)
        summarized(api, child, namespace=self.namespace)
        ask("POST", f"{path}/context", {"maxTokens": 900_000, "record": True})
        ask("POST", f"/dialogue/{child}/end", **self.key())
        new_key(api, namespace=self.namespace, name=self.word())
        ask("DELETE", f"{path}/messages/{last['id']}")
        return dialogue

    def remember(self, ask, dialogue):
        memory = ""
        for _ in range(5):
            more = {"label": self.word(), "description": self.text(), "tags": [self.word()]}
            value = {self.word(): self.text()}
            memory = ask("POST", "/memory", {"id": self.word(), "value": value, **more})["id"]
            source = {"dialogueId": dialogue, "messageIds": [self.word()]}
            for _ in range(3):
                change = {"value": self.text(), "source": source, "metadata": {self.word(): 1}}
                ask("PUT", f"/memory/{memory}", change, **self.key())
        ask("POST", "/memory", {"value": self.text(), "supersedes": memory}, **self.key())

    def key(self):
        return {"Idempotency-Key": self.word()}

    def messages(self):
        return [self.dressed(one) for one in self.contents()]

    def dressed(self, message):
        more = {"id": self.word(), "tags": [self.word()], "metadata": {self.word(): self.text(2)}}
        return {"role": "user", **more, **message}


def image_part(url):
    return {"type": "image_url", "image_url": {"url": url}}


def left_in_files(person, directory):
    """Return what of a person any file of a directory holds, words whatever their case."""
    found = set()
    for path in directory.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        found |= {one for one in person.slices if one in content}
        found |= person.roots.intersection(ROOT.findall(content.lower()))
    return found


def erase(api, namespace, status=200):
    return done(api.post("/admin/erasures", json={"namespace": namespace}), status)


def all_of(api, namespace):
    """Read all that a namespace holds."""
    at = {"namespace": namespace}
    dialogues = done(api.get("/dialogue", params=at))["items"]
    messages = [done(api.get(f"/dialogue/{one['id']}/messages", params=at)) for one in dialogues]
    return dialogues, messages, done(api.get("/memory", params=at))


@pytest.fixture
def own(engine, tmp_path):
    """Run a server that holds nothing else, so that its files are read in no time."""
    with running(engine, tmp_path) as server:
        yield server


@pytest.fixture
def own_api(own):
    """Speak with the key of its first project."""
    with own.client(own.first_key) as client:
        yield client


@pytest.mark.needs("files")
@pytest.mark.parametrize("seed", range(2))
def test_no_word_of_a_person_is_left_in_any_file(own, own_api, seed):
    api = own_api
    person, other = Person(seed), Person(seed + 100)
    person.live(api)
    dialogue = other.live(api)
    before = all_of(api, other.namespace)
    there = left_in_files(person, own.data)
    assert len(there) > len(person.roots) / 2
    receipt = erase(api, person.namespace)
    assert receipt["filesCleaned"]
    assert left_in_files(person, own.data) == set()
    assert all_of(api, other.namespace) == before
    assert all_of(api, person.namespace)[0] == []
    [label] = [one["label"] for one in before[0] if one["id"] == dialogue]
    found = {"query": label, "object": "dialogue", "namespace": other.namespace}
    assert dialogue in [one["id"] for one in done(api.post("/search", json=found))["items"]]
    new_message(api, dialogue, namespace=other.namespace)
    assert left_in_files(person, own.data) == set()
    assert "Nothing wrong" in own.command("check")


def test_an_attachment_of_two_people_is_left_to_the_other(api, engine):
    image = image_part(f"data:image/png;base64,{Person(9).base64()}")
    for name in ["mine", "yours"]:
        new_dialogue(api, id="d", namespace=name, messages=[{**HELLO, "content": [image]}])
    is_shared = engine == "sqlite"  # PostgreSQL keeps it once for each namespace
    assert erase(api, "mine")["deleted"]["attachments"] == (0 if is_shared else 1)
    assert contents(api, "d", namespace="yours") == [[image]]
    assert erase(api, "yours")["deleted"]["attachments"] == 1


def test_the_command_does_it_beside_the_server_and_verifies_it(own, own_api, tmp_path):
    api = own_api
    person = Person(3)
    person.live(api)
    named = ["--namespace", person.namespace, "--project", "default"]
    receipt = json.loads(own.command("erase", *named, "--yes", "--json"))
    assert receipt["deleted"]["dialogues"] == 2
    assert left_in_files(person, own.data) == set()
    assert all_of(api, person.namespace)[0] == []
    file = tmp_path / "receipt"
    file.write_text(json.dumps(receipt, indent=1))
    key = done(api.get("/admin/erasures/key"))["publicKey"]
    for more in [[], ["--public-key", key], ["--namespace", person.namespace]]:
        assert "genuine" in own.command("erase", "--verify", str(file), *more)


def test_it_needs_an_admin_key(api, server):
    new_dialogue(api, id="d", namespace="ns")
    for fields in [{"scope": "read"}, {"scope": "write"}, {"namespace": "ns"}]:
        with server.client(new_key(api, **fields)["key"]) as client:
            refused(client.post("/admin/erasures", json={"namespace": "ns"}), "FORBIDDEN")
            refused(client.get("/admin/erasures/key"), "FORBIDDEN")
    assert erase(api, "ns")["deleted"]["dialogues"] == 1


@pytest.mark.parametrize("body", [{}, {"namespace": None}, {"namespace": 1}, {"namespace": "a\n"}])
def test_what_to_erase_must_be_named(api, body):
    new_dialogue(api, id="d")
    assert api.post("/admin/erasures", json=body).status_code == 400
    assert len(done(api.get("/dialogue"))["items"]) == 1


def test_two_namespaces_in_one_request_erase_nothing(api):
    dialogue = new_dialogue(api, namespace="ann")
    answer = api.post("/admin/erasures?namespace=bob", json={"namespace": "ann"})
    assert answer.status_code == 400
    assert [one["id"] for one in done(api.get("/dialogue"))["items"]] == [dialogue["id"]]


def test_a_key_bound_to_the_namespace_is_refused_from_then_on(api, server):
    with server.client(new_key(api, namespace="ns")["key"]) as client:
        new_dialogue(client, id="d")
        assert erase(api, "ns")["deleted"]["keys"] == 1
        refused(client.get("/dialogue"), "UNAUTHORIZED")


def test_others_are_served_while_a_large_one_is_erased(api):
    some = [{**HELLO, "content": f"word{n} " * 30} for n in range(1_000)]
    for n in range(4):
        new_dialogue(api, id=f"d{n}", namespace="large", messages=some)
    new_dialogue(api, id="other")
    with ThreadPoolExecutor(1) as pool:
        erasing = pool.submit(erase, api, "large")
        sent = [new_message(api, "other") for _ in range(50)]
        while not erasing.done():
            sent.append(new_message(api, "other"))
    assert erasing.result()["deleted"]["messages"] == 4_000
    assert len(walk(api, "/dialogue/other/messages", limit=1_000)) == len(sent)


def test_no_response_is_kept_for_a_repeated_one(api):
    operations = done(api.get("/openapi.json"))["paths"]["/admin/erasures"]
    named = {parameter["name"] for parameter in operations["post"]["parameters"]}
    assert "Idempotency-Key" not in named
    new_dialogue(api, id="d", namespace="ns")
    key = {"Idempotency-Key": "once"}
    for count in (1, 0):
        receipt = done(api.post("/admin/erasures", json={"namespace": "ns"}, headers=key))
        assert receipt["deleted"]["dialogues"] == count
