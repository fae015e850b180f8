"""What one of several processes does through an integration, and the result."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from google.adk.events.event import Event
from google.genai import types
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import START, MessagesState, StateGraph

from dialoguedb import AsyncDialogueDB, DialogueDB
from dialoguedb.integrations.google_adk import DialogueDBSessionService
from dialoguedb.integrations.langchain import DialogueDBChatMessageHistory
from dialoguedb.integrations.langgraph import DialogueDBSaver
from dialoguedb.integrations.openai_agents import DialogueDBSession

TURNS = 15

Where = dict[str, Any]
IN_APP: dict[str, Any] = {"app_name": "app", "user_id": "ada", "session_id": "shared"}


def turns(writer: int) -> list[tuple[str, str]]:
    """Return what a writer says and what it is answered."""
    return [(f"{writer} {number} question", f"{writer} {number} reply") for number in range(TURNS)]


def openai_agents(where: Where, writer: int | None) -> list[str]:
    """Append to the session that all write to, or read it."""

    async def run() -> list[str]:
        async with AsyncDialogueDB(**where) as db:
            session = DialogueDBSession("shared", db)
            if writer is None:
                return [item["content"] for item in await session.get_items()]
            for question, reply in turns(writer):
                first = {"role": "user", "content": question}
                await session.add_items([first, {"role": "assistant", "content": reply}])
            return []

    return asyncio.run(run())


def langchain(where: Where, writer: int | None) -> list[str]:
    """Append to the history that all write to, or read it."""
    with DialogueDB(**where) as db:
        history = DialogueDBChatMessageHistory("shared", db)
        if writer is None:
            return [str(message.content) for message in history.messages]
        for question, reply in turns(writer):
            history.add_messages([HumanMessage(question), AIMessage(reply)])
        return []


def langgraph(where: Where, writer: int | None) -> list[str]:
    """Run a graph on a thread of each writer's own, or read all threads."""

    def answer(state: Any) -> Any:
        return {"messages": [AIMessage(state["messages"][-1].content.replace("question", "reply"))]}

    def on(thread: int | None) -> Any:
        return {"configurable": {"thread_id": f"shared-{thread}"}}

    graph = StateGraph(MessagesState)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    with DialogueDB(**where) as db:
        app = graph.compile(checkpointer=DialogueDBSaver(db))
        for question, _ in turns(writer) if writer is not None else ():
            app.invoke({"messages": [("user", question)]}, on(writer))
        states = [app.get_state(on(thread)).values for thread in range(3)]
        return [message.content for state in states for message in state.get("messages", [])]


def google_adk(where: Where, writer: int | None) -> list[str]:
    """Append to the session that all write to, reading it again for each turn; or read it."""

    async def run() -> list[str]:
        async with AsyncDialogueDB(**where) as db:
            service = DialogueDBSessionService(db)
            if writer == 0:
                await service.create_session(**IN_APP)
            for turn in turns(writer) if writer is not None else ():
                while (session := await service.get_session(**IN_APP)) is None:
                    pass  # till the first writer has made it
                for author, text in zip(("user", "model"), turn, strict=True):
                    content = types.Content(role=author, parts=[types.Part(text=text)])
                    event = Event(author=author, invocation_id="i", content=content)
                    await service.append_event(session, event)
            read: Any = await service.get_session(**IN_APP)
            return [event.content.parts[0].text for event in read.events]

    return asyncio.run(run())


FRAMEWORKS: dict[str, Callable[[Where, int | None], list[str]]] = {
    program.__name__: program for program in (openai_agents, langchain, langgraph, google_adk)
}

if __name__ == "__main__":
    framework, where, number = sys.argv[1:]
    FRAMEWORKS[framework](json.loads(where), int(number))
