"""Operations routes: health, metrics and the API's own description."""

import re

import pytest

from .checking import done
from .making import new_dialogue
from .rows import ADMIN, DATA, OPERATOR

SEGMENT = re.compile(r"\{[^}]*\}")


@pytest.fixture(scope="module")
def described(operator):
    return done(operator.get("/openapi.json"))


class TestHealth:
    @pytest.mark.parametrize("path", ["/health", "/ready"])
    def test_it_says_that_all_is_well(self, path, nobody):
        assert isinstance(done(nobody.get(path)), dict)


class TestMetrics:
    def test_they_count_requests_by_route_and_status(self, api, nobody):
        new_dialogue(api, id="a-dialogue-with-a-name")
        api.get("/dialogue/a-dialogue-with-a-name")
        api.get("/dialogue/another-name")
        answer = nobody.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "dialoguedb" in answer.text
        assert "a-dialogue-with-a-name" not in answer.text

    def test_they_tell_nothing_of_any_project(self, api, nobody, project):
        new_dialogue(api)
        text = nobody.get("/metrics").text
        assert not re.search(r"\bproject\w*=", text)
        assert project.id not in text


class TestTheDescription:
    def test_it_is_openapi_3_1(self, described):
        assert described["openapi"].startswith("3.1")
        assert described["info"]["title"]

    def test_it_describes_every_route_there_is(self, described):
        paths = {
            SEGMENT.sub("{}", path): {method.upper() for method in methods}
            for path, methods in described["paths"].items()
        }
        for row in [*DATA, *ADMIN, *OPERATOR]:
            path = SEGMENT.sub("{}", row.path.partition("?")[0])
            found = paths.get(path) or paths[re.sub("/(end|archive|reopen)$", "/{}", path)]
            assert row.method in found, row

    def test_it_has_examples_and_names_the_key(self, described):
        assert "example" in str(described)
        schemes = described["components"]["securitySchemes"].values()
        assert [(scheme["type"], scheme["scheme"]) for scheme in schemes] == [("http", "bearer")]

    def test_the_page_for_people_needs_no_other_host(self, nobody):
        answer = nobody.get("/docs")
        assert answer.headers["Content-Type"].startswith("text/html")
        outside = re.findall(r"""(?:src|href)=["'](https?:)?//""", answer.text)
        assert outside == []
