"""The tool that measures the longest chain of imports."""

import ast

from tools.import_chain import graph_of, longest_chain, without_circles


def chain(sources, *, lazy=False):
    trees = {name: ast.parse(source) for name, source in sources.items()}
    return longest_chain(without_circles(graph_of(trees, lazy=lazy)))


def test_the_longest_chain_goes_from_the_top_down():
    sources = {"p": "", "p.a": "import p.b, p.c", "p.b": "from p import c", "p.c": "import os"}
    assert chain(sources) == ["p.a", "p.b", "p.c"]


def test_a_name_of_a_package_is_an_import_of_the_package():
    assert chain({"p": "VERSION = 1", "p.a": "from p import VERSION"}) == ["p.a", "p"]


def test_an_import_within_a_function_counts_when_it_is_asked_for():
    sources = {"p.a": "def f():\n    import p.b", "p.b": ""}
    assert len(chain(sources)) == 1
    assert chain(sources, lazy=True) == ["p.a", "p.b"]


def test_what_is_imported_for_types_alone_does_not_count():
    sources = {"p.a": "if TYPE_CHECKING:\n    import p.b", "p.b": ""}
    assert len(chain(sources, lazy=True)) == 1


def test_the_modules_of_a_circle_are_one_step():
    sources = {"p.a": "import p.b", "p.b": "import p.c", "p.c": "import p.b, p.d", "p.d": ""}
    assert chain(sources) == ["p.a", "p.b = p.c", "p.d"]
