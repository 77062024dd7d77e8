"""The quick road of the usual red flag comes to the same as the general one, and leaves to it whatever is not usual."""

from typing import Any

import pytest

from recovery import alerts, checkins
from recovery.alerts import usual
from recovery.models import Alert, AlertEvent, Assessment, CheckIn, DeviceToken, Mute, Notification
from tests import factories
from tests.factories import at, submission

pytestmark = pytest.mark.django_db

RED_FLAG = {"chest_pain": "yes"}


def patient() -> DeviceToken:
    """In a team of two, each time of another clinic."""
    team = factories.team(factories.clinic(f"Clinic {Alert.objects.count()}"))
    factories.member(team, "Ben Okafor", password=None)
    factories.member(team, "Dee Marsh", "admin", password=None)
    return factories.phone(factories.episode(team))[0]


def report(device: DeviceToken, hours: float = 30, **answers: Any) -> int:
    """The assessment that is owed."""
    device = DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device.pk)
    checkins.submit(device=device, submission=submission(hours, **answers), now=at(hours))
    return Assessment.objects.filter(flagged_at=None).latest("pk").pk


def is_usual(assessment_id: int) -> bool:
    return usual.open_alerts(assessment_id, by="celery", now=at(30)) is not None


def everything_about(device: DeviceToken) -> dict[str, list[dict[str, Any]]]:
    """What was written, but for what is made anew each time, and for ids, which become places in the order."""
    made_anew = {"id", "uuid", "message_key", "next_attempt_at", "clinic_id", "team_id", "episode_id"}
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in made_anew and not name.endswith("_id")}
            for row in rows.order_by("pk").values()
        ]
        for model, rows in {
            Alert: Alert.objects.filter(episode=device.episode),
            AlertEvent: AlertEvent.objects.filter(alert__episode=device.episode),
            Notification: Notification.objects.filter(alert__episode=device.episode),
            Assessment: Assessment.objects.filter(episode=device.episode),
        }.items()
    }


@pytest.mark.parametrize(
    "answers",
    [RED_FLAG, {"bleeding": "oozing"}, {"chest_pain": "yes", "bladder": "new_or_worse", "rigors": "yes"}],
)
def test_both_roads_write_the_same(answers: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    quick, general = patient(), patient()
    quickly = alerts.flag(assessment_id=report(quick, **answers), by="celery", now=at(30))
    with monkeypatch.context() as without:
        without.setattr(usual, "open_alerts", lambda *_, **__: None)
        generally = alerts.flag(assessment_id=report(general, **answers), by="celery", now=at(30))

    assert len(quickly) == len(generally) == 2
    written = everything_about(quick)
    assert written["Alert"]
    assert written == everything_about(general)


def test_a_first_red_flag_is_usual():
    assert is_usual(report(patient(), **RED_FLAG))


def test_with_an_open_alert_it_is_not():
    ana = patient()
    alerts.flag(assessment_id=report(ana, bleeding="oozing"), by="celery", now=at(30))

    assert not is_usual(report(ana, 31, **RED_FLAG))


def test_with_something_muted_it_is_not():
    ana = patient()
    Mute.objects.create(
        clinic=ana.clinic, episode=ana.episode, rule="CHEST", tier=3, known={}, from_at=at(1), until_at=at(99),
        by=ana.episode.team.memberships.first().user, reason="known",
    )  # fmt: skip

    assert not is_usual(report(ana, **RED_FLAG))


def test_what_was_corrected_or_withdrawn_meanwhile_is_not():
    ana, ida = patient(), patient()
    corrected, withdrawn = report(ana, **RED_FLAG), report(ida, **RED_FLAG)
    CheckIn.objects.filter(episode=ana.episode).update(revision=2)
    CheckIn.objects.filter(episode=ida.episode).update(withdrawn_at=at(30))

    assert not is_usual(corrected)
    assert not is_usual(withdrawn)


def test_a_finding_that_may_be_cleared_by_later_reports_is_not():
    assert not is_usual(report(patient(), fall="yes", **RED_FLAG))


def test_what_was_flagged_is_not_flagged_again():
    flagged = report(patient(), **RED_FLAG)

    assert is_usual(flagged)
    assert not is_usual(flagged)
    assert Alert.objects.count() == 1
