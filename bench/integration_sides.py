"""The sides that are compared: each opens a store on a directory, and makes histories in it.

A history appends turns and returns what was said, whichever framework it is of. In LangGraph a turn
is a run of a graph that answers, and each writer has a thread of its own; in Google's ADK it is two
events, and all write to one session.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from agents import SQLiteSession  # type: ignore[import-not-found]
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.events.event import Event
from google.adk.sessions import DatabaseSessionService
from google.adk.sessions.base_session_service import GetSessionConfig
from google.genai import types
from langchain_community.chat_message_histories import (  # type: ignore[import-not-found]
    SQLChatMessageHistory,
)
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph

from dialoguedb import AsyncDialogueDB, DialogueDB
from dialoguedb.integrations.google_adk import DialogueDBSessionService
from dialoguedb.integrations.langchain import DialogueDBChatMessageHistory
from dialoguedb.integrations.langgraph import DialogueDBSaver
from dialoguedb.integrations.openai_agents import DialogueDBSession

_THREADS = 8
_MESSAGES = {"user": HumanMessage, "assistant": AIMessage}

Made = Callable[[str], Any]


@asynccontextmanager
async def our_sessions(room: Path) -> AsyncIterator[Made]:
    """Sessions of ours."""
    async with AsyncDialogueDB(path=room / "ours") as db:
        yield lambda name: DialogueDBSession(name, db)


@asynccontextmanager
async def their_sessions(room: Path) -> AsyncIterator[Made]:
    """Sessions of the Agents SDK."""
    made: dict[str, Any] = {}

    def make(name: str) -> Any:
        session = SQLiteSession(name, room / "theirs.sqlite3")
        made[f"{name} {len(made)}"] = session
        return session

    yield make
    for session in made.values():
        session.close()


class Threaded:
    """A history of LangChain, called like a session of the Agents SDK; its methods may block."""

    threads = ThreadPoolExecutor(_THREADS)

    def __init__(self, history: Any) -> None:
        self.history = history

    async def add_items(self, items: list[dict[str, str]]) -> None:
        """Append messages."""
        messages = [_MESSAGES[item["role"]](item["content"]) for item in items]
        await self._run(lambda: self.history.add_messages(messages))

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the last messages; LangChain always reads all."""
        messages = await self._run(lambda: self.history.messages)
        items = [{"content": message.content} for message in messages]
        return items[-limit:] if limit else items

    async def _run(self, operation: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.threads, operation)


@asynccontextmanager
async def our_histories(room: Path) -> AsyncIterator[Made]:
    """Histories of ours."""
    with DialogueDB(path=room / "ours") as db:
        yield lambda name: Threaded(DialogueDBChatMessageHistory(name, db))


@asynccontextmanager
async def their_histories(room: Path) -> AsyncIterator[Made]:
    """Histories of langchain-community, in SQLite through SQLAlchemy."""
    url = f"sqlite:///{room / 'theirs.sqlite3'}"
    yield lambda name: Threaded(SQLChatMessageHistory(name, connection=url))


class Graph:
    """Threads of a graph that says the second half of a turn when it is told the first."""

    threads = ThreadPoolExecutor(_THREADS)

    def __init__(self, name: str, saver: Any) -> None:
        graph = StateGraph(MessagesState)
        graph.add_node("answer", self._answer)
        graph.add_edge(START, "answer")
        self._app = graph.compile(checkpointer=saver)
        self._name = name
        self._answers: dict[str, str] = {}

    def _answer(self, state: Any) -> Any:
        return {"messages": [AIMessage(self._answers.pop(state["messages"][-1].content))]}

    async def add_items(self, items: list[dict[str, str]]) -> None:
        """Run the graph for a turn; several turns at once are put to its state."""
        messages = [_MESSAGES[item["role"]](item["content"]) for item in items]
        config = self._config(items[0]["content"].split(" ", 1)[0])
        if len(items) > 2:
            await self._run(self._app.update_state, config, {"messages": messages})
            return
        question, answer = messages
        self._answers[question.content] = answer.content
        await self._run(self._app.invoke, {"messages": [question]}, config)

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return what was said on all threads, or the last of the first; a state is read whole."""
        items: list[dict[str, Any]] = []
        for writer in range(_THREADS):
            state = await self._run(self._app.get_state, self._config(str(writer)))
            items += [{"content": one.content} for one in state.values.get("messages", [])]
            if limit:
                return items[-limit:]
        return items

    def _config(self, writer: str) -> Any:
        return {"configurable": {"thread_id": f"{self._name}-{writer}"}}

    async def _run(self, operation: Callable[..., Any], *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: operation(*args))


@asynccontextmanager
async def our_graphs(room: Path) -> AsyncIterator[Made]:
    """Graphs with our checkpointer."""
    with DialogueDB(path=room / "ours") as db:
        yield lambda name: Graph(name, DialogueDBSaver(db))


@asynccontextmanager
async def their_graphs(room: Path) -> AsyncIterator[Made]:
    """Graphs with LangGraph's own checkpointer in SQLite."""
    with SqliteSaver.from_conn_string(str(room / "theirs.sqlite3")) as saver:
        yield lambda name: Graph(name, saver)


class Kit:
    """A session of Google's ADK, read again before each turn, as its runner does."""

    def __init__(self, name: str, service: Any) -> None:
        self.service = service
        self._who = {"app_name": "bench", "user_id": "ada", "session_id": name}

    async def add_items(self, items: list[dict[str, str]]) -> None:
        """Append an event for each."""
        session = await self._session(0)
        if session is None:
            with suppress(AlreadyExistsError):  # somebody else made it meanwhile
                await self.service.create_session(**self._who)
            session = await self._session(0)
        for item in items:
            content = types.Content(role="user", parts=[types.Part(text=item["content"])])
            event = Event(author=item["role"], invocation_id="i", content=content)
            await self.service.append_event(session, event)

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the last events, or all."""
        session = await self._session(limit)
        events = session.events if session else []
        return [{"content": one.content.parts[0].text} for one in events]

    async def _session(self, limit: int | None) -> Any:
        config = GetSessionConfig(num_recent_events=limit)
        return await self.service.get_session(**self._who, config=config)


@asynccontextmanager
async def our_kits(room: Path) -> AsyncIterator[Made]:
    """Sessions of ADK in our service."""
    async with AsyncDialogueDB(path=room / "ours") as db:
        service = DialogueDBSessionService(db)
        yield lambda name: Kit(name, service)


@asynccontextmanager
async def their_kits(room: Path) -> AsyncIterator[Made]:
    """Sessions of ADK in its own service, in SQLite through SQLAlchemy."""
    url = f"sqlite+aiosqlite:///{room / 'theirs.sqlite3'}"
    async with DatabaseSessionService(url) as service:
        yield lambda name: Kit(name, service)


SIDES: dict[str, tuple[Any, Any]] = {
    "openai-agents": (our_sessions, their_sessions),
    "langchain": (our_histories, their_histories),
    "langgraph": (our_graphs, their_graphs),
    "google-adk": (our_kits, their_kits),
}
