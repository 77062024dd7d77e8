"""The procedure was at another time than was recorded: hours, slots and silence move with it. Nobody is told twice of
what stays as it was, and nothing that is found by the new time goes untold."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from recovery import alerts, checkins, corrections, episodes, procedure_time, silence
from recovery.clinical.tiers import Tier
from recovery.models import (
    Alert,
    AlertEvent,
    Assessment,
    AuditEvent,
    CheckIn,
    DeviceToken,
    Episode,
    EpisodeEvent,
    User,
)
from tests import factories
from tests.factories import T0, at, submission
from tests.hold.settled import as_next_request, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return factories.member(factories.team())


@pytest.fixture
def ana(ben: User) -> DeviceToken:
    return factories.phone(factories.episode(ben.memberships.get().team))[0]


def report(ana: DeviceToken, felt: float, received: float | None = None, **answers: Any) -> checkins.Receipt:
    received = felt if received is None else received
    sent = submission(felt, **answers)
    return checkins.submit(device=as_next_request(ana), submission=sent, now=at(received))


def move(
    ben: User, to: float | datetime, *, now: float, time_estimated: bool = False, **options: Any
) -> Episode:
    """To so many hours after the time that was recorded first; then whatever is owed is done."""
    fields = {"reason": "Read in the operation note.", "by": ben} | options
    moved = procedure_time.change(
        episode_id=Episode.objects.get().uuid,
        procedure_at=to if isinstance(to, datetime) else at(to),
        time_estimated=time_estimated,
        now=at(now),
        **fields,
    )
    watch_until(now)
    return moved


def watch_until(hours: float) -> None:
    silence.judge_due(limit=10, now=at(hours))
    settle(at(hours))


def stands() -> dict[str | None, str]:
    current = Assessment.objects.filter(silent_slot__isnull=False, is_current=True)
    return {
        row.silent_slot: row.findings[0]["rule"] if row.findings else "not missed"
        for row in current.order_by("effective_at")
    }


def live() -> dict[str, Tier]:
    found = Alert.objects.filter(status__in=Alert.LIVE).exclude(rule="LATE-ENTRY")
    return {alert.rule: Tier(alert.tier) for alert in found}


def hours_of(receipt: checkins.Receipt) -> float:
    return Assessment.objects.get(check_in__client_id=receipt.check_in_id, is_current=True).hours


# --- check-ins -----------------------------------------------------------------------------------------------------


def test_every_check_in_is_judged_by_the_hour_it_has_now(ana: DeviceToken, ben: User) -> None:
    first, second = report(ana, 20), report(ana, 40)

    move(ben, 6, now=41)

    assert (hours_of(first), hours_of(second)) == (14, 34)
    assert Assessment.objects.filter(is_current=True, silent_slot=None).count() == 2


def test_what_is_found_only_by_the_new_hour_is_told(ana: DeviceToken, ben: User) -> None:
    """A bandage off at hour 54 is as it should be; at hour 42 it came off too early."""
    report(ana, 54, bandage="off")
    settle(at(54))
    assert live() == {}

    move(ben, 12, now=55)

    assert "BANDAGE" in live()


def test_an_alert_that_the_new_hour_would_not_open_stays_open(ana: DeviceToken, ben: User) -> None:
    report(ana, 40, bandage="off")
    settle(at(40))
    assert "BANDAGE" in live()

    move(ben, -12, now=41)

    verdict = Assessment.objects.get(is_current=True, check_in__isnull=False)
    assert "BANDAGE" not in {finding["rule"] for finding in verdict.findings}
    assert "BANDAGE" in live()


def test_a_time_felt_before_the_procedure_is_not_believed_and_is_again(ana: DeviceToken, ben: User) -> None:
    """Felt at hour 5, received at hour 9: with the procedure at hour 6 the phone's clock must have been wrong."""
    receipt = report(ana, 5, received=9)

    move(ben, 6, now=10)
    check_in = CheckIn.objects.get()
    assert (check_in.effective_at, check_in.clock_suspect) == (at(9), True)
    assert (check_in.observed_at, hours_of(receipt)) == (at(5), 3)

    move(ben, 0, now=11)
    check_in = CheckIn.objects.get()
    assert (check_in.effective_at, check_in.clock_suspect) == (at(5), False)
    assert hours_of(receipt) == 5


def test_one_that_stands_before_the_procedure_is_judged_anew_with_every_later_correction(
    ana: DeviceToken, ben: User
) -> None:
    """Sent days before the procedure turned out to be: it is not believed, but it is not forgotten either."""
    report(ana, 5, bleeding="oozing")
    settle(at(5))
    move(ben, 60, now=61)
    assert live()["BLEED-OOZE"] == Tier.SAME_DAY

    corrections.correct_risk_factors(
        episode_id=ana.episode.uuid,
        risk_factors=["anticoagulant"],
        blood_thinner_restart_h=None,
        reason="Takes apixaban.",
        by=ben,
        now=at(62),
    )
    settle(at(62))

    assert live()["BLEED-OOZE"] == Tier.EMERGENCY


def test_a_report_that_was_read_before_the_change_is_judged_after_it(ana: DeviceToken, ben: User) -> None:
    """The phone's request has read the episode with the old time; what it writes goes by the new one."""
    stale = as_next_request(ana)
    move(ben, 6, now=19)

    receipt = checkins.submit(device=stale, submission=submission(20), now=at(20))

    assert hours_of(receipt) == 14


def test_an_earlier_revision_is_judged_among_what_came_before_it_by_the_new_time(
    ana: DeviceToken, ben: User
) -> None:
    receipt = report(ana, 20)
    again = submission(20, client_id=receipt.check_in_id, pain_now=3)
    checkins.correct(device=as_next_request(ana), submission=again, base_revision=1, now=at(21))
    settle(at(21))

    move(ben, 30, now=40)

    old = CheckIn.objects.get().revisions.get()
    assert old.effective_at == at(20)  # as it was: a superseded revision is never changed
    assert CheckIn.objects.get().effective_at == at(20)  # received then, too
    assert hours_of(receipt) == -10


# --- slots and silence ---------------------------------------------------------------------------------------------


def test_the_watch_looks_at_the_slots_by_the_new_time(ana: DeviceToken, ben: User) -> None:
    report(ana, 5)
    assert Episode.objects.get().next_due_at == at(36)

    move(ben, 4, now=10)

    assert Episode.objects.get().next_due_at == at(16)
    watch_until(16)
    assert stands() == {"S0": "MISSED-1"}  # what she felt was at hour 1, before it opened
    assert Episode.objects.get().next_due_at == at(40)


def test_a_slot_that_is_open_again_is_not_missed_until_it_closes(ana: DeviceToken, ben: User) -> None:
    watch_until(36)
    assert (stands(), live()) == (
        {"S0": "MISSED-1", "S1": "NEVER-STARTED"},
        {"NEVER-STARTED": Tier.WITHIN_24H},
    )

    move(ben, 30, now=37)
    assert stands() == {}
    assert live() == {"NEVER-STARTED": Tier.WITHIN_24H}  # no alert closes by it
    note = AlertEvent.objects.get(alert__rule="NEVER-STARTED", kind="changed")
    assert note.detail == {"procedure_moved": True}

    watch_until(66)
    assert stands() == {"S0": "MISSED-1", "S1": "NEVER-STARTED"}


def test_after_its_alert_was_closed_a_slot_that_closes_again_is_told_anew(
    ana: DeviceToken, ben: User
) -> None:
    """The colleague closed it because the day was wrong. By the right day nobody has heard from her either."""
    watch_until(36)
    known = Alert.objects.get(rule="NEVER-STARTED")
    alerts.close(alert_id=known.uuid, by=ben, outcome="seen", contacted=False, note="Wrong day.", now=at(37))
    move(ben, 30, now=38)
    assert live() == {}

    watch_until(66)

    assert live() == {"NEVER-STARTED": Tier.WITHIN_24H}


def test_a_slot_that_stays_missed_is_not_told_twice(ana: DeviceToken, ben: User) -> None:
    watch_until(36)
    known = Alert.objects.get(rule="NEVER-STARTED")
    alerts.close(alert_id=known.uuid, by=ben, outcome="seen", contacted=True, note="Rang her.", now=at(37))

    move(ben, 0.5, now=38)

    assert stands() == {"S0": "MISSED-1", "S1": "NEVER-STARTED"}
    assert live() == {}
    assert set(Assessment.objects.filter(silent_slot="S1").values_list("effective_at", "is_current")) == {
        (at(36), False),
        (at(36.5), True),
    }


def test_what_was_missed_by_the_old_time_and_was_filled_by_the_new_one_is_noted(
    ana: DeviceToken, ben: User
) -> None:
    report(ana, 20, temp={"value": 38.5, "unit": "C"})
    watch_until(60)
    assert (stands()["S2"], live()["MISSED-1"]) == ("MISSED-1", Tier.WITHIN_24H)

    move(ben, -20, now=61)

    # Felt at hour 40 of the recovery; S0 was over before she was enrolled.
    assert stands() == {"S0": "not missed", "S1": "NEVER-STARTED", "S2": "not missed"}
    note = AlertEvent.objects.get(alert__rule="MISSED-1", kind="changed")
    assert note.detail == {"procedure_moved": True}
    assert "NEVER-STARTED" not in live()  # she was heard since


def test_check_ins_that_were_over_before_the_patient_was_enrolled_are_not_missed(
    ana: DeviceToken, ben: User
) -> None:
    report(ana, 5)

    move(ben, -100, now=6)

    assert stands() == {}
    pause = ana.episode.pauses.get()
    assert (pause.from_at, pause.until_at) == (at(-100), T0)
    move(ben, -90, now=7)
    assert ana.episode.pauses.count() == 1


def test_a_slot_is_open_again_and_closed_again_as_often_as_somebody_changes_their_mind(
    ana: DeviceToken, ben: User
) -> None:
    watch_until(36)
    for to, missed in ((30, {}), (0, {"S0", "S1"}), (30, {}), (1, {"S0"})):
        move(ben, to, now=36.5)
        assert set(stands()) == set(missed)
    watch_until(37)

    assert set(stands()) == {"S0", "S1"}
    assert Alert.objects.filter(rule="NEVER-STARTED").count() == 1


def test_the_silence_of_a_paused_or_ended_recovery_is_judged_anew_and_nobody_watches_it(
    ana: DeviceToken, ben: User
) -> None:
    watch_until(36)
    episodes.pause(episode_id=ana.episode.uuid, reason="In hospital.", by=ben, now=at(40))
    assert move(ben, 2, now=41).next_due_at is None
    assert stands() == {"S0": "MISSED-1", "S1": "NEVER-STARTED"}

    episodes.end(episode_id=ana.episode.uuid, reason="Moved away.", by=ben, now=at(42))
    moved = move(ben, 8, now=43)
    assert (moved.next_due_at, moved.status) == (None, "ended")
    assert set(stands()) == {"S0"}  # S1 would have closed after the end
    watch_until(100)
    assert set(stands()) == {"S0"}


def test_when_silence_cannot_be_judged_anew_now_it_stays_owed(ana: DeviceToken, ben: User) -> None:
    watch_until(36)
    procedure_time.change(
        episode_id=ana.episode.uuid,
        procedure_at=at(2),
        time_estimated=False,
        reason="Read in the note.",
        by=ben,
        now=at(40),
    )
    Episode.objects.update(protocol="gone/9")
    assert silence.rejudge(Episode.objects.get(), now=at(40)) is None

    Episode.objects.update(protocol="vk-default/1")
    watch_until(41)
    assert set(Assessment.objects.filter(silent_slot="S1").values_list("effective_at", flat=True)) == {
        at(36),
        at(38),
    }


# --- what is written, and who may ----------------------------------------------------------------------------------


def test_it_is_remembered_with_what_stood_there_before(ana: DeviceToken, ben: User) -> None:
    episodes.extend(episode_id=ana.episode.uuid, until=at(2060), reason="Brace.", by=ben, now=at(20))

    moved = move(ben, 30, now=41)

    event = EpisodeEvent.objects.latest("pk")
    assert (event.what, event.reason, event.by) == (
        "changed procedure time",
        "Read in the operation note.",
        ben,
    )
    assert datetime.fromisoformat(event.was["procedure_at"]) == T0
    assert datetime.fromisoformat(event.was["extended_until"]) == at(2060)
    assert moved.extended_until is None  # the plan runs longer than that by now
    assert AuditEvent.objects.get(what="changed procedure time").detail == {}


def test_when_only_the_day_is_known_it_counts_from_its_start_where_the_patient_lives(ben: User) -> None:
    factories.episode(ben.memberships.get().team, time_zone="America/New_York")

    moved = move(ben, datetime(2026, 3, 3, 2, tzinfo=ZoneInfo("UTC")), now=41, time_estimated=True)

    assert moved.procedure_at == datetime(2026, 3, 2, tzinfo=ZoneInfo("America/New_York"))
    assert moved.time_estimated


def test_the_same_again_changes_nothing(ana: DeviceToken, ben: User) -> None:
    for _ in range(2):
        move(ben, 6, now=41)

    assert EpisodeEvent.objects.count() == 1


def test_of_two_at_once_the_second_reads_who_was_first(ana: DeviceToken, ben: User) -> None:
    dora = factories.member(ana.episode.team, "Dora Klein", "doctor")
    seen = corrections.as_seen(ana.episode, corrections.PROCEDURE)
    move(dora, 6, now=41, seen=seen)

    with pytest.raises(
        episodes.EpisodeRefused, match="Dora Klein changed the procedure time at 03:00 on 4 March"
    ):
        move(ben, 5, now=42, seen=seen)
    move(ben, 6, now=42, seen=seen)  # the same is no conflict: it stands already

    assert Episode.objects.get().procedure_at == at(6)


REFUSED: dict[str, tuple[float, float, str]] = {
    "to come": (42, 41, "later than now"),
    "over": (-2041, 41, "the recovery is over"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_slip_of_the_pen_is_refused(ana: DeviceToken, ben: User, name: str) -> None:
    to, now, words = REFUSED[name]

    with pytest.raises(episodes.EpisodeRefused, match=words):
        move(ben, to, now=now)

    assert Episode.objects.get().procedure_at == T0
    assert not EpisodeEvent.objects.exists()


def test_also_one_that_has_ended_is_not_moved_by_years(ana: DeviceToken, ben: User) -> None:
    episodes.end(episode_id=ana.episode.uuid, reason="Moved away.", by=ben, now=at(40))

    with pytest.raises(episodes.EpisodeRefused, match="more than a year ago"):
        move(ben, T0 - timedelta(days=366), now=41)


def test_only_those_of_the_team_whose_part_it_is_and_with_a_reason(ana: DeviceToken, ben: User) -> None:
    dee = factories.member(ana.episode.team, "Dee Abara", "admin")
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")

    with pytest.raises(episodes.EpisodeRefused, match="role"):
        move(dee, 6, now=41)
    with pytest.raises(episodes.EpisodeRefused, match="few words"):
        move(ben, 6, now=41, reason=" ")
    with pytest.raises(Episode.DoesNotExist):
        move(cleo, 6, now=41)
