"""Every call of the API as data: one row per method and path, with a body that succeeds."""

from dataclasses import dataclass, replace
from typing import Any

import httpx

from .making import (
    HELLO,
    new_dialogue,
    new_memory,
    new_message,
    new_summary,
    new_window,
)


@dataclass(frozen=True)
class World:
    """What a row's path may name: a dialogue with a message and a summary, a memory, no project."""

    dialogue: str = "dlg:1"
    message: str = "msg:1"
    memory: str = "mem:1"
    summary: str = "sum:1"
    context: str = "ctx:1"
    project: str = "never-made"


@dataclass(frozen=True)
class Row:
    """One call: its method, its path with places for the world's ids, its body and its scope."""

    method: str
    path: str
    body: Any = None
    scope: str = "read"
    missing: str = ""
    status: int = 200

    def ask(self, api: httpx.Client, world: World, before: str = "", after: str = ""):
        """Make the call on this world, with something before and after its path."""
        path, _, query = self.path.format(**vars(world)).partition("?")
        target = f"{before}{path}{after}{'?' if query else ''}{query}"
        # An absolute URL: a leading "//" would otherwise be read as the name of a host.
        url = f"{str(api.base_url).rstrip('/')}{target}"
        if self.body is None:
            return api.request(self.method, url)
        return api.request(self.method, url, json=self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


MESSAGE_PATHS = (
    "/message/{message}?dialogueId={dialogue}",
    "/messages/{message}?dialogueId={dialogue}",
    "/dialogue/{dialogue}/message/{message}",
    "/dialogue/{dialogue}/messages/{message}",
)
APPEND_PATHS = (
    "/dialogue/{dialogue}/messages",
    "/dialogue/{dialogue}/message",
    "/messages?dialogueId={dialogue}",
    "/message?dialogueId={dialogue}",
)
ACTIONS = ("end", "archive", "reopen")

READS = [
    Row("GET", "/dialogue"),
    Row("GET", "/dialogue/{dialogue}", missing="DIALOGUE_NOT_FOUND"),
    Row("GET", "/dialogue/{dialogue}?messages=5", missing="DIALOGUE_NOT_FOUND"),
    Row("GET", "/dialogue/{dialogue}/state", missing="DIALOGUE_NOT_FOUND"),
    Row("GET", "/dialogue/{dialogue}/messages", missing="DIALOGUE_NOT_FOUND"),
    Row("GET", "/messages?dialogueId={dialogue}", missing="DIALOGUE_NOT_FOUND"),
    *(Row("GET", path, missing="MESSAGE_NOT_FOUND") for path in MESSAGE_PATHS),
    Row("GET", "/dialogue/{dialogue}/context?maxTokens=99", missing="DIALOGUE_NOT_FOUND"),
    Row("POST", "/dialogue/{dialogue}/context", {"maxTokens": 99}, missing="DIALOGUE_NOT_FOUND"),
    Row("GET", "/context/{context}", missing="CONTEXT_NOT_FOUND"),
    Row("GET", "/dialogue/{dialogue}/check", missing="DIALOGUE_NOT_FOUND"),
    *(
        Row("GET", f"/dialogue/{{dialogue}}/{route}?provider=openai", missing="DIALOGUE_NOT_FOUND")
        for route in ("check", "repair")
    ),
    Row("GET", "/summary?dialogueId={dialogue}", missing="DIALOGUE_NOT_FOUND"),
    Row("GET", "/summary/{summary}", missing="SUMMARY_NOT_FOUND"),
    Row("GET", "/summary/{summary}?expand=true", missing="SUMMARY_NOT_FOUND"),
    Row("GET", "/memory"),
    Row("GET", "/memory/{memory}", missing="MEMORY_NOT_FOUND"),
    Row("GET", "/search?query=hello&object=message"),
    Row("POST", "/search", {"query": "hello", "object": "message"}),
]
WRITES = [
    Row(
        "POST",
        "/dialogue/{dialogue}/context",
        {"maxTokens": 99, "record": True},
        "write",
        "DIALOGUE_NOT_FOUND",
    ),
    Row("POST", "/dialogue", {}, "write"),
    Row("POST", "/memory", {"value": 1}, "write"),
    *(
        Row(method, path, body, "write", "DIALOGUE_NOT_FOUND")
        for method, path, body in [
            ("PUT", "/dialogue/{dialogue}", {"label": "l"}),
            ("DELETE", "/dialogue/{dialogue}", None),
            ("PUT", "/dialogue?dialogueId={dialogue}", {"label": "l"}),
            ("DELETE", "/dialogue?dialogueId={dialogue}", None),
            ("PUT", "/dialogue/{dialogue}/state", {"a": 1}),
            ("PATCH", "/dialogue/{dialogue}/state", {"a": 1}),
            *(
                ("POST", path, body)
                for path in APPEND_PATHS
                for body in (HELLO, [HELLO], {"messages": [HELLO]})
            ),
            *((m, f"/dialogue/{{dialogue}}/{a}", {}) for m in ("POST", "PUT") for a in ACTIONS),
        ]
    ),
    *(
        Row(method, path, {}, "write", "DIALOGUE_NOT_FOUND", 202)
        for method, path in [
            ("POST", "/summary?dialogueId={dialogue}"),
            ("POST", "/dialogue/{dialogue}/compact"),
            ("PUT", "/dialogue/{dialogue}/compact"),
        ]
    ),
    Row("DELETE", "/summary/{summary}", None, "write", "SUMMARY_NOT_FOUND"),
    *(Row("PUT", p, {"tags": ["t"]}, "write", "MESSAGE_NOT_FOUND") for p in MESSAGE_PATHS),
    *(Row("DELETE", p, None, "write", "MESSAGE_NOT_FOUND") for p in MESSAGE_PATHS),
    Row("PUT", "/memory/{memory}", {"tags": ["t"]}, "write", "MEMORY_NOT_FOUND"),
    Row("DELETE", "/memory/{memory}", None, "write", "MEMORY_NOT_FOUND"),
]
ADMIN = [
    Row("GET", "/admin/settings", None, "admin"),
    Row("PUT", "/admin/settings", {"deletionProtection": False}, "admin"),
    Row("GET", "/admin/usage", None, "admin"),
    Row("POST", "/admin/summary-templates", {"name": "t", "prompt": "{messages}"}, "admin"),
    Row("GET", "/admin/summary-templates", None, "admin"),
    Row("POST", "/admin/keys", {"name": "n"}, "admin"),
    Row("GET", "/admin/keys", None, "admin"),
]
OPERATOR = [
    Row("POST", "/admin/projects", {"name": "never made by a project's key"}, "operator"),
    Row("GET", "/admin/projects", None, "operator"),
    Row("GET", "/admin/projects/{project}", None, "operator", "PROJECT_NOT_FOUND"),
    Row("DELETE", "/admin/projects/{project}", None, "operator", "PROJECT_NOT_FOUND"),
]
DATA = READS + WRITES
NAMING = [row for row in DATA if row.missing]
OPEN_PATHS = ("/health", "/ready", "/metrics", "/openapi.json", "/docs")


def make_world(api: httpx.Client, world: World | None = None) -> World:
    """Make the things a world names."""
    world = world or World()
    new_dialogue(api, id=world.dialogue)
    new_message(api, world.dialogue, id=world.message)
    new_memory(api, id=world.memory)
    new_summary(api, world.dialogue, id=world.summary)
    recorded = new_window(api, world.dialogue, record=True)
    return replace(world, context=recorded["id"])
