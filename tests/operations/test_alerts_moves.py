"""What colleagues do to an alert: the legal moves, who may make them, and the history that each leaves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from recovery import alerts, checkins
from recovery.alerts import NotAllowed
from recovery.alerts.moves import NOTE_LETTERS
from recovery.models import Alert, AlertEvent, Assessment, DeviceToken, Notification, User
from tests import factories
from tests.factories import at, submission
from tests.operations.ward import close, kinds, live, report
from tests.test_access_matrix import ROUTES

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(ana: DeviceToken) -> Alert:
    report(ana, 30, bleeding="oozing")
    return Alert.objects.get()


def test_taking_on_closing_and_every_step_between_leave_events(alert: Alert, ben: User) -> None:
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(31))
    alerts.record_contact(
        alert_id=alert.uuid, by=ben, reached=False, by_what="phone", note="No answer.", now=at(31.1)
    )
    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", now=at(31.5))
    alerts.add_note(alert_id=alert.uuid, by=ben, note="Daughter is with her.", now=at(31.6))
    closed = alerts.close(
        alert_id=alert.uuid,
        by=ben,
        outcome="self-care",
        contacted=True,
        note="Pressure stopped it.",
        now=at(32),
    )

    assert (closed.status, closed.outcome, closed.contacted_at, closed.ended_by) == (
        "closed",
        "self-care",
        at(31.5),
        ben,
    )
    kinds = list(alert.events.order_by("id").values_list("kind", flat=True))
    assert kinds == ["opened", "acknowledged", "contacted", "contacted", "noted", "closed"]


def test_the_second_nurse_is_told_who_was_first(alert: Alert, ben: User) -> None:
    nora = factories.member(alert.team, "Nora Lindqvist")
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(31))

    with pytest.raises(NotAllowed, match="Ben Okafor took this on at 17:00 on 3 March"):
        alerts.acknowledge(alert_id=alert.uuid, by=nora, now=at(31.1))


def test_a_double_click_is_no_error(alert: Alert, ben: User) -> None:
    for hour in (31, 31.01):
        alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(hour))
    for hour in (32, 32.01):
        alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(hour))

    assert AlertEvent.objects.filter(kind__in=["acknowledged", "closed"]).count() == 2


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_only_clinicians_take_on_and_close(alert: Alert, role: str) -> None:
    dee = factories.member(alert.team, "Dee Abara", role)

    with pytest.raises(NotAllowed, match="nurse or a doctor"):
        alerts.acknowledge(alert_id=alert.uuid, by=dee, now=at(31))
    with pytest.raises(NotAllowed, match="nurse or a doctor"):
        alerts.close(alert_id=alert.uuid, by=dee, outcome="seen", contacted=True, note="x", now=at(31))


def test_an_urgent_alert_is_not_closed_without_a_reason(alert: Alert, ben: User) -> None:
    with pytest.raises(NotAllowed, match="few words"):
        alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="  ", now=at(31))
    with pytest.raises(NotAllowed, match="outcome"):
        alerts.close(alert_id=alert.uuid, by=ben, outcome="fine", contacted=True, note="ok", now=at(31))


def test_a_nurse_of_another_clinic_finds_nothing(alert: Alert) -> None:
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")

    for act in (
        lambda: alerts.acknowledge(alert_id=alert.uuid, by=cleo, now=at(31)),
        lambda: alerts.add_note(alert_id=alert.uuid, by=cleo, note="hello", now=at(31)),
        lambda: alerts.close(
            alert_id=alert.uuid, by=cleo, outcome="seen", contacted=True, note="x", now=at(31)
        ),
    ):
        with pytest.raises(Alert.DoesNotExist):
            act()


def test_who_left_the_team_finds_nothing_at_the_next_request(alert: Alert, ben: User) -> None:
    ben.memberships.update(ended_at=at(31))

    with pytest.raises(Alert.DoesNotExist):
        alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(31))


def test_a_closed_alert_cannot_be_taken_on(alert: Alert, ben: User) -> None:
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(31))

    with pytest.raises(NotAllowed, match="closed this"):
        alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(32))


@pytest.mark.django_db(transaction=True)
def test_of_twenty_colleagues_at_once_one_wins() -> None:
    team = factories.team()
    device, _ = factories.phone(factories.episode(team))
    report(device, 30, bleeding="oozing")
    alert = Alert.objects.get()
    colleagues = [factories.member(team, f"Nurse{number} Lee") for number in range(20)]

    def acknowledge(by: User) -> bool:
        try:
            alerts.acknowledge(alert_id=alert.uuid, by=by, now=at(31))
            return True
        except NotAllowed:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(acknowledge, colleagues)) == 1
    assert AlertEvent.objects.filter(kind="acknowledged").count() == 1


@pytest.mark.hazard("HZ7.1")
@pytest.mark.django_db(transaction=True)
def test_twenty_flaggings_at_once_open_one_alert() -> None:
    team = factories.team()
    factories.member(team)
    device, _ = factories.phone(factories.episode(team))
    checkins.submit(device=device, submission=submission(30, bleeding="oozing"), now=at(30))
    owed = Assessment.objects.get()

    def flag(number: int) -> None:
        try:
            alerts.flag(assessment_id=owed.pk, by=("celery", "watch")[number % 2], now=at(30))
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(flag, range(20)))
    assert Alert.objects.count() == AlertEvent.objects.count() == Notification.objects.count() == 1


# --- what must be said ---------------------------------------------------------------------------------------------


def test_closing_says_whether_the_patient_was_reached_and_what_came_of_it(alert: Alert, ben: User) -> None:
    assert set(Alert.Outcome.values) == {
        "self-care", "seen", "sent-to-emergency", "no-problem-found", "cannot-reach",
    }  # fmt: skip
    without: Any = {"alert_id": alert.uuid, "by": ben, "outcome": "seen", "note": "Seen.", "now": at(31)}
    with pytest.raises(TypeError, match="contacted"):
        alerts.close(**without)
    closed = close(alert, ben, 31, outcome="cannot-reach", contacted=False, note="Rang three times.")

    assert (closed.outcome, closed.patient_contacted) == ("cannot-reach", False)
    assert alert.events.latest("id").detail == {
        "outcome": "cannot-reach",
        "contacted": False,
        "note": "Rang three times.",
    }


# --- contact -------------------------------------------------------------------------------------------------------


def test_contact_that_was_made_earlier_counts_from_when_it_was_made(alert: Alert, ben: User) -> None:
    who: Any = {"alert_id": alert.uuid, "by": ben, "by_what": "phone"}
    alerts.record_contact(**who, reached=True, at=at(31), now=at(33))
    alerts.record_contact(**who, reached=True, at=at(30.5), now=at(33.1))
    alerts.record_contact(**who, reached=False, at=at(30.1), now=at(33.2))
    now = alerts.record_contact(**who, reached=True, now=at(33.3))

    assert now.contacted_at == at(30.5)
    contacts = alert.events.filter(kind="contacted").order_by("id")
    assert [event.at for event in contacts] == [at(33), at(33.1), at(33.2), at(33.3)]
    assert [event.detail.get("at") for event in contacts] == [
        at(31).isoformat(), at(30.5).isoformat(), at(30.1).isoformat(), None,
    ]  # fmt: skip


def test_contact_is_neither_to_come_nor_before_the_alert(alert: Alert, ben: User) -> None:
    who: Any = {"alert_id": alert.uuid, "by": ben, "reached": True, "by_what": "phone"}
    with pytest.raises(NotAllowed, match="still to come"):
        alerts.record_contact(**who, at=at(31.1), now=at(31))
    with pytest.raises(NotAllowed, match="The alert came in at 16:00 on 3 March"):
        alerts.record_contact(**who, at=at(29.9), now=at(31))
    assert kinds(alert) == ["opened"]


def test_contact_in_the_minute_of_the_alert_was_after_it(ana: DeviceToken, ben: User) -> None:
    report(ana, 30 + 40 / 3600, bleeding="oozing")
    alert = Alert.objects.get()
    now = alerts.record_contact(
        alert_id=alert.uuid, by=ben, reached=True, by_what="phone", at=at(30), now=at(31)
    )

    assert now.contacted_at == alert.opened_at


def test_what_was_sent_twice_is_recorded_once(alert: Alert, ben: User) -> None:
    dee = factories.member(alert.team, "Dee Abara", "admin")
    who: Any = {"alert_id": alert.uuid, "by": ben}
    for hours in (31, 31.01):
        alerts.record_contact(**who, reached=False, by_what="phone", note="No answer.", now=at(hours))
    for hours in (31.1, 31.11):
        alerts.add_note(**who, note="Rings back.", now=at(hours))
    assert kinds(alert) == ["opened", "acknowledged", "contacted", "noted"]

    alerts.record_contact(**who, reached=False, by_what="phone", note="No answer.", now=at(31.2))
    alerts.add_note(alert_id=alert.uuid, by=dee, note="Rings back.", now=at(31.11))
    assert kinds(alert)[4:] == ["contacted", "noted"], "tried again later; written by somebody else"


def test_one_call_is_recorded_with_every_alert_that_it_was_about(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, bleeding="oozing", confused="yes", cannot_move="yes")
    report(ana, 30.5, cough="new")
    about = {alert.rule: alert for alert in Alert.objects.all()}
    dora = factories.member(about["CONFUSED"].team, "Dora Klein", "doctor")
    alerts.acknowledge(alert_id=about["CONFUSED"].uuid, by=dora, now=at(30.6))
    close(about["NEURO-MOVE"], dora, 30.7)
    elsewhere, _ = factories.phone(factories.episode(about["CONFUSED"].team, name="Bo Adler"))
    report(elsewhere, 30.1, bleeding="oozing")
    bos = Alert.objects.get(episode__patient__name="Bo Adler")

    alerts.record_contact(
        alert_id=about["BLEED-OOZE"].uuid,
        by=ben,
        reached=True,
        by_what="phone",
        at=at(30.4),
        also=[alert.uuid for alert in (about["CONFUSED"], about["NEURO-MOVE"], about["COUGH"], bos)],
        now=at(31),
    )

    def whose(alert: Alert) -> tuple[str, User | None, Any]:
        alert.refresh_from_db()
        return alert.status, alert.owner, alert.contacted_at

    assert whose(about["BLEED-OOZE"]) == ("acknowledged", ben, at(30.4))
    assert whose(about["CONFUSED"]) == ("acknowledged", dora, at(30.4))
    assert whose(about["NEURO-MOVE"])[2] is None, "it had ended"
    assert whose(about["COUGH"]) == ("open", None, None), "it came in after the call"
    assert whose(bos) == ("open", None, None), "another patient"
    assert kinds(about["CONFUSED"])[-1] == "contacted"
    assert "contacted" not in kinds(about["ANSWERS-CONFLICT"]), "nobody said that it was about this one"


# --- one by one ----------------------------------------------------------------------------------------------------


def test_each_alert_is_closed_by_itself(ana: DeviceToken, ben: User) -> None:
    """There is no bulk close: what one colleague read is what one colleague closes."""
    report(ana, 30, bleeding="oozing", confused="yes", cannot_move="yes")
    close(Alert.objects.get(rule="CONFUSED"), ben, 31)

    assert set(live()) == {"BLEED-OOZE", "NEURO-MOVE", "ANSWERS-CONFLICT"}
    routes = [route for route in ROUTES if "close" in route]
    assert routes == ["alerts/<uuid:alert_id>/close"]


def test_texts_have_an_end(alert: Alert, ben: User) -> None:
    long = "x" * (NOTE_LETTERS + 1)
    who = {"alert_id": alert.uuid, "by": ben, "now": at(31)}
    for act in (
        lambda: alerts.add_note(**who, note=long),
        lambda: alerts.record_contact(**who, reached=True, by_what="phone", note=long),
        lambda: alerts.close(**who, outcome="seen", contacted=True, note=long),
    ):
        with pytest.raises(NotAllowed, match="4,000 letters; this one has 4,001"):
            act()
    alerts.add_note(**who, note=long[1:])

    assert kinds(alert) == ["opened", "noted"]


def test_a_coordinator_may_record_a_contact_and_does_not_take_the_alert_on(alert: Alert) -> None:
    cory = factories.member(alert.team, "Cory Bell", "coordinator")
    now = alerts.record_contact(alert_id=alert.uuid, by=cory, reached=True, by_what="visit", now=at(31))

    assert (now.status, now.owner, now.contacted_at) == ("open", None, at(31))
    assert kinds(alert) == ["opened", "contacted"]
