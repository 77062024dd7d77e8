"""When an alert ends by itself, and when it never does: the clearing policies C1 to C4 of specification 8."""

import pytest

from recovery import alerts, checkins, silence
from recovery.alerts import NotAllowed, policy
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.models import Alert, DeviceToken, Episode, User
from tests import factories
from tests.factories import at, submission
from tests.operations.ward import as_next_request, close, correct, flag_all, kinds, live, report

pytestmark = pytest.mark.django_db


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


def test_a_report_that_came_twice_under_two_ids_counts_once(ana: DeviceToken) -> None:
    """Read by hand to the minute, and sent again by the mended app to the second."""
    report(ana, 30, cough="new")
    report(ana, 31)
    report(ana, 31 + 20 / 3600)
    assert live() == {"COUGH": "within_24h"}
    report(ana, 31 + 70 / 3600)

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


NEEDLE_SITE = {"numbness": "new_or_worse", "numbness_where": ["needle_site"]}
"""NEURO-NUMB at its lowest tier, within_24h; its policy is C1 all the same."""


def only_live() -> Alert:
    return Alert.objects.get(status__in=Alert.LIVE)


# --- C1 ------------------------------------------------------------------------------------------------------------


def test_c1_below_same_day_does_not_end_by_itself_either(ana: DeviceToken) -> None:
    report(ana, 30, **NEEDLE_SITE)
    for hour in range(31, 36):
        report(ana, hour)

    assert live() == {"NEURO-NUMB": "within_24h"}


def test_c1_needs_a_reason_and_an_outcome_at_every_tier(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, **NEEDLE_SITE)
    with pytest.raises(NotAllowed, match="few words"):
        close(only_live(), ben, 31, note=" ")
    with pytest.raises(NotAllowed, match="Choose an outcome"):
        close(only_live(), ben, 31, outcome="")
    close(only_live(), ben, 31)

    assert live() == {}


def test_c1_what_once_was_same_day_stays_for_a_clinician(ana: DeviceToken) -> None:
    """COUGH is C2, but was blood for a day."""
    report(ana, 30, cough="blood")
    report(ana, 31, cough="new")
    for hour in range(32, 36):
        report(ana, hour)

    assert live() == {"COUGH": "emergency"}


@pytest.mark.parametrize("rule", sorted(protocols.get().rules))
def test_c1_holds_for_every_rule_from_same_day_on(rule: str) -> None:
    clears = protocols.get().rules[rule].clears
    episode = Episode(protocol=protocols.DEFAULT)
    policies = [policy.of(Alert(episode=episode, rule=rule, tier=tier)) for tier in Tier if tier]

    assert policies == [clears, clears, "C1", "C1"]
    assert clears in {"C1", "C2", "C3", "C4"}


# --- C2 and C3 -----------------------------------------------------------------------------------------------------


def test_c2_and_c3_may_be_closed_without_a_reason(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, cough="new", bandage="off")
    for alert in Alert.objects.all():
        close(alert, ben, 31, outcome="no-problem-found", contacted=False, note="")

    assert live() == {}


def test_c2_stays_in_the_record_with_the_reason_why_it_ended(ana: DeviceToken) -> None:
    report(ana, 30, cough="new")
    report(ana, 31)
    report(ana, 32)

    alert = Alert.objects.get()
    assert (alert.status, alert.ended_at, alert.ended_by) == ("resolved", at(32), None)
    assert alert.events.latest("id").detail == {"by_policy": "C2"}


def test_c2_a_half_finished_report_with_the_finding_breaks_the_row(ana: DeviceToken) -> None:
    report(ana, 30, cough="new")
    report(ana, 31)
    report(ana, 32, completed=False, cough="new")
    report(ana, 33)
    assert live() == {"COUGH": "within_24h"}
    report(ana, 34)

    assert live() == {}


def test_c2_a_report_that_was_taken_back_does_not_count(ana: DeviceToken) -> None:
    report(ana, 30, cough="new")
    clear = report(ana, 31)
    checkins.withdraw(device=as_next_request(ana), client_id=clear.check_in.client_id, now=at(31.5))
    report(ana, 32)

    assert live() == {"COUGH": "within_24h"}


def test_c2_ends_also_when_somebody_has_taken_it_on(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, cough="new")
    alerts.acknowledge(alert_id=only_live().uuid, by=ben, now=at(30.5))
    report(ana, 31)
    report(ana, 32)

    assert kinds(Alert.objects.get()) == ["opened", "acknowledged", "resolved"]


def test_c3_after_its_end_the_next_finding_opens_a_new_alert(ana: DeviceToken) -> None:
    report(ana, 30, bandage="off")
    report(ana, 31)
    report(ana, 32, bandage="off")

    assert Alert.objects.count() == 2
    assert live() == {"BANDAGE": "routine"}


def test_c3_a_correction_of_the_report_itself_does_not_end_it(ana: DeviceToken) -> None:
    first = report(ana, 30, bandage="off")
    correct(first, received=31)

    assert live() == {"BANDAGE": "routine"}


# --- C4 ------------------------------------------------------------------------------------------------------------


def test_c4_a_half_finished_report_does_not_end_a_silence(ana: DeviceToken) -> None:
    quiet_until(36)
    report(ana, 37, completed=False)

    assert live() == {"NEVER-STARTED": "within_24h"}


def test_c4_a_late_report_that_arrives_completed_ends_a_silence(ana: DeviceToken) -> None:
    quiet_until(36)
    report(ana, 20, received=37)

    assert "NEVER-STARTED" not in live()


def test_c4_silence_at_same_day_is_for_a_clinician(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, bleeding="oozing")
    close(only_live(), ben, 31)
    quiet_until(85)
    assert live()["MISSED-2"] == "same_day"
    report(ana, 86)

    assert live() == {"MISSED-2": "same_day"}


def test_c4_incomplete_ends_when_a_later_report_answers_the_blanks(ana: DeviceToken) -> None:
    report(ana, 30, bowel=None)
    report(ana, 31, bowel=None)
    assert live() == {"INCOMPLETE": "within_24h"}
    report(ana, 32)

    assert live() == {}


def test_c4_incomplete_ends_when_the_later_of_two_is_corrected(ana: DeviceToken) -> None:
    """What the first left out the second answers by then."""
    report(ana, 30, bowel=None)
    second = report(ana, 31, bowel=None)
    correct(second, received=32)

    assert live() == {}


def test_c4_incomplete_stays_while_the_later_of_two_has_blanks(ana: DeviceToken) -> None:
    first = report(ana, 30, bowel=None)
    report(ana, 31, bowel=None)
    correct(first, received=32)

    assert live() == {"INCOMPLETE": "within_24h"}


def quiet_until(hours: float) -> None:
    silence.judge_due(limit=10, now=at(hours))
    flag_all(at(hours))
