"""Everything that is awkward to store, so that a check takes none of it for damage."""

import time

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.model.dialogues import DialogueInput
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.memories import MemoryInput
from dialoguedb.model.projects import ProjectInput
from dialoguedb.model.receipts import NewReceipt
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.summaries import SummaryInput
from dialoguedb.model.templates import TemplateInput
from dialoguedb.service import build_services
from dialoguedb.service.ids import IdGenerator
from dialoguedb.values import decoding, rawjson, timestamps

PARENT = rb"""{"id": "parent", "namespace": "n", "tags": ["a", "b\u0001", "a", "\u00e9"],
    "state": {"lone": "\ud800"}, "metadata": {"big": 123456789012345678901234567890, "x": 1e999},
    "messages": [{"role": "user", "content": "\ud83d\u0000 \u00e9", "tags": ["t"], "name": "Ada"},
        {"role": "tool", "content": [{"a": [1.0, null, {}]}], "created": "1999-01-01"},
        {"id": "m3", "role": "user", "content": "yes", "metadata": {"k": [" ", "  "]}}]}"""
CHILD = b'{"id": "child", "namespace": "n", "threadOf": "parent"}'
MEMORIES = [b'{"value": null}', b'{"value": -1.0}', b'{"value": "\\ud800", "tags": ["a"]}']


async def fill(store):
    """Store it in a project `default`."""
    services = build_services(
        store,
        clock=timestamps.now,
        new_id=IdGenerator(time.time_ns),
        token_secret=store.page_token_secret(),
        count_tokens=count_tokens,
    )
    key = services.keys.issue(KeyInput(), "admin").new
    project = await services.projects.create(ProjectInput("default"), key, services.write_options())
    for body in (PARENT, CHILD):
        new = decoding.decode(DialogueInput, rawjson.prepare(body)).validate("request")
        await services.dialogues.create(project, "n", new, services.write_options())
    for body in MEMORIES:
        memory = decoding.decode(MemoryInput, rawjson.prepare(body)).validate()
        await services.memories.create(project, "", memory, services.write_options())
    await services.dialogues.change_status(project, "n", "child", "end", services.write_options())
    await services.messages.delete(project, "n", "parent", "m3", services.write_options())
    summary = SummaryInput().validate()
    ref = DialogueRef("n", "parent")
    await services.summaries.create(project, ref, summary, services.write_options())
    receipt = NewReceipt(id="r", settings=b"{}", parts=b'{"messages":[]}', plan=b"{}", sha256="")
    await store.receipts.create(project, "n", "parent", receipt, services.write_options())
    template = TemplateInput("t", "{messages}").validate()
    await services.templates.create(project, template, services.write_options())
    await services.projects.count_request(project, services.clock())
