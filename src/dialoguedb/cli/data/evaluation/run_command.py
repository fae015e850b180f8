"""`dialoguedb eval run`: how well labelled objects are found, and how much better than before."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from dialoguedb import private_files
from dialoguedb.cli.data.evaluation import labels
from dialoguedb.cli.data.evaluation.labels import FILE, Key, Label
from dialoguedb.cli.data.evaluation.measures import Ranks, differences, estimates
from dialoguedb.cli.data.evaluation.search import MODES, found_by, ranks_of
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.output import Record, is_for_people, json_option, show_json, show_table
from dialoguedb.errors import InvalidRequest, NotFound
from dialoguedb.model.search import SearchMode, SearchObject
from dialoguedb.values import limits

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

_FORMAT = "dialoguedb-eval"
_FIGURES = ("measure", "mean", "low", "high")
_COMPARED = (*_FIGURES, "before", "difference", "bounds")


class _QueryResult(Struct):
    """Where the relevant objects of a query were found."""

    query: str
    object: SearchObject
    namespace: str | None
    ranks: list[int | None]

    @property
    def key(self) -> Key:
        return Key(self.query, self.object, self.namespace)


class _Result(Struct):
    """What a run has found, as it is saved."""

    format: str
    version: int
    mode: SearchMode
    queries: list[_QueryResult]

    def ranks(self) -> dict[Key, Ranks]:
        return {one.key: one.ranks for one in self.queries}


@click.command("run")
@FILE
@click.option(
    "--mode", type=click.Choice(MODES), default="hybrid", help="Of search.  [default: hybrid]"
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="RESULT",
    help="Keep the result in a file, to compare a later one with.",
)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="RESULT",
    help="Compare with a result that was saved.",
)
@json_option
@with_database
def run_command(
    db: "DialogueDB",
    file: Path,
    *,
    mode: SearchMode,
    save: Path | None,
    against: Path | None,
    as_json: bool,
) -> None:
    """Measure what a search finds of the labels in FILE.

    R@5, R@10 and R@50 are the share of the relevant objects among the first 5, 10 and 50 results,
    MRR is the mean of 1 divided by the position of the first relevant one, all over queries. Low
    and high bound the mean with 95 %, as other queries of the kind could have been labelled.
    With --against, a difference whose bounds are both above or both below 0 is more than chance.
    """
    if not file.exists():
        raise InvalidRequest(f"There is no {file}; dialoguedb eval label {file} makes it")
    before = _saved(against) if against else None
    left_out = _LeftOut()
    result = _Result(_FORMAT, 1, mode, [*_measured(db, labels.read(file), mode, left_out)])
    left_out.show()
    if not result.queries:
        raise InvalidRequest(f"{file} has no query with something relevant that is stored")
    _show(result, before, as_json=as_json)
    if save:
        private_files.replace(save, msgspec.json.encode(result))


class _LeftOut(Struct):
    """How many labels say less than they should."""

    empty: int = 0
    gone: int = 0
    unknown: int = 0
    unindexed: int = 0
    in_another_mode: int = 0

    def show(self) -> None:
        """Tell it on stderr."""
        for count, what in (
            (self.empty, "queries have nothing relevant, and count in no measure"),
            (self.gone, "relevant objects are not stored any more, and count in no measure"),
            (self.unknown, "relevant objects were not found, and are not in the default namespace"),
            (self.unindexed, "queries were answered while the index was built: run it again"),
            (self.in_another_mode, "queries were answered in another mode, without the embedder"),
        ):
            if count:
                click.echo(f"{count:,} {what}", err=True)


def _measured(
    db: "DialogueDB", every: Sequence[Label], mode: SearchMode, left_out: _LeftOut
) -> Iterator[_QueryResult]:
    """Yield where the relevant objects of each query are found."""
    for label in every:
        if not label.relevant:
            left_out.empty += 1
            continue
        found = found_by(db, label.key, mode, limits.SEARCH_ITEMS_MAX)
        left_out.unindexed += found.indexing is not None
        left_out.in_another_mode += found.request.mode not in {None, mode}
        ranks = ranks_of(found)
        own = [
            ranks.get(name)
            for name in label.relevant
            if name in ranks or _may_be_stored(db, label, name, left_out)
        ]
        if own:
            yield _QueryResult(label.query, label.object, label.namespace, own)


def _may_be_stored(db: "DialogueDB", label: Label, name: str, left_out: _LeftOut) -> bool:
    """Tell whether an object that was not found is there, as far as a get can tell.

    Without a namespace a search looks into all of them, and a get into the default one.
    """
    with suppress(NotFound):
        _get(db, label, name)
        return True
    if label.namespace is None:
        left_out.unknown += 1
        return True
    left_out.gone += 1
    return False


def _get(db: "DialogueDB", label: Label, name: str) -> None:
    if label.object == "message":
        dialogue, _, message = name.partition("/")
        db.api.message.get(dialogue, message, namespace=label.namespace)
    elif label.object == "dialogue":
        db.api.dialogue.get(name, namespace=label.namespace)
    else:
        db.api.memory.get(name, namespace=label.namespace)


def _saved(file: Path) -> _Result:
    """Return a result that was saved; InvalidRequest when it is none."""
    try:
        result = msgspec.json.decode(file.read_bytes(), type=_Result)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file} is no result of dialoguedb eval: {error}") from error
    if (result.format, result.version) != (_FORMAT, 1):
        raise InvalidRequest(f"{file} is no result of this version of dialoguedb eval")
    return result


def _show(result: _Result, before: _Result | None, *, as_json: bool) -> None:
    now = result.ranks()
    earlier = before.ranks() if before else {}
    both = [key for key in now if key in earlier]
    if before and len(both) < max(len(now), len(earlier)):
        click.echo(f"{len(both):,} of the queries are in both results, and compared", err=True)
    rows = _figures(now, {key: earlier[key] for key in both})
    if is_for_people(as_json=as_json):
        click.echo(f"{len(now):,} queries, {result.mode}")
        show_table([_for_people(row) for row in rows], _COMPARED if both else _FIGURES)
    else:
        counts = {"queries": len(now), "compared": len(both)}
        show_json({"mode": result.mode, **counts, "measures": rows})


def _figures(now: Mapping[Key, Ranks], before: Mapping[Key, Ranks]) -> Sequence[Record]:
    """Return each measure, and how it differs from before, over the queries of both."""
    rows: list[dict[str, Any]] = [
        {"measure": name, "mean": one.mean, "low": one.low, "high": one.high}
        for name, one in estimates([*now.values()]).items()
    ]
    if before:
        earlier, changes = estimates([*before.values()]), differences(before, now)
        for row in rows:
            change = changes[row["measure"]]
            row |= {"before": earlier[row["measure"]].mean, "difference": change.mean}
            row |= {"differenceLow": change.low, "differenceHigh": change.high}
    return rows


def _for_people(row: Record) -> Record:
    """Return figures in three digits, and the bounds of a difference in one column."""
    shown = {
        name: f"{value:.3f}" if isinstance(value, float) else value for name, value in row.items()
    }
    if "difference" in row:
        shown["difference"] = f"{row['difference']:+.3f}"
        shown["bounds"] = f"{row['differenceLow']:+.3f} to {row['differenceHigh']:+.3f}"
    return shown
