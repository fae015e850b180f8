"""Directories of programs as they are in a home: conversations, and what is beside them."""

import json

from tests.cli import agent_sessions as sessions
from tests.importing import codex_files, gemini_cli_files


def _logged(lines):
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


CHAT = "session-2026-11-28T10-00-a1b2c3d4.jsonl"
CONVERSATIONS = {
    "claude-code": {".claude/projects/-p/s1.jsonl": sessions.encoded(sessions.claude_code())},
    "codex": {
        ".codex/sessions/2026/11/28/rollout-2026-11-28T10-00-00-t1.jsonl": _logged(
            codex_files.whole()
        )
    },
    "gemini-cli": {f".gemini/tmp/notes/chats/{CHAT}": _logged(gemini_cli_files.whole())},
    "qwen-code": {".qwen/projects/-p/chats/q1.jsonl": sessions.encoded(sessions.qwen_code())},
    "cline": {
        ".cline/data/sessions/c1/c1.messages.json": sessions.cline_document(sessions.cline())
    },
    "pi": {".pi/agent/sessions/--p--/1_p1.jsonl": sessions.encoded(sessions.pi())},
}
_LOGGED = {"sessionId": "s", "messageId": 0, "type": "user", "message": "Hi"}
BESIDE = {
    "claude-code": {
        ".claude/settings.json": b'// mine\n{"theme": "dark",}\n',
        ".claude/history.jsonl": _logged([{"display": "Hi", "project": "/p"}] * 2),
        ".claude/todos/empty.json": b"",
        ".claude/todos/one.json": b'[{"content": "Tea", "status": "pending"}]',
    },
    "codex": {
        ".codex/auth.json": b'{"OPENAI_API_KEY": "k"}',
        ".codex/history.jsonl": _logged([{"session_id": "s", "ts": 1, "text": "Hi"}]),
        ".codex/version.json": b"{",
    },
    "gemini-cli": {
        ".gemini/tmp/notes/logs.json": json.dumps([_LOGGED]).encode(),
        ".gemini/tmp/notes/checkpoint-a.json": json.dumps(
            [{"role": "user", "parts": [{"text": "Hi"}]}]
        ).encode(),
    },
    "qwen-code": {".qwen/settings.json": b"{}"},
    "cline": {
        ".cline/data/sessions/c1/c1.json": b'{"session_id": "c1", "cwd": "/p"}',
        ".cline/mcp.json": b"// none\n{}",
    },
    "pi": {".pi/agent/auth.json": b'{"local": {}}', ".pi/settings.json": b"{"},
}


def lay_out(home, *held):
    """Write files below a home."""
    for files in held:
        for name, content in files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
