#!/usr/bin/env bash
# A checkpoint gives back other values than it was given, without an error.
#
# Packages:  langgraph 1.2.24, langgraph-checkpoint 4.3.2, langchain-core 1.8.3
# Input:     Ordinary values of a graph's state through the default serializer: a pydantic model with an
#            aliased field, an enum whose value is a tuple, a time in a named zone, a dataclass with a field
#            outside its constructor, a tuple.
# Behaviour: The aliased field is back at its default; the enum member is a list; the zone is a bare offset
#            (an hour off after the next change of clocks); the dataclass is a dict; the tuple is a list.
# Matters:   Conversation state that went through a checkpoint is not what the code put in, and only some of
#            it fails a type check. States that are compared or hashed have to be JSON to begin with.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langgraph==1.2.24' 'langgraph-checkpoint==4.3.2' 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from pydantic import BaseModel, Field


class Settings(BaseModel):
    language: str = Field("en", alias="userLanguage")


class Size(enum.Enum):
    SMALL = (1, 2)


@dataclass
class Counter:
    count: int = field(init=False, default=0)


serializer = JsonPlusSerializer()
counter = Counter()
counter.count = 7
meeting = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("Europe/Berlin"))
values = [Settings(userLanguage="fr"), Size.SMALL, meeting, counter, (1, 2)]
back = [serializer.loads_typed(serializer.dumps_typed(value)) for value in values]
for before, after in zip(values, back, strict=True):
    print(repr(before), "->", repr(after))
later = [(time + timedelta(days=2)).utcoffset() for time in (meeting, back[2])]
print("two days later, after the change of clocks:", *later)
seen = (back[0].language, back[1], later[0] != later[1], back[3], back[4])
if seen != ("en", [1, 2], True, {"count": 7}, [1, 2]):
    raise SystemExit("The behaviour has changed.")
PYTHON
