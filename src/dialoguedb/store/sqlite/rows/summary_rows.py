"""Rows of summaries: their ranges, found, inserted, listed."""

from typing import TypeVar

import apsw
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import ErrorDetail, MessageNotFound, SummaryNotFound, TemplateNotFound
from dialoguedb.model.dialogues import Status
from dialoguedb.model.projects import Project
from dialoguedb.model.summaries import NewSummary, Recipe, Summary, SummaryStatus
from dialoguedb.store.sqlite.connection.reader import Row, Shape
from dialoguedb.store.sqlite.rows.list_queries import Listing
from dialoguedb.store.sqlite.rows.message_rows import COLUMNS
from dialoguedb.store.sqlite.rows.tags import encode
from dialoguedb.values.lists import Window
from dialoguedb.values.validation_errors import invalid_request

T = TypeVar("T")

_ESCAPED_BYTES = 6  # a control character in JSON

_OF_DIALOGUE = {"dialogue_id": "d.id", "namespace": "d.namespace", "dialogue_status": "d.status"}


class SummaryRow(Struct, gc=False):
    """A summary as it is stored, in the order of the columns selected."""

    created: str
    id: str
    number: int
    dialogue: int
    dialogue_id: str
    namespace: str
    dialogue_status: Status
    status: SummaryStatus
    start_id: str | None
    end_id: str | None
    rebuild: int
    template: str | None
    prompt: str | None
    instructions: str | None
    provider: str
    model: str | None
    tags: bytes
    metadata: bytes
    from_created: str | None
    from_seq: int | None
    from_id: str | None
    to_created: str | None
    to_seq: int | None
    to_id: str | None
    last_seq: int
    messages: int
    seq_sum: int
    tokens: int
    content: str | None
    content_tokens: int | None
    summarized: int | None
    skipped: int | None
    chunks: int | None
    previous: str | None
    error: str | None
    input_tokens: int
    output_tokens: int
    calls: int
    modified: str

    def to_summary(self, project: Project) -> Summary:
        """Return the summary as it is answered."""
        is_done = self.status != "processing"
        return Summary(
            id=self.id,
            dialogue_id=self.dialogue_id,
            project_id=project.id,
            namespace=self.namespace or UNSET,
            status=self.status,
            content=self.content,
            error=_set(self.error),
            provider=self.provider,
            model=_set(self.model),
            template=_set(self.template),
            instructions=_set(self.instructions),
            content_token_count=_set(self.content_tokens),
            from_created=_set(self.from_created),
            from_id=_set(self.from_id),
            to_created=_set(self.to_created),
            to_id=_set(self.to_id),
            message_count=self.messages,
            summarized_count=_set(self.summarized),
            skipped_count=_set(self.skipped),
            total_tokens=self.tokens,
            previous_id=_set(self.previous),
            chunks=_set(self.chunks),
            llm_input_tokens=self.input_tokens if is_done else UNSET,
            llm_output_tokens=self.output_tokens if is_done else UNSET,
            llm_total_tokens=self.input_tokens + self.output_tokens if is_done else UNSET,
            llm_call_count=self.calls if is_done else UNSET,
            metadata=Raw(self.metadata),
            tags=Raw(self.tags),
            created=self.created,
            modified=self.modified,
        )

    def is_twin(self, dialogue: int, new: NewSummary) -> bool:
        """Tell whether what is asked for is this one, asked for again."""
        return (
            self.dialogue == dialogue
            and (self.start_id, self.end_id) == (new.start_id, new.end_id)
            and (self.template, self.instructions) == (new.template, new.instructions)
            and bool(self.rebuild) == new.rebuild
            and self.metadata == new.metadata
        )


def _set(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value


_COLUMNS = ", ".join(_OF_DIALOGUE.get(name, f"r.{name}") for name in SummaryRow.__struct_fields__)
SELECT = f"SELECT {_COLUMNS} FROM summaries r JOIN dialogues d ON d.number = r.dialogue"
_ONE = f"{SELECT} WHERE r.project = ? AND r.id = ?"


class Range(Struct, frozen=True):
    """The messages that a summary covers; without ends when there are none."""

    start: tuple[str, int, str] | None
    """`created`, `seq` and id of the first."""

    end: tuple[str, int, str] | None
    last_seq: int
    messages: int
    seq_sum: int
    tokens: int


def get(db: apsw.Connection, project: int, summary_id: str) -> SummaryRow | None:
    """Return a summary's row, if there is one."""
    row = db.execute(_ONE, (project, summary_id)).fetchone()
    return SummaryRow(*row) if row else None


def find(db: apsw.Connection, project: int, namespace: str | None, summary_id: str) -> SummaryRow:
    """Return a summary's row; SummaryNotFound, also when it is of another namespace."""
    row = get(db, project, summary_id)
    if row is None or namespace not in {None, row.namespace}:
        raise SummaryNotFound(f"Summary '{summary_id}' not found")
    return row


_END = """
    SELECT created, seq, id FROM messages WHERE dialogue = ?
    ORDER BY created {order}, seq {order} LIMIT 1
"""
_NAMED = "SELECT created, seq, id FROM messages WHERE dialogue = ? AND id = ?"
_MEASURE = """
    SELECT count(*), coalesce(sum(seq), 0), coalesce(sum(tokens), 0) FROM messages
    WHERE dialogue = ? AND (created, seq) >= (?, ?) AND (created, seq) <= (?, ?)
"""
_IS_SAME = """
    SELECT count(*) = ? AND coalesce(sum(seq), 0) = ? FROM messages
    WHERE dialogue = ? AND (created, seq) >= (?, ?) AND (created, seq) <= (?, ?) AND seq <= ?
"""


def measure(db: apsw.Connection, dialogue: int, last_seq: int, new: NewSummary) -> Range:
    """Return the range that is asked for, as it is now; MessageNotFound, InvalidRequest."""
    start = _place(db, dialogue, ("startId", new.start_id), "asc")
    end = _place(db, dialogue, ("endId", new.end_id), "desc")
    if start is None or end is None:
        return Range(None, None, last_seq, 0, 0, 0)
    if start[:2] > end[:2]:
        raise invalid_request(
            "startId", "startId names a message that comes after the one of endId"
        )
    counted = db.execute(_MEASURE, (dialogue, *start[:2], *end[:2])).get
    return Range(start, end, last_seq, *counted)


def _place(
    db: apsw.Connection, dialogue: int, named: tuple[str, str | None], order: str
) -> tuple[str, int, str] | None:
    field, message_id = named
    row: tuple[str, int, str] | None
    if message_id is None:
        row = db.execute(_END.format(order=order), (dialogue,)).fetchone()
    else:
        row = db.execute(_NAMED, (dialogue, message_id)).fetchone()
    if row is None and message_id is not None:
        message = f"Message '{message_id}' not found in this dialogue"
        raise MessageNotFound(message, [ErrorDetail(field, "NOT_FOUND", message)])
    return row


def is_same(db: apsw.Connection, row: SummaryRow, last_seq: int) -> bool:
    """Tell whether the range of a summary still holds the messages that it was made of."""
    place = (row.dialogue, row.from_created, row.from_seq, row.to_created, row.to_seq)
    return bool(db.execute(_IS_SAME, (row.messages, row.seq_sum, *place, last_seq)).get)


_ALIKE = f"""
    {SELECT} WHERE r.dialogue = ? AND r.status <> 'failed'
    AND (r.from_created, r.from_seq, r.to_created, r.to_seq) = (?, ?, ?, ?)
    AND (r.messages, r.seq_sum) = (?, ?)
    AND (r.provider, r.model, r.instructions, r.prompt) IS (?, ?, ?, ?)
    AND r.metadata = ifnull(?, r.metadata) AND r.tags = ifnull(?, r.tags)
    ORDER BY r.number DESC LIMIT 1
"""


def alike(
    db: apsw.Connection, dialogue: int, new: NewSummary, made: tuple[Range, Recipe]
) -> SummaryRow | None:
    """Return the newest summary of the same messages by the same recipe that has not failed.

    One that is to have metadata or tags is like those alone that have the same.
    """
    covered, recipe = made
    if covered.start is None or covered.end is None:
        return None
    place = (*covered.start[:2], *covered.end[:2], covered.messages, covered.seq_sum)
    by = (recipe.provider, recipe.model, recipe.instructions, recipe.prompt)
    kept = (new.metadata if new.metadata != b"{}" else None, encode(new.tags) if new.tags else None)
    row = db.execute(_ALIKE, (dialogue, *place, *by, *kept)).fetchone()
    return SummaryRow(*row) if row else None


def prompt_of(db: apsw.Connection, project: int, name: str | None) -> str | None:
    """Return a template's prompt, None when none is named; TemplateNotFound."""
    if name is None:
        return None
    found = "SELECT prompt FROM templates WHERE project = ? AND name = ?"
    prompt: str | None = db.execute(found, (project, name)).get
    if prompt is None:
        message = f"Template '{name}' not found"
        raise TemplateNotFound(message, [ErrorDetail("template", "NOT_FOUND", message)])
    return prompt


def insert(
    db: apsw.Connection,
    where: tuple[int, int],
    new: NewSummary,
    made: tuple[Range, Recipe],
    now: str,
) -> None:
    """Store a summary that is to be made, of the dialogue at `(project, dialogue)`."""
    covered, recipe = made
    is_empty = covered.messages == 0
    values = {
        "project": where[0],
        "dialogue": where[1],
        "id": new.id,
        "status": "completed" if is_empty else "processing",
        "start_id": new.start_id,
        "end_id": new.end_id,
        "rebuild": int(new.rebuild),
        "template": new.template,
        "prompt": recipe.prompt,
        "instructions": recipe.instructions,
        "provider": recipe.provider,
        "model": recipe.model,
        "tags": encode(new.tags),
        "metadata": new.metadata,
        **_ends(covered),
        "last_seq": covered.last_seq,
        "messages": covered.messages,
        "seq_sum": covered.seq_sum,
        "tokens": covered.tokens,
        **(dict.fromkeys(("summarized", "skipped", "chunks"), 0) if is_empty else {}),
        "created": now,
        "modified": now,
        "due": now,
    }
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO summaries ({', '.join(values)}) VALUES ({marks})", (*values.values(),))


def _ends(covered: Range) -> dict[str, str | int]:
    if covered.start is None or covered.end is None:
        return {}
    columns = ("from_created", "from_seq", "from_id", "to_created", "to_seq", "to_id")
    return dict(zip(columns, (*covered.start, *covered.end), strict=True))


def messages_of(row: SummaryRow, window: Window) -> Listing:
    """Return the SELECT of the messages that a summary covers."""
    select = f"SELECT {COLUMNS} FROM messages r"
    listing = Listing(select, ("r.created", "r.seq"), window)
    listing.scope["r.dialogue"] = row.dialogue
    # A later page's own bound takes the place of the range's, or each page would begin with that.
    if window.after is None or window.order == "desc":
        listing.add("(r.created, r.seq) >= (?, ?)", row.from_created, row.from_seq)
    if window.after is None or window.order == "asc":
        listing.add("(r.created, r.seq) <= (?, ?)", row.to_created, row.to_seq)
    listing.add("r.seq <= ?", row.last_seq)
    return listing


def shape_of(project: Project) -> Shape[Summary]:
    """Return how rows of a list become summaries."""

    def make(row: Row) -> Summary:
        return SummaryRow(*row).to_summary(project)

    def size(row: Row) -> int:
        summary = SummaryRow(*row)
        texts = (summary.content, summary.instructions, summary.error)
        chars = sum(len(text or "") for text in texts)
        return len(summary.metadata) + len(summary.tags) + chars * _ESCAPED_BYTES

    return Shape(make, size, slice(0, 2))
