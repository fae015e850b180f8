"""Conversations kept as trees: what a program shows is the dialogue, other branches are threads.

Programs keep trees because questions are edited and answers requested again. The path that is shown
becomes the dialogue; whatever branches off becomes a thread of what it branches off from.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct, structs

from dialoguedb.cli.data.transfer.conversions import pruned
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import InvalidRequest

Branches = Literal["threads", "current", "all"]
"""What becomes of branches: threads, nothing, or threads that begin with what is before them."""

FORKED_AFTER = "forkedAfter"
"""The member of a thread's metadata that names the message it forks after."""

ORIGINAL_TIME = "originalTime"
"""The member of a message's metadata that holds its time, where it is before its predecessor's."""


class TreeLine(DialogueLine):
    """A dialogue with branches, which may have been shown by another path before."""


class Node(Struct):
    """A place in a tree, with a message unless the program keeps none there."""

    id: str
    parent: str | None
    message: MessageLine | None = None
    time: str = ""
    """By which the newest leaf is chosen."""


def arranged(
    dialogue: DialogueLine, nodes: Iterable[Node], current: str | None, branches: Branches
) -> Iterator[Line]:
    """Yield a dialogue with its messages, and its threads after it.

    `current` is the last node that the program shows; what follows it is shown, too, up to the
    newest leaf. If there is no such node, the newest leaf of all is the last.
    """
    tree = _Tree(nodes)
    dialogue = TreeLine(**structs.asdict(dialogue)) if tree.has_branches() else dialogue
    shown = tree.path_to(tree.newest_leaf(current if current in tree.nodes else None))
    waiting: list[tuple[DialogueLine, list[Node], list[Node]]] = [(dialogue, [], shown)]
    while waiting:
        line, before, path = waiting.pop(0)
        messages = [node.message for node in path if node.message]
        if messages or line is dialogue:
            yield line
            kept = before if branches == "all" else []
            begins = max((_created(node) for node in before), default=line.created or "")
            yield from in_order([*_messages(kept), *messages], None if kept else begins)
        if branches == "current":
            leave_out(Kind.BRANCHES, tree.beside())
            return
        parent = line if messages or line is dialogue else dialogue
        for beyond, start in tree.forks_of(path):
            forked = [*before, *beyond]
            branch = tree.path_to(tree.newest_leaf(start))
            branch = branch[branch.index(tree.nodes[start]) :]
            thread = _thread(dialogue, parent, forked, branch)
            waiting.append((thread, forked, branch))
    if tree.has_circle():
        raise InvalidRequest("Its messages follow each other in a circle")


def in_order(messages: Sequence[MessageLine], begins: str | None) -> Iterator[MessageLine]:
    """Yield messages with times that keep their order: an earlier one is raised to the one before.

    A message without a time has that of the one before.
    """
    latest = begins or None
    for message in messages:
        if latest is not None and (message.created is None or message.created < latest):
            if message.created is not None:
                noted = {**json_codec.decode(bytes(message.metadata), dict)}
                message.metadata = json_of({**noted, ORIGINAL_TIME: message.created})
            message.created = latest
        latest = message.created or latest
        yield message


class _Tree:
    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: dict[str, Node] = {}
        for node in nodes:
            if node.id in self.nodes:  # an id that several have is nobody's
                for one in (self.nodes[node.id], node):
                    if one.message:
                        one.message.id = None
                node.id = f"{node.id}~{len(self.nodes)}"
            self.nodes[node.id] = node
        self._children: dict[str | None, list[str]] = {}
        for node in self.nodes.values():
            parent = node.parent if node.parent in self.nodes else None
            self._children.setdefault(parent, []).append(node.id)
        self._seen: set[str] = set()

    def newest_leaf(self, start: str | None) -> str | None:
        """Return the leaf below a node whose time is greatest; of equal ones the last."""
        found: str | None = None
        latest = ""
        for node in self._below(start):
            if node.id not in self._children and (found is None or node.time >= latest):
                found, latest = node.id, node.time
        return found

    def path_to(self, leaf: str | None) -> list[Node]:
        """Return the nodes from the root to one."""
        path: list[Node] = []
        passed: set[str] = set()
        at = leaf
        while at is not None and at in self.nodes and at not in passed:
            passed.add(at)
            path.append(self.nodes[at])
            at = self.nodes[at].parent
        self._seen |= passed
        return path[::-1]

    def forks_of(self, path: Sequence[Node]) -> Iterator[tuple[list[Node], str]]:
        """Yield where other branches begin, each with the part of the path before it."""
        is_from_root = bool(path) and path[0].parent not in self.nodes
        for index in range(0 if is_from_root else 1, len(path) + 1):
            parent = path[index - 1].id if index else None
            for child in self._children.get(parent, ()):
                if child not in self._seen:
                    yield list(path[:index]), child

    def has_branches(self) -> bool:
        """Tell whether more than one path can be shown."""
        return any(len(children) > 1 for children in self._children.values())

    def beside(self) -> int:
        """Return how many messages are on no path by now."""
        return sum(1 for own, node in self.nodes.items() if node.message and own not in self._seen)

    def has_circle(self) -> bool:
        """Tell whether messages are left that no root leads to; once all branches were followed."""
        return self.beside() > 0

    def _below(self, start: str | None) -> Iterator[Node]:
        waiting = [start] if start is not None else [*self._children.get(None, ())]
        passed: set[str] = set()
        while waiting:
            at = waiting.pop()
            if at not in passed:
                passed.add(at)
                yield self.nodes[at]
                waiting += self._children.get(at, ())


def forked_after(line: DialogueLine) -> str | None:
    """Return the message after which a thread begins; None when it is no thread of a tree."""
    found: str | None = json_codec.decode(bytes(line.metadata), dict).get(FORKED_AFTER)
    return found


def thread_of(
    conversation: DialogueLine,
    parent: DialogueLine,
    after: str | None,
    first: str,
    created: str | None,
) -> DialogueLine:
    """Return the thread that a branch becomes, by the message before it and its first one."""
    kept: dict[str, Any] = json_codec.decode(bytes(conversation.metadata), dict)
    noted = {"source": kept.get("source"), FORKED_AFTER: after}
    return DialogueLine(
        id=f"{conversation.id}-{first}",
        namespace=conversation.namespace,
        thread_of=parent.id,
        label=conversation.label,
        created=created or conversation.created,
        metadata=json_of(pruned(noted)),
    )


def _thread(
    conversation: DialogueLine, parent: DialogueLine, before: Sequence[Node], branch: Sequence[Node]
) -> DialogueLine:
    after = next((node.message.id for node in reversed(before) if node.message), None)
    first = next((node for node in branch if node.message), branch[0])
    return thread_of(conversation, parent, after, first.id, _created(first))


def _messages(nodes: Iterable[Node]) -> list[MessageLine]:
    return [structs.replace(node.message) for node in nodes if node.message]


def _created(node: Node) -> str:
    return (node.message and node.message.created) or ""
