"""Paths as clients write them mean the same route and the same ids."""

import pytest

from dialoguedb.http.requests.incoming import normalise


@pytest.mark.parametrize(
    "written",
    [
        b"/dialogue/d",
        b"/dialogue/d/",
        b"//dialogue/d",
        b"/api/v1/dialogue/d",
        b"//api/v1/dialogue/d",
        b"/api/v1//dialogue/d",
        b"/api/v1/dialogue/d//",
        b"/dialogue/%64",
    ],
)
def test_every_spelling_of_a_path_is_the_same(written):
    assert normalise(written) == "/dialogue/d"


@pytest.mark.parametrize("written", [b"/", b"//", b"/api/v1", b"/api/v1/"])
def test_nothing_is_the_root(written):
    assert normalise(written) == "/"


@pytest.mark.parametrize("written", [b"/api/v1x/d", b"/api/v2/d", b"/x/api/v1/d"])
def test_only_the_whole_prefix_in_front_is_left_out(written):
    assert normalise(written) == written.decode()


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        (b"a:b", "a:b"),
        (b"a+b", "a+b"),
        (b"a%20b", "a b"),
        (b"%C3%A9", "é"),
        ("é".encode(), "é"),
        (b"%F0%9F%98%80", "😀"),
        (b"%25", "%"),
        (b"%zz", "%zz"),
    ],
)
def test_each_segment_is_decoded_by_itself(segment, name):
    assert normalise(b"/memory/" + segment + b"/x") == f"/memory/{name}/x"


@pytest.mark.parametrize("segment", [b"a%2Fb", b"%2F", b"messages%0A", b"%ff", b"\xff", b"%00"])
def test_what_breaks_a_segment_apart_reaches_no_other_route(segment):
    _, first, last = normalise(b"/memory/" + segment).split("/")
    assert (first, "\0" in last) == ("memory", True)
