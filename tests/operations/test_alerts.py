from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from recovery import access, alerts, checkins
from recovery.alerts import NotAllowed
from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Assessment, CareTeam, DeviceToken, Notification, User
from tests import factories
from tests.factories import at, submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> CareTeam:
    return factories.team()


@pytest.fixture
def ana(team: CareTeam) -> DeviceToken:
    device, _ = factories.phone(factories.episode(team))
    return device


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team, "Ben Okafor")


def report(device: DeviceToken, hours: float, *, received: float | None = None, **changes) -> Assessment:
    """A check-in of this phone, received at `received` (or when felt) and flagged at once."""
    received = hours if received is None else received
    device = DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device.pk)
    receipt = checkins.submit(device=device, submission=submission(hours, **changes), now=at(received))
    flag_all(at(received))
    return Assessment.objects.get(check_in__client_id=receipt.check_in_id, is_current=True)


def flag_all(now) -> None:
    for pk in (
        Assessment.objects.filter(flagged_at=None, set_aside_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        alerts.flag(assessment_id=pk, by="celery", now=now)


def live() -> dict[str, str]:
    return {alert.rule: Tier(alert.tier).code for alert in Alert.objects.filter(status__in=Alert.LIVE)}


# --- findings open, join and raise ---------------------------------------------------------------------------------


def test_a_red_flag_opens_an_alert_and_everybody_of_the_team_is_to_be_told(
    ana: DeviceToken, ben: User
) -> None:
    doctor = factories.member(ana.episode.team, "Dora Klein", "doctor")
    stranger = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")

    report(ana, 28, cannot_move="yes", mobility="with_help")

    alert = Alert.objects.get()
    assert (alert.rule, alert.tier, alert.status) == ("NEURO-MOVE", Tier.EMERGENCY, "open")
    assert set(Notification.objects.values_list("recipient", flat=True)) == {ben.pk, doctor.pk}
    assert stranger.pk not in {ben.pk, doctor.pk}


def test_flagging_twice_does_it_once(ana: DeviceToken, ben: User) -> None:
    assessment = report(ana, 28, cannot_move="yes", mobility="with_help")

    assert alerts.flag(assessment_id=assessment.pk, by="watch", now=at(29)) == []
    assert Alert.objects.count() == Notification.objects.count() == 1
    assert Assessment.objects.get().flagged_by == "celery"


def test_findings_of_one_check_in_leave_as_one_message(ana: DeviceToken, ben: User) -> None:
    report(ana, 120, wound=["pus_or_discharge"], temp={"value": 38.3, "unit": "C"}, confused="yes")

    assert set(live()) == {"CONFUSED", "FEVER", "SEPSIS", "WOUND-INFECT"}
    assert Notification.objects.count() == 4
    assert Notification.objects.values("message_key").distinct().count() == 1


@pytest.mark.parametrize(
    ("changes", "rule"), [({"wants_call": "yes"}, "CALL-ME"), ({"bandage": "off"}, "BANDAGE")]
)
def test_what_can_wait_is_listed_and_mailed_to_nobody(
    ana: DeviceToken, ben: User, changes: dict, rule: str
) -> None:
    report(ana, 30, **changes)

    assert set(live()) == {rule}
    assert not Notification.objects.exists()
    assert access.alerts(ben).for_board().count() == (rule == "CALL-ME")
    assert access.alerts(ben).for_review().count() == (rule == "BANDAGE")


def test_a_new_finding_of_the_same_rule_joins_the_open_alert(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, bleeding="oozing")
    report(ana, 31, bleeding="oozing")

    alert = Alert.objects.get()
    assert [event.kind for event in alert.events.order_by("id")] == ["opened", "joined"]
    assert alert.tier_at == at(30)
    assert Notification.objects.count() == 1  # told again after four hours at the earliest


@pytest.mark.parametrize(("hours", "told"), [(33.99, 1), (34, 2)])
def test_while_open_a_same_day_alert_tells_again_after_four_hours(
    ana: DeviceToken, ben: User, hours: float, told: int
) -> None:
    report(ana, 30, bleeding="oozing")
    report(ana, hours, bleeding="oozing")

    assert Notification.objects.count() == told


@pytest.mark.parametrize(("hours", "told"), [(30.99, 1), (31, 2)])
def test_while_open_an_emergency_tells_again_after_an_hour(
    ana: DeviceToken, ben: User, hours: float, told: int
) -> None:
    report(ana, 30, cannot_move="yes", mobility="with_help")
    report(ana, hours, cannot_move="yes", mobility="with_help")

    assert Notification.objects.count() == told


def test_a_worse_finding_raises_the_alert_and_tells_at_once(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, temp={"value": 38.2, "unit": "C"})
    report(ana, 30.5, temp={"value": 40.0, "unit": "C"})

    alert = Alert.objects.get()
    assert (alert.tier, alert.tier_at) == (Tier.EMERGENCY, at(30.5))
    assert list(Notification.objects.order_by("id").values_list("step", flat=True)) == [
        "opened",
        "raised-emergency",
    ]


def test_a_milder_finding_joins_and_lowers_nothing(ana: DeviceToken) -> None:
    report(ana, 30, temp={"value": 40.0, "unit": "C"})
    report(ana, 31, temp={"value": 38.2, "unit": "C"})

    assert live() == {"FEVER": "emergency"}


def test_after_closing_the_next_finding_opens_a_new_alert(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, bleeding="oozing")
    alerts.close(
        alert_id=Alert.objects.get().uuid,
        by=ben,
        outcome="seen",
        contacted=True,
        note="Pressed, stopped.",
        now=at(31),
    )
    report(ana, 32, bleeding="oozing")

    assert Alert.objects.count() == 2
    assert live() == {"BLEED-OOZE": "same_day"}
    assert Notification.objects.count() == 2


def test_a_late_red_flag_keeps_its_tier(ana: DeviceToken) -> None:
    report(ana, 60)
    report(ana, 30, received=60.5, bleeding="oozing")

    assert live() == {
        "BLEED-OOZE": "same_day"
    }  # LATE-ENTRY (C3) is cleared: how she is now is known from hour 60
    assert Alert.objects.get(rule="LATE-ENTRY").status == "resolved"


def test_a_first_missed_check_in_is_for_the_patient_alone(ana: DeviceToken) -> None:
    from recovery import silence

    report(ana, 20)
    silence.judge_due(limit=10, now=at(62))
    flag_all(at(62))

    assert [row.findings[0]["rule"] for row in Assessment.objects.filter(silent_slot="S2")] == ["MISSED-1"]
    assert live() == {}


# --- the patient changes an answer ---------------------------------------------------------------------------------


def test_a_changed_answer_leaves_the_alert_open_with_a_note(ana: DeviceToken) -> None:
    first = report(ana, 30, bleeding="oozing")
    correction = submission(30, client_id=first.check_in.client_id)
    checkins.correct(device=ana, submission=correction, base_revision=1, now=at(31))
    flag_all(at(31))

    alert = Alert.objects.get(rule="BLEED-OOZE")
    assert alert.status == "open"
    assert [event.kind for event in alert.events.order_by("id")] == ["opened", "changed"]


def test_a_red_flag_corrected_before_anybody_saw_it_still_opens_its_alert(ana: DeviceToken) -> None:
    red = submission(30, bleeding="oozing")
    checkins.submit(device=ana, submission=red, now=at(30))
    checkins.correct(
        device=ana, submission=submission(30, client_id=red.client_id), base_revision=1, now=at(30.1)
    )
    flag_all(at(31))

    assert [event.kind for event in Alert.objects.get().events.order_by("id")] == ["opened", "changed"]


def test_finishing_a_check_in_does_not_open_again_what_was_closed_meanwhile(
    ana: DeviceToken, ben: User
) -> None:
    half = submission(30, completed=False, bleeding="oozing", bowel=None)
    checkins.submit(device=ana, submission=half, now=at(30))
    flag_all(at(30))
    alerts.close(
        alert_id=Alert.objects.get().uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(30.5)
    )
    whole = submission(30, client_id=half.client_id, bleeding="oozing")
    checkins.correct(device=ana, submission=whole, base_revision=1, now=at(31))
    flag_all(at(31))

    assert live() == {}


def test_a_withdrawn_check_in_leaves_its_alert_open_with_a_note(ana: DeviceToken) -> None:
    first = report(ana, 30, bleeding="oozing")
    checkins.withdraw(device=ana, client_id=first.check_in.client_id, now=at(31))

    alert = Alert.objects.get()
    assert alert.status == "open"
    assert alert.events.latest("id").detail == {"withdrawn": True}


# --- an alert that ends by itself ----------------------------------------------------------------------------------


def test_c3_ends_with_the_next_completed_check_in_without_the_finding(ana: DeviceToken) -> None:
    report(ana, 30, bandage="off")
    report(ana, 31, completed=False)
    assert live() == {"BANDAGE": "routine"}
    report(ana, 32)

    assert Alert.objects.get().status == "resolved"


def test_c2_ends_after_two_in_a_row(ana: DeviceToken) -> None:
    report(ana, 30, cough="new")
    report(ana, 31)
    assert live() == {"COUGH": "within_24h"}
    report(ana, 32, cough="new")
    report(ana, 33)
    assert live() == {"COUGH": "within_24h"}
    report(ana, 34)

    assert live() == {}


def test_c1_never_ends_by_itself(ana: DeviceToken) -> None:
    report(ana, 30, bleeding="oozing")
    for hour in range(31, 40):
        report(ana, hour)

    assert live() == {"BLEED-OOZE": "same_day"}


def test_at_same_day_every_rule_is_for_a_clinician_to_close(ana: DeviceToken) -> None:
    report(
        ana, 30, fall="yes", pain_where=["new_place"], pain_now=1
    )  # FALL is C2, but same_day with a new place
    for hour in range(31, 40):
        report(ana, hour)

    assert live()["FALL"] == "same_day"


def test_silence_ends_when_the_patient_is_heard_again(ana: DeviceToken) -> None:
    from recovery import silence

    silence.judge_due(limit=10, now=at(36))
    flag_all(at(36))
    assert live() == {"NEVER-STARTED": "within_24h"}
    report(ana, 37)

    assert live() == {}


def test_blanks_that_are_answered_end_incomplete(ana: DeviceToken) -> None:
    blank = report(ana, 30, bowel=None)
    assert live() == {"INCOMPLETE": "within_24h"}
    correction = submission(30, client_id=blank.check_in.client_id)
    checkins.correct(device=ana, submission=correction, base_revision=1, now=at(31))
    flag_all(at(31))

    assert live() == {}


def test_order_of_arrival_does_not_change_what_is_open(ana: DeviceToken) -> None:
    other, _ = factories.phone(factories.episode(ana.episode.team, name="Ida Moreau"))
    days = [
        (30, {"bandage": "off"}),
        (40, {"cough": "new"}),
        (50, {}),
        (55, {"bleeding": "oozing"}),
        (60, {}),
    ]
    for hours, changes in days:
        report(ana, hours, received=70, **changes)
    for hours, changes in reversed(days):
        report(other, hours, received=70, **changes)

    def state(device: DeviceToken) -> set[tuple[str, int]]:
        open_ones = Alert.objects.filter(episode=device.episode, status__in=Alert.LIVE)
        return set(open_ones.values_list("rule", "tier"))

    assert state(ana) == state(other)


# --- colleagues ----------------------------------------------------------------------------------------------------


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


# --- what fails is shown -------------------------------------------------------------------------------------------


def test_a_report_that_cannot_be_judged_is_kept_and_shown_to_the_team(ana: DeviceToken, ben: User) -> None:
    """A fault in the episode's data makes judging raise: the patient is told to call, the team to read it."""
    sound = submission(30)
    ana.episode.baseline = {"pain_now": 8, "temp": "warm", "pain_where": 7}
    ana.episode.save(update_fields=["baseline"])
    receipt = checkins.submit(
        device=ana, submission=submission(30, weakness="same", weakness_where=["arm"]), now=at(30)
    )
    if receipt.assessment.tier is not None:
        pytest.fail("the faulty baseline was judged after all: choose another fault")

    for minute in range(6):
        Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
        alerts.flag_owed(limit=10, now=at(30) + timedelta(minutes=minute))

    assert sound.client_id != receipt.check_in_id
    row = Assessment.objects.get()
    assert (row.attempts, row.set_aside_at is not None) == (5, True)
    assert live() == {"UNASSESSED": "same_day"}
    assert Notification.objects.filter(recipient=ben).count() == 1


def test_a_failing_row_does_not_hold_up_the_others(ana: DeviceToken) -> None:
    other, _ = factories.phone(factories.episode(ana.episode.team, name="Ida Moreau"))
    ana.episode.baseline = {"pain_now": 8, "temp": "warm", "pain_where": 7}
    ana.episode.save(update_fields=["baseline"])
    checkins.submit(
        device=ana, submission=submission(30, weakness="same", weakness_where=["arm"]), now=at(30)
    )
    checkins.submit(device=other, submission=submission(30, bleeding="oozing"), now=at(30))
    Assessment.objects.update(next_attempt_at=None)

    alerts.flag_owed(limit=10, now=at(30))

    assert live() == {"BLEED-OOZE": "same_day"}


def test_what_could_not_be_judged_is_judged_when_the_fault_is_gone(ana: DeviceToken) -> None:
    sound = ana.episode.baseline
    ana.episode.baseline = {"pain_now": 8, "temp": "warm", "pain_where": 7}
    ana.episode.save(update_fields=["baseline"])
    checkins.submit(
        device=ana, submission=submission(30, weakness="same", weakness_where=["arm"]), now=at(30)
    )
    ana.episode.baseline = sound
    ana.episode.save(update_fields=["baseline"])
    Assessment.objects.update(next_attempt_at=None)

    alerts.flag_owed(limit=10, now=at(31))

    assert "NEURO-WEAK" in live()
