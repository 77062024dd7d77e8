"""From findings to alerts (specification 8): one alert for each episode and rule; what opens, joins and raises it, and
who is told how often."""

import pytest

from recovery import access, alerts
from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Assessment, DeviceToken, Notification, User
from tests import factories
from tests.factories import at
from tests.operations.ward import close, flag_all, kinds, live, report

pytestmark = pytest.mark.django_db


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


HIGH, VERY_HIGH = {"temp": {"value": 38.5, "unit": "C"}}, {"temp": {"value": 40.1, "unit": "C"}}
"""Fever at same_day, and at emergency."""

EVERYBODY, OWNER = ["Ben Okafor", "Dora Klein"], ["Ben Okafor"]
NOBODY: list[str] = []


@pytest.mark.parametrize(
    ("state", "first", "again", "after_h", "kind", "told"),
    [
        ("open", HIGH, HIGH, 3.9, "joined", NOBODY),
        ("open", HIGH, HIGH, 4, "joined", EVERYBODY),
        ("open", VERY_HIGH, HIGH, 0.9, "joined", NOBODY),
        ("open", VERY_HIGH, HIGH, 1, "joined", EVERYBODY),
        ("open", HIGH, VERY_HIGH, 0.1, "raised", EVERYBODY),
        ("taken on", HIGH, HIGH, 3.9, "joined", NOBODY),
        ("taken on", HIGH, HIGH, 4, "joined", OWNER),
        ("taken on", VERY_HIGH, HIGH, 0.9, "joined", NOBODY),
        ("taken on", VERY_HIGH, HIGH, 1, "joined", OWNER),
        ("taken on", HIGH, VERY_HIGH, 0.1, "raised", EVERYBODY),
        ("closed", HIGH, HIGH, 0.1, "opened", EVERYBODY),
        ("closed", VERY_HIGH, HIGH, 0.1, "opened", EVERYBODY),
        ("closed", HIGH, VERY_HIGH, 0.1, "opened", EVERYBODY),
    ],
)
def test_f29_a_red_flag_again_while_one_is_open_taken_on_or_closed(
    ana: DeviceToken,
    ben: User,
    state: str,
    first: dict,
    again: dict,
    after_h: float,
    kind: str,
    told: list[str],
) -> None:
    factories.member(ana.episode.team, "Dora Klein", "doctor")
    report(ana, 30, **first)
    alert = Alert.objects.get()
    if state == "taken on":
        alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(30.01))
    if state == "closed":
        close(alert, ben, 30.01)
    before = set(Notification.objects.values_list("pk", flat=True))

    second = report(ana, 30 + after_h, **again)

    (event,) = AlertEvent.objects.filter(assessment=second)
    planned = Notification.objects.exclude(pk__in=before).order_by("recipient__name")
    assert event.kind == kind
    assert [row.recipient.name for row in planned] == told
    assert Alert.objects.count() == (2 if state == "closed" else 1)


def test_the_limit_counts_from_when_the_team_was_last_told(ana: DeviceToken, ben: User) -> None:
    for hours, told in [(30, 1), (34, 2), (37.9, 2), (38, 3)]:
        report(ana, hours, bleeding="oozing")
        assert Notification.objects.count() == told


def test_each_rule_and_each_patient_has_an_alert_of_its_own(ana: DeviceToken) -> None:
    other, _ = factories.phone(factories.episode(ana.episode.team, name="Ida Moreau"))
    report(ana, 30, bleeding="oozing")
    report(ana, 31, confused="yes")
    report(other, 31, bleeding="oozing")

    assert sorted(Alert.objects.values_list("rule", flat=True)) == ["BLEED-OOZE", "BLEED-OOZE", "CONFUSED"]


def test_the_timer_restarts_only_when_the_tier_rises(ana: DeviceToken) -> None:
    report(ana, 30, **HIGH)
    report(ana, 40, **HIGH)
    assert Alert.objects.get().tier_at == at(30)
    report(ana, 41, **VERY_HIGH)
    report(ana, 42, **HIGH)

    alert = Alert.objects.get()
    assert (alert.tier_at, alert.opened_at, kinds(alert)) == (
        at(41),
        at(30),
        ["opened", "joined", "raised", "joined"],
    )


def test_the_join_adds_the_check_in(ana: DeviceToken) -> None:
    first, second = report(ana, 30, **HIGH), report(ana, 31, **HIGH)

    alert = Alert.objects.get()
    assert (alert.first_assessment, alert.latest_assessment) == (first, second)
    assert list(alert.events.order_by("id").values_list("assessment", flat=True)) == [first.pk, second.pk]
