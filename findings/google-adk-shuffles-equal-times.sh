#!/usr/bin/env bash
# Events with equal timestamps come back from the database in a random order.
#
# Packages:  google-adk 2.13.0, sqlalchemy 2.1.9, aiosqlite 0.22.1
# Input:     Six events appended one after another with the same `timestamp` (imported from a log that has
#            seconds), in the session service on a database and in the one in memory.
# Behaviour: The service in memory keeps the order. The one on a database sorts by time alone, ties falling
#            to the events' random ids: questions and answers come back shuffled, in another order for each
#            session.
# Matters:   Imported and migrated conversations often have times in seconds. Whoever writes to such a
#            service has to make the times differ; whoever reads from it cannot get the order back.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'google-adk==2.13.0' 'sqlalchemy==2.1.9' 'aiosqlite==0.22.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio

from google.adk.events import Event
from google.adk.sessions import DatabaseSessionService, InMemorySessionService
from google.genai import types


async def order(service: InMemorySessionService | DatabaseSessionService) -> list[str]:
    session = await service.create_session(app_name="chat", user_id="ann")
    for text in "012345":
        content = types.Content(role="user", parts=[types.Part(text=text)])
        await service.append_event(session, Event(author="user", content=content, timestamp=1_774_000_000.0))
    stored = await service.get_session(app_name="chat", user_id="ann", session_id=session.id)
    return [event.content.parts[0].text for event in stored.events]


async def main() -> None:
    memory = InMemorySessionService()
    database = DatabaseSessionService("sqlite+aiosqlite:///:memory:")
    kept = [await order(memory) for _ in range(5)]
    stored = [await order(database) for _ in range(5)]
    print("in memory:  ", *("".join(texts) for texts in kept))
    print("a database: ", *("".join(texts) for texts in stored))
    if kept != [list("012345")] * 5 or stored == kept:
        raise SystemExit("The behaviour has changed.")


asyncio.run(main())
PYTHON
