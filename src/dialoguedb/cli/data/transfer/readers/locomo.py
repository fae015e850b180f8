"""Long talks of two people in sessions, shaped like the LoCoMo data set."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from dialoguedb.cli.data.transfer.conversions import digest, time_of
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of

NAME = "locomo"

_SESSION = re.compile(r"session_(\d+)")
_DATE = "%I:%M %p on %d %B, %Y"
_STEP = timedelta(seconds=1)


def recognises(document: Any) -> bool:
    """Tell whether this is one talk, or an object that holds several."""
    if not isinstance(document, dict):
        return False
    if isinstance(several := document.get("conversations"), list):
        return bool(several) and recognises(several[0])
    if isinstance(document.get("sessions"), list) and "speakers" in document:
        return True
    inside = document.get("conversation")
    return isinstance(inside, dict) and "speaker_a" in inside


def lines(document: dict[str, Any]) -> Iterator[Line]:
    """Yield a dialogue a talk; who speaks first in the list of speakers is the user."""
    for talk in document.get("conversations") or [document]:
        yield from _talk(talk if "sessions" in talk else _reshaped(talk))


def _talk(talk: dict[str, Any]) -> Iterator[Line]:
    name = str(talk.get("conversation") or talk.get("id") or digest(talk["sessions"]))
    speakers = talk["speakers"]
    yield DialogueLine(
        id=f"{NAME}-{name}",
        label=" and ".join(speakers),
        metadata=json_of({"source": NAME, "speakers": speakers}),
    )
    for session in talk["sessions"]:
        started = time_of(session.get("started"))
        for index, turn in enumerate(session["messages"]):
            yield _message(turn, speakers, session["session"], _later(started, index))


def _message(
    turn: dict[str, Any], speakers: list[str], session: int, created: str | None
) -> MessageLine:
    caption = turn.get("image_caption") or turn.get("blip_caption")
    text = " ".join(filter(None, (turn.get("text"), f"[shares {caption}]" if caption else "")))
    turn_id = turn.get("id") or turn.get("dia_id")
    return MessageLine(
        id=turn_id,
        role="user" if turn["speaker"] == speakers[0] else "assistant",
        name=turn["speaker"],
        content=json_of(text or "[nothing]"),
        metadata=json_of({"session": session}),
        created=created,
    )


def _reshaped(talk: dict[str, Any]) -> dict[str, Any]:
    """Return a talk of the original data set, where sessions are indexed members."""
    inside = talk["conversation"]
    indexs = sorted(int(found[1]) for key in inside if (found := _SESSION.fullmatch(key)))
    return {
        "id": talk.get("sample_id"),
        "speakers": [inside["speaker_a"], inside["speaker_b"]],
        "sessions": [
            {
                "session": index,
                "started": _started(inside.get(f"session_{index}_date_time")),
                "messages": inside[f"session_{index}"],
            }
            for index in indexs
        ],
    }


def _started(text: str | None) -> str | None:
    """Read a time such as `1:56 pm on 8 May, 2023`."""
    return datetime.strptime(text, _DATE).replace(tzinfo=UTC).isoformat() if text else None


def _later(started: str | None, index: int) -> str | None:
    """Return a later time for each message, for only the start of a session is known."""
    return (
        time_of((datetime.fromisoformat(started) + index * _STEP).isoformat()) if started else None
    )
