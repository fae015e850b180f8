"""The longest chain of imports within the package: how deep a reader may have to follow.

`python -m tools.import_chain [--root DIR] [--lazy]` reads the imports at the top of each module,
with `--lazy` also those inside functions, joins the modules of a circle to one node, and prints the
longest path through the graph that remains.
"""

import argparse
import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = "dialoguedb"
SOURCE = Path(__file__).parent.parent / "src"

Graph = Mapping[str, frozenset[str]]
"""The modules that each module imports."""


def modules(source: Path) -> dict[str, ast.Module]:
    """Return every module of the package, parsed, by its dotted name."""
    found = {}
    for path in sorted((source / PACKAGE).rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def graph_of(trees: Mapping[str, ast.Module], *, lazy: bool = False) -> Graph:
    """Return what each module imports of the package, with `lazy` also inside functions."""
    return {
        name: frozenset(
            imported
            for statement in _imports(tree, lazy=lazy)
            for imported in _targets(statement, trees)
            if imported != name
        )
        for name, tree in trees.items()
    }


def _imports(tree: ast.AST, *, lazy: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not lazy:
            continue
        elif not _is_for_types(node):
            yield from _imports(node, lazy=lazy)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _targets(
    statement: ast.Import | ast.ImportFrom, trees: Mapping[str, ast.Module]
) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names if alias.name in trees)
    elif statement.module and statement.module in trees:
        names = [f"{statement.module}.{alias.name}" for alias in statement.names]
        imported = [name for name in names if name in trees]
        yield from imported
        if len(imported) < len(names):
            yield statement.module


def without_circles(graph: Graph) -> Graph:
    """Return the graph with the modules of each circle joined to one node."""
    joined = dict(graph)
    while True:
        try:
            TopologicalSorter(joined).prepare()
        except CycleError as error:
            joined = _join(joined, error.args[1])
        else:
            return joined


def _join(graph: Graph, circle: list[str]) -> dict[str, frozenset[str]]:
    members = frozenset(circle)
    name = " = ".join(sorted(members))

    def renamed(imported: frozenset[str]) -> frozenset[str]:
        return (imported - members) | {name} if imported & members else imported

    rest = {
        module: renamed(imported) for module, imported in graph.items() if module not in members
    }
    return {**rest, name: frozenset().union(*(graph[one] for one in members)) - members}


def longest_chain(graph: Graph) -> list[str]:
    """Return the longest path of imports, from the top down, of a graph without circles."""

    @cache
    def below(module: str) -> tuple[str, ...]:
        chains = (below(imported) for imported in sorted(graph[module]))
        return (module, *max(chains, key=len, default=()))

    return [*max((below(module) for module in sorted(graph)), key=len, default=())]


def main() -> None:
    """Print the longest chain and its length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=SOURCE, help="the directory of the package")
    parser.add_argument("--lazy", action="store_true", help="count imports inside functions, too")
    options = parser.parse_args()
    chain = longest_chain(without_circles(graph_of(modules(options.root), lazy=options.lazy)))
    for depth, module in enumerate(chain, 1):
        print(f"{depth:3}  {module}")


if __name__ == "__main__":
    main()
