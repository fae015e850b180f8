"""Databases as programs write them, with the tables that matter."""

import hashlib
import json

import apsw

_OPENCODE = """
CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text NOT NULL,
  title text NOT NULL, version text NOT NULL, agent text, model text,
  time_created integer NOT NULL, time_updated integer NOT NULL);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE event (id text PRIMARY KEY, data text);
"""
_LLM = """
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT,
  datetime_utc TEXT);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT,
  tip_message_hash TEXT, model TEXT, duration_ms INTEGER, datetime_utc TEXT, response_json TEXT);
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT,
  tool_name TEXT, text TEXT, payload TEXT);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT);
CREATE TABLE turn_fragments (turn_id TEXT, fragment_id INTEGER, "order" INTEGER, kind TEXT);
CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB);
"""
_EARLIER_LLM = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, response TEXT,
  conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT);
CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, response_id TEXT, name TEXT, arguments TEXT,
  tool_call_id TEXT);
CREATE TABLE tool_results (id INTEGER PRIMARY KEY, response_id TEXT, name TEXT, output TEXT,
  tool_call_id TEXT, exception TEXT);
CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER);
CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
"""


def _insert(database, table, **columns):
    marks = ", ".join("?" * len(columns))
    names = ", ".join(f'"{name}"' for name in columns)
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", (*columns.values(),))


def opencode(path, *sessions):
    """Write a database of opencode with what it would export; returns the open connection."""
    database = apsw.Connection(str(path))
    database.execute("PRAGMA journal_mode = wal")
    database.execute(_OPENCODE)
    for session in sessions:
        about = session["info"]
        began = about["time"]["created"]
        _insert(
            database,
            "session",
            id=about["id"],
            directory=about["directory"],
            title=about["title"],
            version=about["version"],
            model=json.dumps(about["model"]),
            time_created=began,
            time_updated=began + 60_000,
        )
        for message in session["messages"]:
            opencode_message(database, about["id"], message)
    return database


def opencode_message(database, session, message):
    """Add a message with its parts."""
    own, about = message["info"]["id"], {**message["info"]}
    about.pop("id")
    times = {"time_created": about["time"]["created"], "time_updated": 0}
    _insert(database, "message", id=own, session_id=session, data=json.dumps(about), **times)
    for part in message["parts"]:
        data = {name: value for name, value in part.items() if name != "id"}
        columns = {"message_id": own, "session_id": session, "data": json.dumps(data)}
        _insert(database, "part", id=part["id"], **columns, **times)


class Llm:
    """Writes a database of `llm`, since version 0.36."""

    def __init__(self, path):
        self.database = apsw.Connection(str(path))
        self.database.execute(_LLM)

    def add(self, table, **columns):
        """Add a row."""
        _insert(self.database, table, **columns)

    def message(self, before, role, *parts):
        """Add a message unless it is there; returns its hash, of all that is before it, too."""
        whole = json.dumps([before, role, parts])
        own = hashlib.sha256(whole.encode()).hexdigest()
        if not list(self.database.execute("SELECT 1 FROM messages WHERE hash = ?", (own,))):
            self.add("messages", hash=own, parent_hash=before, role=role)
            for position, part in enumerate(parts):
                self._part(own, position, dict(part))
        return own

    def _part(self, message, position, part):
        columns = {"type": part.pop("type"), "text": part.pop("text", None)}
        payload = json.dumps(part) if part else None
        self.add("parts", message_hash=message, position=position, payload=payload, **columns)

    def turn(self, answer, before, after):
        """Add what was asked and answered at once, with the thread it is in."""
        thread, name = answer["conversation_id"], answer["conversation_name"]
        self.database.execute(
            "INSERT OR REPLACE INTO threads (id, name, tip_message_hash) VALUES (?, ?, ?)",
            (thread, name, after),
        )
        kept = {name: answer[name] for name in ("id", "model", "duration_ms", "datetime_utc")}
        hashes = {"parent_message_hash": before, "tip_message_hash": after}
        self.add("turns", thread_id=thread, **hashes, **kept)

    def earlier(self):
        """Add the tables of earlier versions."""
        self.database.execute(_EARLIER_LLM)
