"""The policy of a care team: who may change it, what it must keep to, and that no version ever changes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction

from recovery import escalation
from recovery.clinical.tiers import Tier
from recovery.escalation import PolicyRefused
from recovery.escalation.checks import problems
from recovery.escalation.policy import DEFAULTS, Policy, document_of, frozen, policy_for, read
from recovery.models import AuditEvent, CareTeam, EscalationPolicy, User
from tests import factories
from tests.escalation import scenes
from tests.escalation.scenes import later

MINUTE = timedelta(minutes=1)

Change = Callable[..., EscalationPolicy]


def changed(tier: Tier, *steps: tuple[float, list[str]], contact: float | None = None) -> dict[Tier, Policy]:
    """The defaults, but for one tier; in minutes."""
    by = DEFAULTS[tier].contact if contact is None else contact * MINUTE
    return {**DEFAULTS, tier: policy_for(tier, [(after * MINUTE, words) for after, words in steps], by)}


SHORTER = changed(Tier.EMERGENCY, (0, ["on-call"]), (3, ["second", "lead"]), (6, ["team"]))


@pytest.fixture
def team(db: None) -> CareTeam:
    return factories.team()


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Marsh", "admin", password=None)


@pytest.fixture
def change(team: CareTeam, dee: User) -> Change:
    def run(policies: dict[Tier, Policy] | None, **fields: Any) -> EscalationPolicy:
        given = {"team_id": team.uuid, "was": 0, "by": dee, "now": later()} | fields
        return escalation.change(policies=policies, **given)

    return run


def test_the_defaults_are_the_team_targets_of_specification_2():
    def said(tier: Tier) -> list[tuple[float, tuple[str, ...]]]:
        return [(step.after / MINUTE, step.to) for step in DEFAULTS[tier].steps]

    assert said(Tier.EMERGENCY) == [(0, ("on-call",)), (5, ("second",)), (15, ("team", "lead"))]
    assert said(Tier.SAME_DAY) == [(0, ("on-call",)), (30, ("on-call",)), (60, ("lead",))]
    assert said(Tier.WITHIN_24H) == [(480, ("on-call",))]
    assert DEFAULTS[Tier.SAME_DAY].contact == timedelta(hours=4)
    assert problems(DEFAULTS) == []


def test_what_is_stored_is_read_as_it_was_written():
    assert read(document_of(SHORTER)) == SHORTER
    assert set(frozen(document_of(SHORTER), Tier.SAME_DAY)) == {"emergency", "same_day"}


def test_a_change_is_the_next_version_and_is_written_down(team: CareTeam, dee: User, change: Change):
    first = change(SHORTER)
    second = change(dict(DEFAULTS), was=1)

    assert [first.version, second.version] == [1, 2]
    assert escalation.current(team.pk) == second
    event = AuditEvent.objects.get(what=escalation.CHANGED, detail__version=1)
    assert (event.user, event.subject_id, event.at) == (dee, team.uuid, later())
    assert event.detail["document"] == document_of(SHORTER)


def test_the_defaults_come_back_as_a_version_of_their_own(team: CareTeam, change: Change):
    change(SHORTER)
    change(None, was=1)

    assert escalation.current(team.pk).document is None
    assert escalation.freeze(team.pk, Tier.EMERGENCY) == frozen(None, Tier.EMERGENCY)


@pytest.mark.parametrize("policies", [None, SHORTER])
def test_what_holds_already_is_not_written_again(change: Change, policies: dict[Tier, Policy] | None):
    version = change(policies).version
    change(policies, was=version)

    assert (
        EscalationPolicy.objects.count()
        == AuditEvent.objects.filter(what=escalation.CHANGED).count()
        == version
    )


@pytest.mark.parametrize("role", ["nurse", "doctor", "coordinator"])
def test_only_an_administrator_of_the_team_may(team: CareTeam, change: Change, role: str):
    somebody = factories.member(team, "Ben Okafor", role, password=None)

    with pytest.raises(PolicyRefused, match="Only an administrator of the care team"):
        change(SHORTER, by=somebody)


def test_an_administrator_of_another_team_is_a_stranger(team: CareTeam, change: Change):
    cleo = factories.member(factories.team(team.clinic, "Hip team"), "Cleo Hart", "admin", password=None)

    with pytest.raises(CareTeam.DoesNotExist):
        change(SHORTER, by=cleo)


def test_who_saw_an_older_version_is_told_who_was_first(team: CareTeam, dee: User, change: Change):
    ola = factories.member(team, "Ola Lind", "admin", password=None)
    change(SHORTER)

    with pytest.raises(PolicyRefused, match=r"Dee Marsh saved version 1 at 16:00 on 3 March"):
        change(dict(DEFAULTS), by=ola)
    assert EscalationPolicy.objects.count() == 1


def test_of_two_who_save_at_once_one_is_refused(
    team: CareTeam, change: Change, monkeypatch: pytest.MonkeyPatch
):
    """The second has read before the first wrote: the constraint holds."""
    from recovery.escalation import policies

    change(SHORTER)
    known, asked = policies.current, iter([None])
    monkeypatch.setattr(policies, "current", lambda team_id: next(asked, known(team_id)))

    with pytest.raises(PolicyRefused, match="Dee Marsh saved version 1"):
        change(changed(Tier.SAME_DAY, (0, ["team"])))
    assert EscalationPolicy.objects.count() == 1


@pytest.mark.parametrize("do", ["update", "delete"])
def test_a_version_can_be_neither_changed_nor_deleted(change: Change, do: str):
    change(SHORTER)
    rows = EscalationPolicy.objects.all()

    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        rows.update(document=None) if do == "update" else rows.delete()


WRONG: dict[str, tuple[dict[Tier, Policy], tuple[Tier, int | None, str], str]] = {
    "no step": (changed(Tier.SAME_DAY), (Tier.SAME_DAY, None, "steps"), "at least one step"),
    "seven steps": (
        changed(Tier.SAME_DAY, *[(number * 10, ["team"]) for number in range(7)]),
        (Tier.SAME_DAY, None, "steps"),
        "at most 6",
    ),
    "not at once": (changed(Tier.EMERGENCY, (1, ["team"])), (Tier.EMERGENCY, 0, "after"), "write 0"),
    "after eight hours": (
        changed(Tier.WITHIN_24H, (481, ["team"])),
        (Tier.WITHIN_24H, 0, "after"),
        "8 hours (480 minutes)",
    ),
    "nobody": (changed(Tier.SAME_DAY, (0, [])), (Tier.SAME_DAY, 0, "to"), "Choose who is told"),
    "unknown": (changed(Tier.SAME_DAY, (0, ["boss"])), (Tier.SAME_DAY, 0, "to"), "'boss'"),
    "too late": (
        changed(Tier.EMERGENCY, (0, ["on-call"]), (31, ["team"])),
        (Tier.EMERGENCY, 1, "after"),
        "30 minutes at the most",
    ),
    "too close": (
        changed(Tier.SAME_DAY, (0, ["on-call"]), (4, ["team"])),
        (Tier.SAME_DAY, 1, "after"),
        "at least 5 minutes more",
    ),
    "backwards": (
        changed(Tier.SAME_DAY, (0, ["on-call"]), (60, ["team"]), (30, ["lead"])),
        (Tier.SAME_DAY, 2, "after"),
        "at least 5 minutes more",
    ),
    "before it came": (
        changed(Tier.SAME_DAY, (-5, ["on-call"])),
        (Tier.SAME_DAY, 0, "after"),
        "from 0",
    ),
    "an emergency for a few": (
        changed(Tier.EMERGENCY, (0, ["on-call"]), (5, ["lead"])),
        (Tier.EMERGENCY, 1, "to"),
        "everybody of the team",
    ),
    "contact too late": (
        changed(Tier.SAME_DAY, (0, ["team"]), contact=241),
        (Tier.SAME_DAY, None, "contact"),
        "30 minutes to 4 hours",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_what_to_write_instead(name: str, change: Change):
    policies, (tier, step, field), words = WRONG[name]
    with pytest.raises(PolicyRefused, match="have to be corrected") as refused:
        change(policies)

    [problem] = refused.value.wrong
    assert (problem.tier, problem.step, problem.field) == (tier, step, field)
    assert words in problem.text
    assert not EscalationPolicy.objects.exists()


def test_every_problem_is_said_at_once():
    found = problems(changed(Tier.EMERGENCY, (1, []), (1, ["boss"]), contact=1))

    assert [(problem.step, problem.field) for problem in found] == [
        (0, "after"), (0, "to"), (1, "to"), (1, "after"), (1, "to"), (None, "contact"),
    ]  # fmt: skip
    assert all(problem.text.endswith(".") for problem in found)


def test_a_team_of_its_own_policy_is_told_by_it_from_the_next_alert_on(db: None):
    ward = scenes.ward()
    scenes.own_policy(ward.team, ward.lea, [(0, ["lead"]), (3, ["team"])])
    alert = scenes.red_flag(ward)

    assert scenes.told(step="opened") == {"Lea"}
    assert scenes.reload(alert).next_step_at == later(3)
    assert set(scenes.reload(alert).escalation) == {"emergency"}
