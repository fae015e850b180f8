"""Settings of projects, quotas and versions: the decisions that every engine shares."""

import msgspec
import pytest

from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    InvalidRequest,
    ProjectProtected,
    QuotaExceeded,
    VersionConflict,
)
from dialoguedb.model.keys import PERMISSION_RANK, key_digest, key_prefix, new_secret
from dialoguedb.model.projects import (
    AutoCompact,
    Project,
    ProjectSettings,
    Quotas,
    SettingsChange,
    Usage,
    changed_settings,
)
from dialoguedb.model.rules import projects, status, usage


def change(**fields):
    return msgspec.convert(fields, SettingsChange)


class TestChanging:
    def test_what_is_left_out_stays(self):
        settings = changed_settings(
            ProjectSettings(), change(rateLimit={"burst": 5}, allowedIps=["::1"])
        )
        settings = changed_settings(settings, change(rateLimit={"perSecond": 6}))
        assert (settings.rate_limit.burst, settings.rate_limit.per_second) == (5, 6)
        assert settings.allowed_ips == ["::1"]

    @pytest.mark.parametrize(
        "name", ["rateLimit", "quotas", "deletionProtection", "allowedIps", "autoCompact"]
    )
    def test_null_is_the_default(self, name):
        full = change(
            rateLimit={"enabled": False, "perSecond": 1, "burst": 1},
            quotas={"requests": 1, "messages": 1, "dialogues": 1, "storedBytes": 1},
            deletionProtection=True,
            allowedIps=["::1"],
            autoCompact={"aboveTokens": 100},
        )
        cleared = changed_settings(
            changed_settings(ProjectSettings(), full), change(**{name: None})
        )
        field = next(
            one.name for one in msgspec.structs.fields(ProjectSettings) if one.encode_name == name
        )
        assert getattr(cleared, field) == getattr(ProjectSettings(), field)
        assert cleared != ProjectSettings()

    def test_an_object_switches_on_what_was_off(self):
        settings = changed_settings(ProjectSettings(), change(autoCompact={}))
        assert settings.auto_compact == AutoCompact()
        settings = changed_settings(settings, change(autoCompact={"keepRecent": 3}))
        settings = changed_settings(settings, change(autoCompact={"aboveTokens": 50}))
        assert settings.auto_compact == AutoCompact(above_tokens=50, keep_recent=3)

    def test_the_settings_before_are_not_touched(self):
        before = ProjectSettings()
        changed_settings(before, change(allowedIps=["::1"], quotas={"messages": 1}, immutable=True))
        assert before == ProjectSettings()
        assert before.allowed_ips == []

    def test_immutable_never_goes_back(self):
        immutable = changed_settings(ProjectSettings(), change(immutable=True))
        assert changed_settings(immutable, change(immutable=True)).immutable
        assert changed_settings(immutable, change(deletionProtection=True)).immutable
        for value in [False, None]:
            with pytest.raises(InvalidRequest):
                changed_settings(immutable, change(immutable=value))

    @pytest.mark.parametrize("text", ["", "nowhere", "10.0.0.0/33", "10.0.0", "::g", "10.0.0.1 "])
    def test_what_is_no_range_of_addresses_is_refused(self, text):
        with pytest.raises(InvalidRequest) as caught:
            change(allowedIps=["10.0.0.0/8", text]).validate()
        assert caught.value.details[0].field == "allowedIps[1]"

    @pytest.mark.parametrize("text", ["10.0.0.0/8", "10.1.2.3/8", "10.1.2.3", "::1", "fd00::/8"])
    def test_what_is_one_is_taken(self, text):
        change(allowedIps=[text]).validate()


class TestQuotas:
    @pytest.mark.parametrize("name", ["messages", "dialogues", "stored_bytes"])
    def test_a_quota_can_be_used_up_and_not_passed(self, name):
        quotas, used = Quotas(**{name: 5}), Usage("2026-03", **{name: 2})
        usage.check_quotas(quotas, used, Usage("2026-03", **{name: 5}))
        with pytest.raises(QuotaExceeded, match=name.replace("_", " ")):
            usage.check_quotas(quotas, used, Usage("2026-03", **{name: 6}))

    def test_what_uses_nothing_is_always_allowed(self):
        full = Usage("2026-03", messages=9, dialogues=9, stored_bytes=9)
        quotas = Quotas(messages=1, dialogues=1, stored_bytes=1)
        usage.check_quotas(quotas, Usage("2026-03"), full)

    def test_no_quota_is_no_limit_and_none_is_nothing(self):
        used = Usage("2026-03", messages=10**15)
        usage.check_quotas(Quotas(), used, used)
        one = Usage("2026-03", messages=1)
        with pytest.raises(QuotaExceeded):
            usage.check_quotas(Quotas(messages=0), one, one)


class TestLifecycle:
    def test_archived_weighs_more_than_ended(self):
        status.check_appendable("d", "active")
        with pytest.raises(DialogueEnded):
            status.check_appendable("d", "ended")
        with pytest.raises(DialogueImmutable):
            status.check_appendable("d", "archived")
        status.check_changeable("d", "ended")

    def test_versions_are_compared_only_when_one_is_expected(self):
        status.check_version(None, 5)
        status.check_version(5, 5)
        for expected in [0, 4, 6]:
            with pytest.raises(VersionConflict, match=f"{expected} is expected, but 5"):
                status.check_version(expected, 5)

    def test_projects_keep_what_their_settings_say(self):
        project = Project(
            "i", "n", "", "", ProjectSettings(immutable=True, deletion_protection=True)
        )
        with pytest.raises(DialogueImmutable):
            projects.check_mutable(project, "nothing goes")
        with pytest.raises(ProjectProtected):
            projects.check_unprotected(project)


class TestKeys:
    def test_a_secret_is_random_and_known_by_its_beginning_and_its_hash(self):
        secrets = {new_secret() for _ in range(100)}
        assert len({key_digest(secret) for secret in secrets}) == 100
        for secret in secrets:
            assert secret.startswith(key_prefix(secret))
            assert len(key_prefix(secret)) < 16
            assert len(key_digest(secret)) == 32
            assert secret.encode() not in key_digest(secret)

    def test_an_operator_ranks_below_every_key_of_data(self):
        assert (
            PERMISSION_RANK["operator"]
            < PERMISSION_RANK["read"]
            < PERMISSION_RANK["write"]
            < PERMISSION_RANK["admin"]
        )
