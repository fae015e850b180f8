"""Projects and their settings: the operator's and the administrator's routes."""

import time

import pytest

from .checking import TIMESTAMP, done, error_of, eventually, ids, refused
from .making import HELLO, new_dialogue, new_memory, new_message, walk

DEFAULTS = {
    "rateLimit": {"enabled": True, "perSecond": 20_000, "burst": 20_000},
    "immutable": False,
    "deletionProtection": False,
    "allowedIps": [],
    "autoCompact": None,
}
QUOTAS = ("requests", "messages", "dialogues", "storedBytes")


class TestProjects:
    def test_a_new_project_is_shown_with_a_key_that_opens_it(self, project, api):
        made = project.made
        assert made.keys() >= {"id", "name", "created", "modified", "settings", "key"}
        assert TIMESTAMP.fullmatch(made["created"])
        assert new_dialogue(api)["projectId"] == made["id"]
        assert done(api.get("/admin/settings")) == made["settings"]

    def test_one_is_found_by_id_and_by_name_and_the_key_is_not_shown_again(self, project, operator):
        by_id = operator.get(f"/admin/projects/{project.id}")
        by_name = operator.get(f"/admin/projects/{project.name}")
        assert done(by_id) == done(by_name)
        assert by_id.json()["name"] == project.name
        assert project.key not in by_id.text

    def test_an_existing_name_is_a_duplicate(self, project, operator):
        refused(operator.post("/admin/projects", json={"name": project.name}), "DUPLICATE_ID")

    def test_a_name_is_required(self, operator):
        refused(operator.post("/admin/projects", json={}), "MISSING_PARAMETER", "name")

    @pytest.mark.parametrize("name", ["", 5, "x" * 257, ["n"], "01M83VMAFD5J04S18TMSZFH3ZK"])
    def test_a_name_must_be_one(self, name, operator):
        refused(operator.post("/admin/projects", json={"name": name}), "INVALID_PARAMETER", "name")

    def test_first_settings_may_be_given(self, new_project):
        made = new_project(deletionProtection=True, quotas={"messages": 5}).made
        assert made["settings"]["deletionProtection"] is True
        assert made["settings"]["quotas"]["messages"] == 5

    def test_projects_are_listed_newest_first_in_pages(self, new_project, operator):
        made = [new_project().id for _ in range(3)]
        page = done(operator.get("/admin/projects", params={"limit": 3}))
        assert ids(page) == made[::-1]
        assert page["next"]
        everything = [item["id"] for item in walk(operator, "/admin/projects", limit=50)]
        assert len(everything) == len(set(everything))
        assert set(made) <= set(everything)
        oldest = walk(operator, "/admin/projects", limit=50, order="asc")
        assert [item["id"] for item in oldest] == everything[::-1]

    def test_the_first_start_made_one_called_default(self, server, operator, client_of):
        assert done(operator.get("/admin/projects/default"))["name"] == "default"
        named = [line for line in server.first_lines if 'project "default"' in line]
        assert [line.split()[-1] for line in named] == [str(server.data / "first-key")]
        done(client_of(server.first_key).get("/dialogue"))

    def test_deleting_one_counts_what_went_and_frees_the_name(self, project, api, operator):
        parent = new_dialogue(api, messages=[HELLO, HELLO])
        new_dialogue(api, threadOf=parent["id"], message=HELLO)
        new_memory(api)
        receipt = done(operator.delete(f"/admin/projects/{project.id}"))
        counts = {"dialogues": 2, "messages": 3, "memories": 1, "summaries": 0}
        assert receipt == {"success": True, "id": project.id, "deleted": counts}
        refused(operator.get(f"/admin/projects/{project.id}"), "PROJECT_NOT_FOUND")
        refused(operator.delete(f"/admin/projects/{project.id}"), "PROJECT_NOT_FOUND")
        again = done(operator.post("/admin/projects", json={"name": project.name}))
        assert again["id"] != project.id


class TestSettings:
    def test_a_fresh_project_has_the_defaults(self, api):
        settings = done(api.get("/admin/settings"))
        assert {name: settings[name] for name in DEFAULTS} == DEFAULTS
        assert {settings["quotas"].get(name) for name in QUOTAS} == {None}

    def test_only_named_members_change_and_the_whole_is_answered(self, api):
        first = done(api.put("/admin/settings", json={"quotas": {"messages": 5}}))
        assert first["quotas"]["messages"] == 5
        second = done(api.put("/admin/settings", json={"deletionProtection": True}))
        assert second["quotas"]["messages"] == 5
        assert second["deletionProtection"] is True
        assert done(api.get("/admin/settings")) == second

    def test_null_returns_a_member_to_its_default(self, api):
        changed = {"rateLimit": {"enabled": False, "perSecond": 5, "burst": 5}}
        done(api.put("/admin/settings", json={**changed, "quotas": {"messages": 5}}))
        back = done(api.put("/admin/settings", json={"rateLimit": None, "quotas": None}))
        assert back["rateLimit"] == DEFAULTS["rateLimit"]
        assert back["quotas"].get("messages") is None

    @pytest.mark.parametrize(
        "change",
        [
            {"unknown": 1},
            {"rateLimit": 5},
            {"rateLimit": {"enabled": True, "perSecond": 0, "burst": 1}},
            {"rateLimit": {"enabled": True, "perSecond": 1, "burst": 0}},
            {"rateLimit": {"enabled": "yes", "perSecond": 1, "burst": 1}},
            {"rateLimit": {"enabled": True, "perSecond": 1.5, "burst": 1}},
            {"quotas": {"messages": -1}},
            {"quotas": {"messages": "5"}},
            {"quotas": {"teapots": 5}},
            {"immutable": "yes"},
            {"deletionProtection": 1},
            {"allowedIps": "10.0.0.0/8"},
            {"allowedIps": ["10.0.0.0/33"]},
            {"allowedIps": ["example.org"]},
            {"allowedIps": [5]},
        ],
        ids=str,
    )
    def test_what_makes_no_sense_is_refused_and_changes_nothing(self, change, api):
        before = done(api.get("/admin/settings"))
        answer = api.put("/admin/settings", json={**change, "deletionProtection": True} | change)
        assert answer.status_code == 400
        error_of(answer)
        assert done(api.get("/admin/settings")) == before

    def test_immutable_is_a_one_way_street(self, api):
        assert done(api.put("/admin/settings", json={"immutable": True}))["immutable"] is True
        assert api.put("/admin/settings", json={"immutable": False}).status_code == 400
        assert done(api.put("/admin/settings", json={"immutable": True}))["immutable"] is True
        assert done(api.get("/admin/settings"))["immutable"] is True

    def test_deletion_protection_keeps_the_project_and_nothing_else(self, api, operator, project):
        done(api.put("/admin/settings", json={"deletionProtection": True}))
        for name in [project.id, project.name]:
            refused(operator.delete(f"/admin/projects/{name}"), "PROJECT_PROTECTED")
        dialogue = new_dialogue(api, message=HELLO)
        done(api.delete(f"/dialogue/{dialogue['id']}"))
        done(api.delete(f"/memory/{new_memory(api)['id']}"))
        done(api.put("/admin/settings", json={"deletionProtection": False}))
        done(operator.delete(f"/admin/projects/{project.id}"))


class TestAllowedAddresses:
    @pytest.mark.parametrize("ranges", [["127.0.0.0/8"], ["10.0.0.0/8", "127.0.0.1/32"], []])
    def test_an_address_inside_is_let_in(self, ranges, new_project, client_of):
        done(client_of(new_project(allowedIps=ranges).key).get("/dialogue"))

    @pytest.mark.parametrize("ranges", [["10.0.0.0/8"], ["127.0.0.2/32", "2001:db8::/32"]])
    def test_an_address_outside_is_forbidden_within_a_second(self, ranges, api, stranger):
        new_dialogue(api, id="d")
        done(api.put("/admin/settings", json={"allowedIps": ranges}))
        eventually(lambda: api.get("/dialogue").status_code == 403)
        for call in ["GET /dialogue/d", "GET /dialogue/none", "POST /dialogue", "GET /memory"]:
            method, path = call.split()
            refused(api.request(method, path), "FORBIDDEN")
        done(stranger.get("/dialogue"))

    def test_a_header_does_not_move_the_caller(self, api):
        done(api.put("/admin/settings", json={"allowedIps": ["10.0.0.0/8"]}))
        eventually(lambda: api.get("/dialogue").status_code == 403)
        for name in ["X-Forwarded-For", "X-Real-IP", "Forwarded"]:
            forwarded = "for=10.0.0.1" if name == "Forwarded" else "10.0.0.1"
            refused(api.get("/dialogue", headers={name: forwarded}), "FORBIDDEN")


class TestUsage:
    def test_it_counts_what_was_accepted_this_month(self, api):
        before = done(api.get("/admin/usage"))
        assert before["month"] == time.strftime("%Y-%m", time.gmtime())
        assert (before["messages"], before["dialogues"]) == (0, 0)
        new_dialogue(api, id="d", message=HELLO)
        new_message(api, "d", content="x" * 1_000, metadata={"y": "z" * 1_000})
        new_memory(api, value="v" * 1_000)
        done(api.put("/dialogue/d/state", json={"s": "t" * 1_000}))
        usage = done(api.get("/admin/usage"))
        assert (usage["messages"], usage["dialogues"]) == (2, 1)
        assert 4_000 <= usage["storedBytes"] - before["storedBytes"] < 4_500
        assert usage["requests"] - before["requests"] >= 4

    def test_requests_before_there_was_a_quota_count(self, api):
        used = done(api.get("/admin/usage"))["requests"]
        done(api.get("/dialogue"))
        done(api.put("/admin/settings", json={"quotas": {"requests": used + 3}}))
        assert [api.get("/dialogue").status_code for _ in range(2)] == [200, 429]
        done(api.put("/admin/settings", json={"quotas": None}))

    def test_what_was_refused_is_not_counted(self, api):
        new_dialogue(api, id="d")
        refused(api.post("/dialogue", json={"id": "d"}), "DUPLICATE_ID")
        refused(api.post("/dialogue/d/messages", json={"role": "user"}), "MISSING_PARAMETER")
        refused(api.post("/dialogue/none/messages", json=HELLO), "DIALOGUE_NOT_FOUND")
        usage = done(api.get("/admin/usage"))
        assert (usage["messages"], usage["dialogues"]) == (0, 1)
