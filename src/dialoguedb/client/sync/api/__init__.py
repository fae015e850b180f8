# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""The direct layer: one method for each call of the API, answered by records."""

from dialoguedb.client.sync.api.context import ContextApi
from dialoguedb.client.sync.api.dialogues import DialogueApi
from dialoguedb.client.sync.api.keys import KeyApi
from dialoguedb.client.sync.api.memories import MemoryApi
from dialoguedb.client.sync.api.messages import MessageApi
from dialoguedb.client.sync.api.projects import ProjectApi, SettingsApi
from dialoguedb.client.sync.api.search import SearchApi
from dialoguedb.client.sync.api.state import StateApi
from dialoguedb.client.sync.api.summaries import SummaryApi, TemplateApi
from dialoguedb.client.sync.sending import Sender


class Api:
    """Every call of the API, by noun: `db.api.dialogue.create(label="Order 17")`."""

    def __init__(self, sender: Sender) -> None:
        self.dialogue = DialogueApi(sender)
        self.state = StateApi(sender)
        self.message = MessageApi(sender)
        self.memory = MemoryApi(sender)
        self.search = SearchApi(sender)
        self.summary = SummaryApi(sender)
        self.context = ContextApi(sender)
        self.key = KeyApi(sender)
        self.project = ProjectApi(sender)
        self.settings = SettingsApi(sender)
        self.template = TemplateApi(sender)
