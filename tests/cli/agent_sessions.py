"""Small sessions of coding agents, line by line, in the shape that the programs write them."""

import itertools
import json
from typing import Any

Json = dict[str, Any]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg"
    "YGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="
)
ANTHROPIC_PIXEL = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
}


def encoded(lines: list[Json]) -> bytes:
    """Write lines as a program does."""
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in lines)


class ClaudeCode:
    """Writes lines of a session of Claude Code."""

    def __init__(self, session: str = "s1", **every: Any) -> None:
        self.session = session
        self._every = {"isSidechain": False, "cwd": "/p", "gitBranch": "main", **every}
        self._numbers = itertools.count(1)
        self._last: str | None = None

    def line(self, kind: str, **members: Any) -> Json:
        """Return a line that is linked to the one before."""
        number = next(self._numbers)
        own_id = f"u{number}"
        linked = {"parentUuid": self._last, "uuid": own_id, "sessionId": self.session}
        self._last = own_id
        time = f"2026-11-29T12:00:{number:02}.123Z"
        return {**linked, "type": kind, "timestamp": time, **self._every, **members}

    def note(self, kind: str, **members: Any) -> Json:
        """Return a line that is no link."""
        return {"type": kind, "sessionId": self.session, **members}

    def user(self, content: Any, **members: Any) -> Json:
        """Return what stands under the role of the user."""
        return self.line("user", message={"role": "user", "content": content}, **members)

    def typed(self, content: Any) -> Json:
        """Return what a user typed."""
        return self.user(content, promptSource="sdk", turnOrigin="sdk", rowSource="local")

    def spoke(self, message: str, block: Json, stop: str = "end_turn", **members: Any) -> Json:
        """Return one block of what the model said."""
        inner = {"id": message, "role": "assistant", "model": "opus", "content": [block]}
        return self.line("assistant", message={**inner, "stop_reason": stop}, **members)

    def called(self, message: str, call: str, command: str) -> Json:
        """Return a call."""
        block = {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": command}}
        return self.spoke(message, block, "tool_use")

    def answered(self, call: str, output: Any, **members: Any) -> Json:
        """Return a result."""
        block = {"type": "tool_result", "tool_use_id": call, "content": output}
        return self.user([block], toolUseResult={"stdout": output}, **members)


def text(words: str) -> Json:
    """Return a block of text."""
    return {"type": "text", "text": words}


THOUGHT = {"type": "thinking", "thinking": "Two files.", "signature": "c2ln"}


def claude_code() -> list[Json]:
    """Return a session with parallel calls that end in the other order, and all that is no talk."""
    write = ClaudeCode()
    return [
        write.note("queue-operation", operation="enqueue", content="Read both"),
        write.typed("Read both"),
        write.line("attachment", attachment={"type": "date"}, rendered=[{"content": "Read both"}]),
        write.note("last-prompt", lastPrompt="Read both", leafUuid="u2"),
        write.note("api-request-blob", message={"role": "user", "content": [text("Read both")]}),
        write.spoke("m1", THOUGHT, "tool_use"),
        write.spoke("m1", text("I read them."), "tool_use"),
        write.called("m1", "c1", "cat a"),
        write.note("queue-operation", operation="enqueue", content="Quickly!"),
        write.called("m1", "c2", "cat b"),
        write.note("last-prompt", lastPrompt="Read both", leafUuid="u6"),
        write.answered("c2", "two"),
        write.answered("c1", [text("one"), ANTHROPIC_PIXEL]),
        write.line(
            "attachment",
            attachment={
                "type": "queued_command",
                "prompt": "Quickly!",
                "commandMode": "prompt",
                "origin": {"kind": "human"},
            },
        ),
        write.spoke("m2", text("One and two.")),
        write.line("system", subtype="compact_boundary", content="Conversation compacted"),
        write.user("The session so far: …", isCompactSummary=True),
        write.user("<local-command-caveat>…", isMeta=True, rowSource="harness"),
        write.user("<command-name>/compact</command-name>", rowSource="local"),
        write.user("<local-command-stdout>Compacted</local-command-stdout>", rowSource="local"),
        write.user(
            "<task-notification>done</task-notification>",
            origin={"kind": "task-notification"},
            promptSource="system",
            turnOrigin="task_notification",
        ),
        write.user([text("[Request interrupted by user for tool use]")], rowSource="harness"),
        write.line(
            "assistant",
            isApiErrorMessage=True,
            message={"id": "m3", "model": "<synthetic>", "content": [text("API Error: 500")]},
        ),
        write.user("[Image: source: /a.png]", isMeta=True),
        write.typed([text("<command-name> is a tag?"), ANTHROPIC_PIXEL]),
        write.called("m4", "c3", "sleep 9"),
        write.user(
            [{"type": "tool_result", "tool_use_id": "c3", "content": "no", "is_error": True}],
            toolDenialKind="user-rejected",
            rowSource="harness",
        ),
        write.spoke("m5", text("Yes, it is.")),
    ]


CLAUDE_CODE_TALK = [
    ("user", "Read both"),
    (
        "assistant",
        [
            THOUGHT,
            text("I read them."),
            {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"command": "cat a"}},
            {"type": "tool_use", "id": "c2", "name": "Bash", "input": {"command": "cat b"}},
        ],
    ),
    ("user", [{"type": "tool_result", "tool_use_id": "c2", "content": "two"}]),
    (
        "user",
        [{"type": "tool_result", "tool_use_id": "c1", "content": [text("one"), ANTHROPIC_PIXEL]}],
    ),
    ("user", "Quickly!"),
    ("assistant", "One and two."),
    ("user", [text("<command-name> is a tag?"), ANTHROPIC_PIXEL]),
    (
        "assistant",
        [{"type": "tool_use", "id": "c3", "name": "Bash", "input": {"command": "sleep 9"}}],
    ),
    (
        "user",
        [{"type": "tool_result", "tool_use_id": "c3", "content": "no", "is_error": True}],
    ),
    ("assistant", "Yes, it is."),
]


def qwen_line(own: str, parent: str | None, kind: str, *parts: Json, **members: Any) -> Json:
    """Return a line of Qwen Code's."""
    role = "model" if kind == "assistant" else "user"
    message = {"message": {"role": role, "parts": [*parts]}} if parts else {}
    sources = {"user": "real_user", "assistant": "assistant_output"}
    linked = {"uuid": own, "parentUuid": parent, "sessionId": "q1", "type": kind}
    noted = {"provenance": sources.get(kind, kind), "cwd": "/p", "version": "0.24.4"}
    time = {"timestamp": f"2026-11-29T12:00:{int(own[1:]):02}.123Z"}
    return {**linked, **noted, **time, **message, **members}


def _function(call: str, command: str) -> Json:
    return {"functionCall": {"id": call, "name": "shell", "args": {"command": command}}}


def _response(call: str, output: str) -> Json:
    return {"functionResponse": {"id": call, "name": "shell", "response": {"output": output}}}


def qwen_code() -> list[Json]:
    """Return a session with parallel calls, a prompt of the program's, and what is no talk."""
    silent = {"subtype": "ui_telemetry", "systemPayload": {"uiEvent": {"response_text": "Both."}}}
    meanwhile = {"displayText": "Quickly!"}
    return [
        qwen_line("q1", None, "user", {"text": "Read both"}),
        qwen_line("q2", "q1", "system", **silent),
        qwen_line(
            "q3",
            "q2",
            "assistant",
            {"text": "Two files.", "thought": True},
            {"text": "I read them."},
            _function("c1", "cat a"),
            _function("c2", "cat b"),
            model="qwen3",
        ),
        qwen_line("q4", "q3", "tool_result", _response("c1", "one"), toolCallResult={"x": "one"}),
        qwen_line("q5", "q4", "tool_result", _response("c2", "two")),
        qwen_line(
            "q6",
            "q5",
            "user",
            {"text": "\n[User message received during tool execution]: Quickly!"},
            subtype="mid_turn_user_message",
            systemPayload=meanwhile,
        ),
        qwen_line("q7", "q6", "assistant", {"text": "Both."}, model="qwen3"),
        qwen_line("q8", "q7", "user", {"text": "Tick"}, subtype="cron", provenance="system"),
        qwen_line("q9", "q8", "system", subtype="custom_title", systemPayload={"customTitle": "T"}),
    ]


QWEN_CODE_TALK = [
    ("user", "Read both"),
    (
        "assistant",
        [
            {"text": "Two files.", "thought": True},
            {"text": "I read them."},
            _function("c1", "cat a"),
            _function("c2", "cat b"),
        ],
    ),
    ("tool", [_response("c1", "one")]),
    ("tool", [_response("c2", "two")]),
    ("user", "Quickly!"),
    ("assistant", "Both."),
]


def pi_entry(own: str, parent: str | None, role: str, content: Any, **members: Any) -> Json:
    """Return a message of pi's."""
    time = f"2026-11-29T12:00:{int(own[1:]):02}.123Z"
    message = {"role": role, "content": content, **members}
    return {"type": "message", "id": own, "parentId": parent, "timestamp": time, "message": message}


def _pi_call(call: str, command: str) -> Json:
    return {"type": "toolCall", "id": call, "name": "bash", "arguments": {"command": command}}


PI_HEADER = {
    "type": "session",
    "version": 3,
    "id": "p1",
    "timestamp": "2026-11-29T12:00:00.123Z",
    "cwd": "/p",
}


def pi() -> list[Json]:
    """Return a session with parallel calls, a failed turn, and what is no talk."""
    change = {"type": "model_change", "id": "p1", "parentId": None, "modelId": "m"}
    picture = {"type": "image", "mimeType": "image/png", "data": PIXEL}
    signed = {"type": "thinking", "thinking": "Two files.", "thinkingSignature": "c2ln"}
    calls = [signed, text("I read them."), _pi_call("c1", "cat a"), _pi_call("c2", "cat b")]
    made = {"api": "anthropic-messages", "model": "opus", "stopReason": "toolUse"}
    failed = {"isError": True}
    return [
        PI_HEADER,
        change,
        pi_entry("p2", "p1", "user", [text("Read both"), picture]),
        pi_entry("p3", "p2", "assistant", calls, **made),
        pi_entry("p4", "p3", "toolResult", [text("one")], toolCallId="c1", toolName="bash"),
        pi_entry(
            "p5", "p4", "toolResult", [text("no")], toolCallId="c2", toolName="bash", **failed
        ),
        pi_entry("p6", "p5", "assistant", [text("One.")], model="opus"),
        pi_entry("p7", "p6", "user", "And now?"),
        pi_entry("p8", "p7", "assistant", [], model="opus", stopReason="error"),
        pi_entry("p9", "p8", "compactionSummary", "The session so far"),
        {"type": "session_info", "id": "p10", "parentId": "p9", "name": "Two files"},
    ]


PI_TALK = [
    ("user", [text("Read both"), ANTHROPIC_PIXEL]),
    (
        "assistant",
        [
            THOUGHT,
            text("I read them."),
            {"type": "tool_use", "id": "c1", "name": "bash", "input": {"command": "cat a"}},
            {"type": "tool_use", "id": "c2", "name": "bash", "input": {"command": "cat b"}},
        ],
    ),
    ("tool", [{"type": "tool_result", "tool_use_id": "c1", "content": [text("one")]}]),
    (
        "tool",
        [
            {
                "type": "tool_result",
                "tool_use_id": "c2",
                "content": [text("no")],
                "is_error": True,
            }
        ],
    ),
    ("assistant", "One."),
    ("user", "And now?"),
]


def cline_message(own: str, role: str, *blocks: Json, **members: Any) -> Json:
    """Return a message of Cline's."""
    time = 1795957579000 + int(own[1:]) * 1000 + 123
    return {"id": own, "role": role, "content": [*blocks], "ts": time, **members}


def _cline_result(call: str, *outcomes: Json) -> Json:
    return {"type": "tool_result", "tool_use_id": call, "name": "run", "content": [*outcomes]}


def cline() -> list[Json]:
    """Return the messages of a session with parallel calls, and an error that is only shown."""
    typed = text('<user_input mode="act">Read <both></user_input>')
    calls = [
        {"type": "tool_use", "id": "c1", "name": "run", "input": {"commands": ["cat a"]}},
        {"type": "tool_use", "id": "c2", "name": "run", "input": {"commands": ["cat b", "no"]}},
    ]
    one = {"query": "cat a", "result": "one", "success": True}
    two = {"query": "cat b", "result": "two", "success": True}
    wrong = {"query": "no", "result": "", "error": "Not found", "success": False}
    shown = {"metadata": {"displayOnly": True, "displayRole": "error"}}
    return [
        cline_message("m1", "user", typed, ANTHROPIC_PIXEL),
        cline_message("m2", "assistant", THOUGHT, *calls, modelInfo={"id": "opus"}),
        cline_message("m3", "user", _cline_result("c1", one)),
        cline_message("m4", "user", _cline_result("c2", two, wrong)),
        cline_message("m5", "assistant", text("429 Too many requests"), **shown),
        cline_message("m6", "assistant", text("One and two.")),
    ]


def cline_document(messages: list[Json]) -> bytes:
    """Return the file that holds messages of Cline's."""
    about = {"version": 1, "updated_at": "2026-11-29T13:06:21.596Z", "agent": "lead"}
    held = {"sessionId": "c1", "messages": messages, "system_prompt": "You are Cline."}
    return json.dumps({**about, **held}, indent=1).encode()


CLINE_TALK = [
    ("user", [text("Read <both>"), ANTHROPIC_PIXEL]),
    (
        "assistant",
        [
            THOUGHT,
            {"type": "tool_use", "id": "c1", "name": "run", "input": {"commands": ["cat a"]}},
            {"type": "tool_use", "id": "c2", "name": "run", "input": {"commands": ["cat b", "no"]}},
        ],
    ),
    ("user", [{"type": "tool_result", "tool_use_id": "c1", "content": [text("one")]}]),
    (
        "user",
        [
            {
                "type": "tool_result",
                "tool_use_id": "c2",
                "content": [text("cat b\ntwo"), text("no\nNot found")],
                "is_error": True,
            }
        ],
    ),
    ("assistant", "One and two."),
]
