"""`dialoguedb eval`: labels of one's own data, and what a search finds of them."""

import click

from dialoguedb.cli.data.evaluation.label_command import label_command
from dialoguedb.cli.data.evaluation.run_command import run_command
from dialoguedb.cli.examples import examples


@click.group(
    "eval",
    epilog=examples(
        ("Label what a search should find", "dialoguedb eval label labels.jsonl"),
        ("Measure, and keep the result", "dialoguedb eval run labels.jsonl --save before.json"),
        (
            "Compare, after another embedder",
            "dialoguedb eval run labels.jsonl --against before.json",
        ),
    ),
)
def eval_() -> None:
    """Measure how well search finds what you label in your own data.

    Labels are lines of JSON, which may also be written by hand or by a program:
    {"query": "when does it arrive", "relevant": ["order-17/m4"]}, where a message is named by its
    dialogue and its id. With "object": "dialogue" or "memory" relevant holds ids of these;
    "namespace" searches in one.
    """


eval_.add_command(label_command)
eval_.add_command(run_command)
