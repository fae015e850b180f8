"""JSON as people write it: every spelling of numbers and texts, as tokens and as bytes."""

import json

from hypothesis import strategies as st

Tokens = tuple[str, ...]

SPACES = st.sampled_from(["", "", " ", "\n", "\t", "\r\n  "])
ODD = [
    *(r"\u0000", r"\ud800", r"\udfff", r"\ud83d\ude00", r"\"", r"\\", r"\/", r"\n", r"\u00e9"),
    *("\x7f", "é", "😀", "\u2028", "\ufeff", "a", " ", "{", "]", ":", ","),
]

texts = st.one_of(
    st.text(max_size=20).map(json.dumps),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    st.lists(st.sampled_from(ODD), max_size=8).map(lambda parts: f'"{"".join(parts)}"'),
)
numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)
scalars = st.one_of(texts, numbers, st.sampled_from(["null", "true", "false"])).map(
    lambda word: (word,)
)


def listed(items: list[Tokens]) -> Tokens:
    """Return the tokens of an array."""
    parts = [token for item in items for token in (",", *item)][1:]
    return ("[", *parts, "]")


def keyed(members: list[tuple[str, Tokens]]) -> Tokens:
    """Return the tokens of an object."""
    parts = [token for name, value in members for token in (",", name, ":", *value)][1:]
    return ("{", *parts, "}")


def objects_of(inner: st.SearchStrategy[Tokens], least: int = 0) -> st.SearchStrategy[Tokens]:
    """Make objects with these values, and keys that may come twice."""
    return st.lists(st.tuples(texts, inner), min_size=least, max_size=4).map(keyed)


values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4).map(listed) | objects_of(inner),
    max_leaves=12,
)
objects = objects_of(values)
contents = st.one_of(
    objects_of(values, least=1),
    st.lists(objects, min_size=1, max_size=3).map(listed),
    texts.filter(lambda text: text != '""').map(lambda text: (text,)),
)


def compact(tokens: Tokens) -> bytes:
    """Return the bytes without any white space between tokens."""
    return "".join(tokens).encode()


def spread(tokens: Tokens, space: str) -> bytes:
    """Return the bytes with this white space between all tokens."""
    return space.join(tokens).encode()
