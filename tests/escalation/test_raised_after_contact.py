"""Who was reached, and then told of something worse, waits for a call again: nowhere does it say otherwise."""

import pytest

from recovery import access, alerts
from recovery.clinical.tiers import Tier
from recovery.dashboard.targets import next_target
from recovery.models import Alert
from recovery.owed import counting
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, reach, reload, take_on, turn
from tests.operations.ward import kinds, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(ward: Ward) -> Alert:
    """Nils took it on and spoke with Ana; an hour after it came it is an emergency."""
    report(ward.ana, 30, **scenes.FEVER)
    alert = Alert.objects.get()
    take_on(alert, ward.nils, 2)
    reach(alert, ward.nils, 10)
    report(ward.ana, 31, **scenes.HIGH_FEVER)
    raised = reload(alert)
    assert (raised.tier, raised.contacted_at) == (Tier.EMERGENCY, later(10))
    return raised


def owed() -> set[str]:
    return {each.state.name for each in counting.everything(now=later(62)) if each.count}


def target(ward: Ward) -> str:
    return next_target(access.alerts(ward.nils).with_owner().get(), later(62)).words


def test_the_team_reads_that_the_patient_is_to_be_phoned(ward: Ward, alert: Alert):
    assert target(ward) == "Patient not reached yet. Phone now"
    assert "alert-not-reached" in owed()
    assert "alert-not-closed" not in owed()


def test_until_they_were_reached_again(ward: Ward, alert: Alert):
    reach(alert, ward.nils, 61, note="Rang again.")

    assert reload(alert).contacted_at == later(61)
    assert target(ward) == "Patient reached. Close with an outcome"
    assert "alert-not-closed" in owed()
    assert turn(24 * 60) == 0


def test_the_same_call_again_in_a_minute_is_another_when_it_was_raised_between(ward: Ward):
    report(ward.ana, 30, **scenes.FEVER)
    alert = Alert.objects.get()
    reach(alert, ward.nils, 59.5)
    report(ward.ana, 31, **scenes.HIGH_FEVER)
    for minutes in (60.5, 61):
        reach(alert, ward.nils, minutes)

    assert kinds(alert)[-3:] == ["contacted", "raised", "contacted"], "sent twice after that it is one"
    assert reload(alert).reached_at == later(60.5)


def test_that_it_was_tried_in_vain_is_no_contact(ward: Ward, alert: Alert):
    reach(alert, ward.nils, 61, reached=False)

    assert target(ward) == "Patient not reached yet. Phone now"
    turn(75)
    assert kinds(alert)[-1] == "reminded"


def test_a_contact_of_before_that_is_written_down_last_takes_nothing_back(ward: Ward, alert: Alert):
    reach(alert, ward.nils, 61, note="Rang again.")
    alerts.record_contact(
        alert_id=alert.uuid, by=ward.cora, reached=True, by_what="visit", at=later(30), now=later(63)
    )

    assert reload(alert).contacted_at == later(61)
    assert target(ward) == "Patient reached. Close with an outcome"


def test_who_was_reached_twice_since_was_reached_at_the_earlier(ward: Ward, alert: Alert):
    for minutes, at in ((70, None), (75, later(65))):
        alerts.record_contact(
            alert_id=alert.uuid, by=ward.nils, reached=True, by_what="phone", at=at, now=later(minutes)
        )

    assert reload(alert).contacted_at == later(65)
