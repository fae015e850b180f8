"""Windows in chat templates of open models: `make bench-templates`.

Every sample conversation is stored, and windows of it at several budgets are rendered through every
template, once with the default target and once with `strict`.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.findings import Figures, Finding, Goal
from bench.formats.abilities import Abilities, abilities_of
from bench.formats.archives import Template, pinned, templates
from bench.formats.rendering import Json, Prompt, RenderError, is_list
from bench.formats.samples import SAMPLES
from bench.formats.windows import SHARES, TARGETS, Window, WindowSource, opened
from bench.report import lines, table_of

NAME = "templates"
_GOALS = {"any": (8.0, None), "strict": (1.0, 1.0)}
_SHOWN = 40
_NAMED = 4
_COUNTED = ("raised", "lost", "beyond it")
_COLUMNS = ("template", "lacks", *(f"{target}: {what}" for target in _GOALS for what in _COUNTED))
METHOD = """
{samples} conversations of our own in the spellings of APIs and frameworks are stored in an engine
in the process. Windows in the format `openai` are asked for: of the whole conversation, and of
{shares} of its tokens, as far as the budget holds the last turn. Each is rendered by transformers
{transformers}, with arguments as objects, through the chat templates of {pins}: those of
llama.cpp's `models/templates`, of vLLM's `examples` and `chat_templates`, fetched for the run.

- **raised**: the template raises an error. **lost**: a line of text, the name of a call, the value
  of an argument or a line of a result is not in the prompt; a name must be there as often as it is
  called, declarations of tools not counted.
- **lacks**: what the template does not carry even of hand-made messages in the plainest spelling:
  `users` (one message of a user: such a template takes what only its own program passes), `turns`,
  `system` (also in a run of calls), `calls`, `results`, `pictures` (content that is a list of
  parts).
- **beyond it** are windows that raise an error or lose something just where the template lacks it:
  calls, results or pictures that the window has, or anything without `users` or `turns`. They are
  in no share of the table of templates but in this one; in the first table the shares of `all` have
  them as well.
- A template without `system` gets `target: "no-system"` in place of `strict`, as its user would ask
  for it; with `any` it gets the system message, and what becomes of it counts.
- Reasoning and names of speakers are not looked for: templates leave reasoning of earlier turns out
  on purpose, and few know names.
"""


@dataclass(frozen=True)
class Failure:
    """A problem of a template with a window of a conversation."""

    problem: str
    template: str
    sample: str


@dataclass
class Outcome:
    """What became of the windows of one target in one template."""

    windows: int = 0
    raised: int = 0
    lost: int = 0
    beyond_raised: int = 0
    beyond_lost: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def carried(self) -> int:
        """Return how many windows the template can carry."""
        return self.windows - self.beyond_raised - self.beyond_lost

    def add(self, other: "Outcome") -> None:
        """Add what became of others."""
        self.windows += other.windows
        self.raised += other.raised
        self.lost += other.lost
        self.beyond_raised += other.beyond_raised
        self.beyond_lost += other.beyond_lost
        self.failures += other.failures


@dataclass(frozen=True)
class Row:
    """A template, what it can carry, and what became of the windows of each target."""

    template: Template
    abilities: Abilities
    outcomes: dict[str, Outcome]


def main() -> None:
    """Measure, and write the report to the standard output; kinds of failures to the other."""
    with tempfile.TemporaryDirectory() as directory, opened(Path(directory)) as source:
        for sample in SAMPLES:
            source.store(sample.name, sample.messages)
        windows = {target: _windows(source, target) for target in TARGETS}
    rows = [_row(template, windows) for template in templates()]
    sys.stdout.write("\n".join(_page(rows)) + "\n")
    for target, outcome in _totals(rows).items():
        _show_failures(target, outcome.failures)


def _show_failures(target: str, failures: list[Failure]) -> None:
    """Write the problems, the most frequent first, each with where it arises."""
    for problem, count in Counter(each.problem for each in failures).most_common(_SHOWN):
        found = [each for each in failures if each.problem == problem]
        names = [sorted({getattr(each, name) for each in found}) for name in ("template", "sample")]
        where = "; ".join(f"{len(each)}: {', '.join(each[:_NAMED])}" for each in names)
        sys.stderr.write(f"{target}: {count} × {problem} ({where})\n")


def _windows(source: WindowSource, target: str) -> list[Window]:
    settings = {"format": "openai"} | ({} if target == "any" else {"target": target})
    return [window for sample in SAMPLES for window in source.windows(sample, **settings)]


def _row(template: Template, windows: dict[str, list[Window]]) -> Row:
    abilities = abilities_of(template.source)
    strict = "strict" if abilities.system else "no-system"
    targets = {"any": "any", "strict": strict}
    outcomes = {
        target: _outcome(template, abilities, windows[sent])
        for target, sent in targets.items()
        if sent in windows
    }
    return Row(template, abilities, outcomes)


# --- One rendering ------------------------------------------------------------------------------


def _outcome(template: Template, abilities: Abilities, windows: Iterable[Window]) -> Outcome:
    outcome = Outcome()
    for window in windows:
        outcome.windows += 1
        problem = _problem(template, abilities, window, outcome)
        if problem:
            outcome.failures.append(Failure(problem, template.title, window.sample.name))
    return outcome


def _problem(
    template: Template, abilities: Abilities, window: Window, outcome: Outcome
) -> str | None:
    """Render a window, count what becomes of it, and name a problem that is not the template's."""
    try:
        prompt = Prompt(template.source, window.messages)
    except RenderError as error:
        is_beyond = _is_beyond(window.messages, abilities)
        outcome.beyond_raised += is_beyond
        outcome.raised += not is_beyond
        return None if is_beyond else str(error)
    lost, beyond = _lost(prompt, abilities)
    outcome.lost += bool(lost)
    outcome.beyond_lost += not lost and bool(beyond)
    return f"lost {lost[0]}" if lost else None


def _lost(prompt: Prompt, abilities: Abilities) -> tuple[list[str], list[str]]:
    """Return what is lost of what the template can carry, and of what it cannot."""
    lost: list[str] = []
    beyond: list[str] = []
    for can, missing in (
        (abilities.users and abilities.turns, prompt.lost_texts()),
        (abilities.pictures, prompt.lost_captions()),
        (abilities.calls, prompt.lost_calls()),
        (abilities.results, prompt.lost_results()),
    ):
        (lost if can else beyond).extend(missing)
    return lost, beyond


def _is_beyond(messages: list[Json], abilities: Abilities) -> bool:
    """Tell whether messages have what a template lacks; for a system message targets exist."""
    return (
        not (abilities.users and abilities.turns)
        or (not abilities.calls and any(message.get("tool_calls") for message in messages))
        or (not abilities.results and any(message["role"] == "tool" for message in messages))
        or (not abilities.pictures and any(is_list(message) for message in messages))
    )


# --- The report ---------------------------------------------------------------------------------


def _totals(rows: Iterable[Row]) -> dict[str, Outcome]:
    totals: dict[str, Outcome] = {}
    for row in rows:
        for target, outcome in row.outcomes.items():
            totals.setdefault(target, Outcome()).add(outcome)
    return totals


def _page(rows: list[Row]) -> Iterator[str]:
    yield "# Windows in chat templates"
    yield ""
    yield "Generated by `make bench-templates`, which fetches the templates."
    yield ""
    yield from lines(table_of([*_findings(rows)]))
    yield "## Templates"
    yield ""
    yield from lines(Figures("", _COLUMNS, [_cells(row) for row in rows]))
    yield "## Method"
    yield METHOD.format(
        samples=len(SAMPLES),
        shares=", ".join(f"{share:.0%}" for share in SHARES),
        transformers=version("transformers"),
        pins=" and ".join(map(str, pinned())),
    )
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}."


def _findings(rows: list[Row]) -> Iterator[Finding]:
    for target, outcome in _totals(rows).items():
        raised, lost = _GOALS[target]
        detail = (
            f"of {outcome.carried:,} renderings; {outcome.raised:,} raised, {outcome.lost:,} lost"
        )
        yield _share(f"{target}: raised", outcome.raised, outcome.carried, raised, detail)
        yield _share(f"{target}: lost something", outcome.lost, outcome.carried, lost, detail)
        beyond = outcome.beyond_raised, outcome.beyond_lost
        detail = f"of {outcome.windows:,}; beyond the template {beyond[0]:,} and {beyond[1]:,}"
        all_raised, all_lost = outcome.raised + beyond[0], outcome.lost + beyond[1]
        yield _share(f"{target}: raised, all", all_raised, outcome.windows, None, detail)
        yield _share(f"{target}: lost something, all", all_lost, outcome.windows, None, detail)


def _share(what: str, part: int, whole: int, goal: float | None, detail: str) -> Finding:
    bound = None if goal is None else Goal(goal, at_least=False, unit=" %")
    return Finding(NAME, what, 100 * part / max(whole, 1), " %", bound, detail)


def _cells(row: Row) -> tuple[str, ...]:
    cells = [row.template.title, " ".join(row.abilities.lacking) or "–"]
    for target in _GOALS:
        outcome = row.outcomes.get(target)
        if outcome is None:
            cells += ["–"] * 3
            continue
        carried = max(outcome.carried, 1)
        beyond = outcome.beyond_raised + outcome.beyond_lost
        shares = (outcome.raised / carried, outcome.lost / carried, beyond / outcome.windows)
        cells += [f"{share:.0%}" for share in shares]
    return tuple(cells)


if __name__ == "__main__":
    main()
