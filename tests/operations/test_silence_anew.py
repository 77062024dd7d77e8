"""Silence was judged on what was known at its closing. What comes late, or is corrected, has it judged anew."""

from typing import Any

import pytest

from recovery import alerts, checkins, corrections, silence
from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Assessment, DeviceToken, Episode, Notification, User
from tests import factories
from tests.factories import at, submission
from tests.hold.settled import as_next_request, settle
from tests.waiting import behind

pytestmark = pytest.mark.django_db

RED_FLAG: dict[str, Any] = {"temp": {"value": 38.5, "unit": "C"}}


@pytest.fixture
def ben() -> User:
    return factories.member(factories.team())


@pytest.fixture
def ana(ben: User) -> DeviceToken:
    device, _ = factories.phone(factories.episode(ben.memberships.get().team))
    return device


def report(ana: DeviceToken, felt: float, received: float | None = None, **answers: Any) -> checkins.Receipt:
    received = felt if received is None else received
    sent = submission(felt, **answers)
    return checkins.submit(device=as_next_request(ana), submission=sent, now=at(received))


def watch_until(hours: float) -> None:
    """Every hour, as long as nothing changes."""
    silence.judge_due(limit=10, now=at(hours))
    settle(at(hours))


def stands() -> dict[str | None, str]:
    """What stands on each slot now; "received late" where nothing is missed any more."""
    current = Assessment.objects.filter(silent_slot__isnull=False, is_current=True)
    return {
        row.silent_slot: f"{row.findings[0]['rule']} {row.findings[0]['tier']}"
        if row.findings
        else "received late"
        for row in current
    }


def live() -> dict[str, Tier]:
    """The alerts that are live, but for the one about the lateness itself."""
    found = Alert.objects.filter(status__in=Alert.LIVE).exclude(rule="LATE-ENTRY")
    return {alert.rule: Tier(alert.tier) for alert in found}


def test_what_was_missed_and_comes_late_is_kept_as_received_late(ana: DeviceToken) -> None:
    report(ana, 5)
    watch_until(36)
    assert stands() == {"S1": "MISSED-1 routine"}

    report(ana, 20, received=40)
    settle(at(40))

    assert stands() == {"S1": "received late"}
    assert [
        row.findings[0]["rule"] for row in Assessment.objects.filter(silent_slot="S1", is_current=False)
    ] == ["MISSED-1"]


def test_a_late_report_ends_what_the_silence_would_have_become(ana: DeviceToken) -> None:
    watch_until(36)
    assert live() == {"NEVER-STARTED": Tier.WITHIN_24H}

    report(ana, 50, received=61)
    watch_until(84)

    assert live() == {}
    assert stands() == {"S0": "MISSED-1 routine", "S1": "NEVER-STARTED within_24h", "S3": "MISSED-1 routine"}


def test_a_late_red_flag_raises_the_silence_after_it(ana: DeviceToken) -> None:
    report(ana, 20)
    watch_until(60)
    assert (stands(), live()) == ({"S0": "MISSED-1 routine", "S2": "MISSED-1 routine"}, {})

    report(ana, 30, received=70, **RED_FLAG)
    settle(at(70))

    assert stands()["S2"] == "MISSED-1 within_24h"
    assert live() == {"FEVER": Tier.SAME_DAY, "MISSED-1": Tier.WITHIN_24H}


def test_a_late_red_flag_makes_two_missed_check_ins_urgent_and_the_team_is_told(ana: DeviceToken) -> None:
    report(ana, 20)
    watch_until(84)
    assert live() == {"MISSED-2": Tier.WITHIN_24H}

    report(ana, 30, received=90, **RED_FLAG)
    settle(at(90))

    assert live() == {"FEVER": Tier.SAME_DAY, "MISSED-1": Tier.WITHIN_24H, "MISSED-2": Tier.SAME_DAY}
    assert Notification.objects.filter(alert__rule="MISSED-2").count() == 1


def test_a_late_report_without_a_red_flag_takes_no_alert_back_but_by_its_policy(ana: DeviceToken) -> None:
    """C4 ends what is below same_day as soon as a completed check-in arrives; what is urgent stays, with a note."""
    report(ana, 20, **RED_FLAG)
    watch_until(84)
    assert live() == {"FEVER": Tier.SAME_DAY, "MISSED-1": Tier.WITHIN_24H, "MISSED-2": Tier.SAME_DAY}

    report(ana, 70, received=90)
    settle(at(90))

    assert stands() == {"S0": "MISSED-1 routine", "S2": "MISSED-1 within_24h", "S3": "received late"}
    assert live() == {"FEVER": Tier.SAME_DAY, "MISSED-2": Tier.SAME_DAY}
    note = AlertEvent.objects.get(alert__rule="MISSED-2", kind="changed")
    assert note.detail == {"received_late": True}


def test_a_risk_factor_found_later_raises_what_was_silent(ana: DeviceToken, ben: User) -> None:
    watch_until(36)
    assert live() == {"NEVER-STARTED": Tier.WITHIN_24H}

    corrections.correct_risk_factors(
        episode_id=ana.episode.uuid,
        risk_factors=["tumour"],
        blood_thinner_restart_h=None,
        reason="Told on the phone.",
        by=ben,
        now=at(40),
    )
    settle(at(40))

    assert stands() == {"S0": "MISSED-1 routine", "S1": "NEVER-STARTED same_day"}
    assert live() == {"NEVER-STARTED": Tier.SAME_DAY}


def test_a_red_flag_that_was_corrected_lowers_the_verdict_and_closes_nothing(ana: DeviceToken) -> None:
    receipt = report(ana, 20, **RED_FLAG)
    watch_until(84)

    checkins.correct(
        device=as_next_request(ana),
        submission=submission(20, client_id=receipt.check_in_id),
        base_revision=1,
        now=at(90),
    )
    settle(at(90))

    assert stands()["S3"] == "MISSED-2 within_24h"
    assert live()["MISSED-2"] == Tier.SAME_DAY


def test_what_was_closed_comes_back_only_if_the_silence_weighs_more(ana: DeviceToken, ben: User) -> None:
    receipt = report(ana, 20, **RED_FLAG)
    watch_until(84)
    known = Alert.objects.get(rule="MISSED-2")
    alerts.close(
        alert_id=known.uuid, by=ben, outcome="cannot-reach", contacted=False, note="No answer.", now=at(85)
    )
    worse = submission(20, client_id=receipt.check_in_id, chest_pain="yes")
    checkins.correct(device=as_next_request(ana), submission=worse, base_revision=1, now=at(90))
    settle(at(90))

    assert Assessment.objects.filter(silent_slot="S3").count() == 2  # another reason, and no more urgent
    assert "MISSED-2" not in live()


def test_a_report_felt_at_the_instant_of_the_close_counts(ana: DeviceToken) -> None:
    report(ana, 20)
    watch_until(60)
    report(ana, 60, received=70)
    settle(at(70))

    assert stands() == {"S0": "MISSED-1 routine", "S2": "received late"}


def test_a_report_taken_back_leaves_its_slot_missed_after_all(ana: DeviceToken) -> None:
    report(ana, 5)
    receipt = report(ana, 20)
    watch_until(60)
    assert stands() == {"S2": "MISSED-1 routine"}

    checkins.withdraw(device=as_next_request(ana), client_id=receipt.check_in_id, now=at(61))
    watch_until(61)

    assert stands() == {"S1": "MISSED-1 routine", "S2": "MISSED-2 within_24h"}
    assert live() == {"MISSED-2": Tier.WITHIN_24H}


def test_a_report_that_was_felt_earlier_leaves_the_slot_it_was_in(ana: DeviceToken) -> None:
    report(ana, 5)
    watch_until(36)
    receipt = report(ana, 50)
    watch_until(60)
    assert stands() == {"S1": "MISSED-1 routine"}

    felt_earlier = submission(20, client_id=receipt.check_in_id)
    checkins.correct(device=as_next_request(ana), submission=felt_earlier, base_revision=1, now=at(61))
    watch_until(61)

    assert stands() == {"S1": "received late", "S2": "MISSED-1 routine"}


def test_silence_that_ended_with_the_episode_is_judged_anew_all_the_same(ana: DeviceToken) -> None:
    report(ana, 1000)
    watch_until(2040)
    assert stands()["S84"] == "MISSED-1 routine"

    report(ana, 1010, received=2050, **RED_FLAG)
    settle(at(2050))

    assert live() == {"FEVER": Tier.SAME_DAY, "MISSED-1": Tier.WITHIN_24H}
    assert Episode.objects.get().status == Episode.Status.ENDED


def test_an_equal_verdict_is_not_stored_again(ana: DeviceToken) -> None:
    report(ana, 20)
    watch_until(84)
    before = set(Assessment.objects.filter(silent_slot__isnull=False).values_list("pk", flat=True))

    report(ana, 30, received=90)
    settle(at(90))

    assert set(Assessment.objects.filter(silent_slot__isnull=False).values_list("pk", flat=True)) == before


def test_what_cannot_be_judged_anew_now_stays_owed(ana: DeviceToken) -> None:
    report(ana, 20)
    watch_until(60)
    report(ana, 30, received=70, **RED_FLAG)
    Episode.objects.update(protocol="gone/9")
    assert silence.rejudge(Episode.objects.get(), now=at(70)) is None

    Episode.objects.update(protocol="vk-default/1")
    settle(at(71))
    assert stands()["S2"] == "MISSED-1 within_24h"


@pytest.mark.parametrize(("felt", "closes", "status"), [(30, 36, "active"), (2030, 2040, "ended")])
@pytest.mark.django_db(transaction=True)
def test_a_late_report_taken_while_its_silence_is_judged_has_it_judged_anew(
    felt: float, closes: float, status: str, ana: DeviceToken
) -> None:
    """Whoever comes second has to see what the first one did, though both began at once; also when the first one ends
    the recovery with its last slot."""
    late = submission(felt)

    behind(
        lambda: silence.judge_due(limit=10, now=at(closes)),
        lambda: checkins.submit(device=as_next_request(ana), submission=late, now=at(closes + 0.1)),
    )

    assert (Episode.objects.get().status, Episode.objects.get().rejudge_from) == (status, at(felt))
