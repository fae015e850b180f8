"""The page of formats, from the tables of `dialoguedb.formats.spellings`."""

# ruff: noqa: INP001 -- part of a script beside the pages it writes, not a package

from collections.abc import Callable, Iterator, Sequence

from dialoguedb.formats.parts import Spelling
from dialoguedb.formats.spellings.dispatch import TABLES
from dialoguedb.formats.spellings.part_types import PartKind, PartType

Row = tuple[str, ...]

INTRO = """\
# Formats of messages

The content of a message is stored as it was sent, in whatever format a program writes: a text, a
whole message of an API or a framework, one of its parts, or an array of parts. Nothing has to be
declared. A part is recognized by its `type` (pydantic-ai: `part_kind`, `kind`), and where several
formats use one name, by its other members; objects without a type by their members alone.

One and the same text of a message is shown in [context windows](../explanation/compaction.md),
counted in `tokenCount`, summarized, and searched. This page lists what that is for each part.

## What is shown

"""

SPELLINGS = """
- A **part of unknown type** is shown as its name, `[unknown part: sparkline]`, with those of its
  `title`, `text`, `content`, `caption`, `alt` and `transcript` that are texts; windows and checks
  report the issue [`UNKNOWN_PART`](errors.md#issues). If it has the id of a call, it is a call or a
  result.
- **Data**, which is an object without a type, is shown as lines: `{"dueDate": "Monday"}` as
  `due date: Monday`. As the output of a tool it stays JSON.
- An **attachment** is shown by its name, such as `[image]` or `[document report.pdf]`, followed by
  words that it has: a transcript, a caption, the text of a document.
- **Bytes** are never shown, and do not count as text. In JSON, `[image/png]` stands for them.
- **Search** reads JSON in calls and results as lines, so that escapes hide no words.
- A **result** belongs to the call whose id it has, whatever types both have. One without an id
  belongs to the oldest open call of its name, or else to the oldest; that of a tool of the provider
  to one of these.

*Sent back* is what a window contains for the provider whose format the message is in: what a part
says, or exactly the object that was stored, with its ids, signatures and encrypted members. Other
providers get what is shown.

## Spellings

Where a name is in several tables, the members in brackets decide: a part has one of them, or all
that are joined by `+`.
"""

TITLES: dict[Spelling, str] = {
    "openai": "OpenAI Chat Completions",
    "responses": "OpenAI Responses",
    "anthropic": "Anthropic Messages",
    "gemini": "Gemini",
    "ui-message": "AI SDK: UIMessage",
    "model-message": "AI SDK: ModelMessage",
    "langchain": "LangChain",
    "pydantic-ai": "pydantic-ai",
    "mcp": "Model Context Protocol",
    "adk": "Agent Development Kit",
    "opentelemetry": "OpenTelemetry",
    "bedrock": "Amazon Bedrock Converse, Strands Agents",
    "cohere": "Cohere",
    "llamaindex": "LlamaIndex",
    "haystack": "Haystack",
    "autogen": "AutoGen",
    "letta": "Letta",
    "openai-agents": "OpenAI Agents SDK for JavaScript",
    "agent-framework": "Microsoft Agent Framework",
    "a2a": "Agent2Agent",
}

BEHAVIOUR: dict[PartKind, tuple[str, str, str, str]] = {
    "message": ("its parts", "its parts", "its parts", "its parts"),
    "text": ("the text", "as shown", "as shown", "the text; as stored, if it has citations"),
    "attachment": (
        "itself, or its name in brackets and its words",
        "by its size where it is seen, else as shown",
        "its name, and its words",
        "the attachment",
    ),
    "call": ("name and arguments", "as shown", "as shown", "the call with its result"),
    "server call": ("name and arguments", "as shown", "as shown", "as stored"),
    "result": ("its output", "as shown", "as shown", "the result behind its call"),
    "server result": ("what is readable in its output", "as shown", "as shown", "as stored"),
    "reasoning": ("nothing", "no", "no", "as stored, where the provider takes it"),
    "opaque": ("nothing, or a text that it has", "as shown", "as shown", "as stored"),
}
MEANINGS: dict[PartKind, str] = {
    "message": "message",
    "text": "text",
    "attachment": "attachment",
    "call": "call",
    "server call": "call of a tool that the provider runs",
    "result": "result",
    "server result": "result of such a tool",
    "reasoning": "reasoning",
    "opaque": "only for its provider or program",
}


def formats_page(table: Callable[[Row, Sequence[Row]], str]) -> str:
    """Return the page of formats."""
    heads = ("Read as", "Shown", "Counted", "Searched", "Sent back")
    rows = [(MEANINGS[kind], *cells) for kind, cells in BEHAVIOUR.items()]
    parts = [INTRO + table(heads, rows), SPELLINGS]
    for spelling, title in TITLES.items():
        of_types = ("Part", "Read as", "Shown", "Sent back")
        parts += [f"### {title}\n", table(of_types, list(type_rows(TABLES[spelling]))), ""]
    return "\n".join(parts)


def type_rows(types: Sequence[PartType]) -> Iterator[Row]:
    """Yield a row for types of a kind that the same members distinguish."""
    alike: dict[tuple[PartKind, tuple[str, ...]], list[str]] = {}
    for one in types:
        keys = () if one.by == "shape" else one.keys
        alike.setdefault((one.kind, keys), []).append(name_of(one))
    for (kind, keys), names in alike.items():
        members = ", ".join(f"`{'`+`'.join(each.split())}`" for each in keys)
        name = ", ".join(dict.fromkeys(names))
        shown, _, _, sent = BEHAVIOUR[kind]
        yield (f"{name} ({members})" if members else name), MEANINGS[kind], shown, sent


def name_of(one: PartType) -> str:
    """Return how a type is written in the table."""
    match one.by:
        case "shape":
            return one.name
        case "prefix":
            return f"`{one.name}*`"
        case "part_kind" | "kind":
            return f"`{one.by}: {one.name}`"
    return f"`{one.name}`"
