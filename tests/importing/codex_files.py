"""Lines as the Codex CLI writes them, of a talk that is not."""

from itertools import count

THREAD = "01a30000-0000-7000-8000-00000000000a"
FORK = "01a30000-0000-7000-8000-00000000000b"
NAME = f"rollout-2026-11-28T10-00-00-{THREAD}.jsonl"
FORK_NAME = f"rollout-2026-11-29T10-00-00-{FORK}.jsonl"
NOTES = "internal_chat_message_metadata_passthrough"


def header(thread=THREAD, **more):
    about = {"id": thread, "session_id": thread, "timestamp": "2026-11-28T10:00:00.000Z"}
    return "session_meta", {**about, "cwd": "/home/ann/notes", "cli_version": "0.171.0", **more}


def event(**members):
    return "event_msg", members


def completed(kind, **members):
    return event(type="item_completed", item={"type": kind, **members})


def item(kind, **members):
    return "response_item", {"type": kind, NOTES: {"turn_id": "t"}, **members}


def message(own_id, role, parts, kinds):
    notes = {"turn_id": "t", "content_item_kinds": kinds}
    return item("message", id=own_id, role=role, content=parts, **{NOTES: notes})


def typed(own_id, text):
    return message(own_id, "user", [{"type": "input_text", "text": text}], ["user.text"])


def answered(own_id, text):
    parts = [{"type": "output_text", "text": text, "annotations": []}]
    return message(own_id, "assistant", parts, ["unknown"])


def called(number, command):
    arguments = f'{{"cmd": "{command}"}}'
    call = {"name": "exec_command", "arguments": arguments, "call_id": f"call_{number}"}
    return item("function_call", id=f"fc_{number}", status="completed", **call)


def printed(number, text, code=0):
    output = f"Chunk ID: c{number}\nProcess exited with code {code}\nOutput:\n{text}"
    return item("function_call_output", id=f"fco_{number}", call_id=f"call_{number}", output=output)


def opening():
    """What the program says before anybody speaks."""
    rules = [{"type": "input_text", "text": "<permissions instructions> none"}]
    around = [{"type": "input_text", "text": "<environment_context> /home/ann"}]
    return [
        event(type="task_started", turn_id="t"),
        message("msg_d", "developer", rules, ["permissions.instructions"]),
        message("msg_e", "user", around, ["environments.environment_context"]),
        ("world_state", {"full": True, "state": {}}),
        ("turn_context", {"turn_id": "t", "cwd": "/home/ann/notes", "model": "gpt-5.9"}),
    ]


def first_turn():
    """A turn with a thought, two calls at once, of which one fails, and an answer."""
    thought = {"summary": [{"type": "summary_text", "text": "Both are short."}], "content": None}
    return [
        typed("msg_1", "Show both notes"),
        completed("UserMessage", id="other", content=[{"type": "text", "text": "Show both notes"}]),
        completed("Reasoning", id="rs_1", summary_text=["Both are short."]),
        item("reasoning", id="rs_1", encrypted_content="c2VjcmV0", **thought),
        called(1, "cat tea"),
        called(2, "cat milk"),
        ("token_usage_record", {"usage": {"total_tokens": 9}}),
        completed("CommandExecution", id="call_2", status="failed", exit_code=1),
        completed("CommandExecution", id="call_1", status="completed", exit_code=0),
        printed(1, "Earl Grey"),
        printed(2, "no such file", code=1),
        completed("AgentMessage", id="msg_2", content=[{"type": "Text", "text": "One is there."}]),
        answered("msg_2", "One is there."),
        event(type="task_complete", last_agent_message="One is there."),
    ]


def second_turn():
    return [typed("msg_3", "Which?"), answered("msg_4", "Tea.")]


def compaction():
    kind, summary = answered("msg_s", "A summary for the next model.")
    kept = [typed("msg_1", "Show both notes")[1]]
    return [
        (kind, summary, {"compaction_output": True}),
        ("compacted", {"message": "Another model began", "replacement_history": kept}),
        completed("ContextCompaction", id="x"),
    ]


def rollout(*parts, ordinal=0):
    """Return lines of these contents, a second apart."""
    contents = [one for part in parts for one in part]
    return [_line(number, *one) for number, one in zip(count(ordinal), contents, strict=False)]


def _line(number, kind, payload, metadata=None):
    stamp = f"2026-11-28T10:{number // 60:02}:{number % 60:02}.250Z"
    line = {"timestamp": stamp, "ordinal": number, "type": kind, "payload": payload}
    return line | ({"metadata": metadata} if metadata else {})


def whole():
    return rollout([header()], opening(), first_turn(), compaction(), second_turn())
