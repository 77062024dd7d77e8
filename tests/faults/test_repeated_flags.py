"""F29: a red flag while an alert of it is open, taken on or closed: nothing urgent is folded into what nobody looks at,
and nobody is told of the same again and again.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.models import F

from recovery import alerts, clock
from recovery.models import Alert, User
from tests.faults.aftermath import assert_invariants
from tests.faults.phones import Phones
from tests.faults.scene import Scene
from tests.system import System

pytestmark = pytest.mark.slow

MILD, FEVER, HIGH_FEVER = ({"temp": {"value": degrees, "unit": "C"}} for degrees in (37.0, 38.5, 40.1))

RESTED = timedelta(hours=5)
"""Longer than any alert keeps quiet about being reported again."""


@dataclass(frozen=True)
class Case:
    """`was` is what had become of the alert when the red flag came again; `tells` who of the two is told of that."""

    first: dict[str, object]
    was: str
    rested: bool
    again: dict[str, object]
    then: str
    tells: set[str]


OWNER, BOTH, NOBODY = {"owner"}, {"owner", "other"}, set[str]()

CASES = {
    "open_same": Case(FEVER, "open", False, FEVER, "joined", NOBODY),
    "open_same_later": Case(FEVER, "open", True, FEVER, "joined", BOTH),
    "open_worse": Case(FEVER, "open", False, HIGH_FEVER, "raised", BOTH),
    "open_milder": Case(HIGH_FEVER, "open", False, FEVER, "joined", NOBODY),
    "taken_on_same": Case(FEVER, "acknowledged", False, FEVER, "joined", NOBODY),
    "taken_on_same_later": Case(FEVER, "acknowledged", True, FEVER, "joined", OWNER),
    "taken_on_worse": Case(FEVER, "acknowledged", False, HIGH_FEVER, "raised", BOTH),
    "taken_on_milder": Case(HIGH_FEVER, "acknowledged", False, FEVER, "joined", NOBODY),
    "closed_same": Case(FEVER, "closed", False, FEVER, "opened", BOTH),
    "closed_same_later": Case(FEVER, "closed", True, FEVER, "opened", BOTH),
    "closed_worse": Case(FEVER, "closed", False, HIGH_FEVER, "opened", BOTH),
    "closed_milder": Case(HIGH_FEVER, "closed", False, FEVER, "opened", BOTH),
}


def test_f29_each_of_twelve_ways_in_which_a_red_flag_comes_again_tells_whom_it_must(system: System):
    # given
    scene = Scene.of(system, patients=len(CASES))
    phones = Phones(scene)
    for patient, case in zip(scene.patients, CASES.values(), strict=True):
        phones.send(phones.report(patient, case.first))
    scene.wait_until_quiet()
    with system.django():
        for patient, case in zip(scene.patients, CASES.values(), strict=True):
            alert = Alert.objects.get(episode=patient.episode_id)
            become(alert, case, owner=User.objects.get(email=patient.team[0].email))
    told_before = len(scene.mails)

    # when
    for patient, case in zip(scene.patients, CASES.values(), strict=True):
        phones.send(phones.report(patient, case.again))
    scene.wait_until_quiet()

    # then
    told = [set(mail.recipients) for mail in scene.mails[told_before:]]
    for patient, (name, case) in zip(scene.patients, CASES.items(), strict=True):
        people = {"owner": patient.team[0].email, "other": patient.team[1].email}
        assert {who for who, email in people.items() if {email} in told} == case.tells, name
        assert latest(scene, patient.episode_id) == case.then, name
    assert len(told) == sum(len(case.tells) for case in CASES.values())
    assert_invariants(phones.of(those_of(scene, rested=False)))  # nobody's history was changed


def those_of(scene: Scene, *, rested: bool) -> Scene:
    pairs = zip(scene.patients, CASES.values(), strict=True)
    return Scene(scene.system, tuple(patient for patient, case in pairs if case.rested == rested))


def become(alert: Alert, case: Case, *, owner: User) -> None:
    """What a colleague has done with it by then, and how long ago the team was told."""
    if case.was != "open":
        alerts.acknowledge(alert_id=alert.uuid, by=owner, now=clock.now())
    if case.was == "closed":
        alerts.close(
            alert_id=alert.uuid, by=owner, outcome="seen", contacted=True, note="Seen.", now=clock.now()
        )
    if case.rested:
        Alert.objects.filter(pk=alert.pk).update(told_at=F("told_at") - RESTED)


def latest(scene: Scene, episode_id: int) -> str:
    """What the last report did to the alerts of this patient."""
    [(kind,)] = scene.rows(
        "SELECT e.kind FROM recovery_alertevent e JOIN recovery_alert a ON a.id = e.alert_id"
        " WHERE a.episode_id = ANY(%s) AND a.episode_id = %s AND e.kind IN ('opened', 'raised', 'joined')"
        " ORDER BY e.id DESC LIMIT 1",
        episode_id,
    )
    return str(kind)
