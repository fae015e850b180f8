"""The measurement of what answers tell strangers asks on every route that has an id."""

import re

from bench.trust.equal_times import ROUTES
from dialoguedb.http.route_table import ROUTES as SERVED

NOT_OF_A_PROJECT = ("/admin/projects", "/docs")


def shape(method, path):
    """Return a route without the names of its ids, in one of its spellings."""
    path = path.partition("?")[0].replace("/messages", "/message").replace("{action}", "end")
    return method, re.sub(r"\{\w+\}", "{}", path)


def test_every_route_with_an_id_is_asked():
    measured = {shape(route.method, route.path) for route in ROUTES}
    served = {
        shape(route.method, route.path)
        for route in SERVED
        if "{" in route.path and not route.path.startswith(NOT_OF_A_PROJECT)
    }
    assert served - measured == set()
