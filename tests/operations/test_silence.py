from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NoReturn

import pytest
from django.db import connection

from recovery import alerts, assessments, checkins, silence
from recovery.clinical.assessment import Assessment as Verdict
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, Episode, Notification, Pause
from recovery.silence import due
from recovery.silence.closings import Closing, Told, judged
from tests import factories
from tests.factories import at, submission
from tests.hold.settled import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> DeviceToken:
    team = factories.team()
    factories.member(team)
    device, _ = factories.phone(factories.episode(team))
    return device


def silent() -> dict[str | None, tuple[str, str]]:
    return {
        row.silent_slot: (row.findings[0]["rule"], row.findings[0]["tier"])
        for row in Assessment.objects.filter(silent_slot__isnull=False, is_current=True)
        if row.findings
    }


def raising(**_: object) -> NoReturn:
    raise ArithmeticError


def test_nothing_is_judged_before_its_slot_closes(ana: DeviceToken) -> None:
    assert silence.judge_due(limit=10, now=at(11.99)) == 0
    assert silence.judge_due(limit=10, now=at(12)) == 1
    assert silent() == {"S0": ("MISSED-1", "routine")}


def test_a_check_in_in_the_slot_is_no_silence(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(5), now=at(5))
    silence.judge_due(limit=10, now=at(12))

    assert silent() == {}


def test_a_half_finished_check_in_fills_no_slot(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(5, completed=False), now=at(5))
    silence.judge_due(limit=10, now=at(12))

    assert set(silent()) == {"S0"}


@pytest.mark.hazard("HZ12.1")
def test_silence_after_a_red_flag_weighs_more(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(5), now=at(5))
    checkins.submit(device=ana, submission=submission(30, temp={"value": 38.5, "unit": "C"}), now=at(30))
    silence.judge_due(limit=10, now=at(60))
    silence.judge_due(limit=10, now=at(84))

    assert silent() == {"S2": ("MISSED-1", "within_24h"), "S3": ("MISSED-2", "same_day")}


@pytest.mark.hazard("HZ12.2")
def test_ten_days_of_outage_are_caught_up_with_a_row_for_each_slot_and_one_message(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(5, temp={"value": 38.5, "unit": "C"}), now=at(5))
    for pk in Assessment.objects.values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="watch", now=at(5))
    before = Notification.objects.count()

    silence.judge_due(limit=10, now=at(252))
    alerts.flag_owed(limit=100, now=at(252))

    assert set(silent()) == {"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S10"}
    assert Notification.objects.count() - before == 1
    silence.judge_due(limit=10, now=at(252))
    assert len(silent()) == 8


def test_two_watches_at_once_judge_a_slot_once(transactional_db) -> None:
    factories.episode()

    def judge(_: int) -> None:
        try:
            silence.judge_due(limit=10, now=at(40))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(judge, range(8)))
    assert silent() == {"S0": ("MISSED-1", "routine"), "S1": ("NEVER-STARTED", "within_24h")}


def test_slots_that_closed_in_a_pause_are_not_missed(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(5), now=at(5))
    checkins.submit(device=ana, submission=submission(20), now=at(20))
    Pause.objects.create(clinic=ana.clinic, episode=ana.episode, from_at=at(40), until_at=at(90))
    silence.judge_due(limit=10, now=at(110))

    assert silent() == {"S4": ("MISSED-1", "routine")}


@pytest.mark.parametrize("status", [Episode.Status.PAUSED, Episode.Status.ENDED])
def test_paused_and_ended_episodes_are_silent(ana: DeviceToken, status: str) -> None:
    ended_at = at(10) if status == Episode.Status.ENDED else None
    Episode.objects.update(status=status, next_due_at=None, ended_at=ended_at)

    assert silence.judge_due(limit=10, now=at(500)) == 0


def test_a_report_does_not_hide_what_closed_while_nobody_watched(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(90), now=at(90))
    silence.judge_due(limit=10, now=at(91))
    alerts.flag_owed(limit=10, now=at(91))

    assert set(silent()) == {"S0", "S1", "S2", "S3"}
    assert not Alert.objects.exists()  # it was broken before anybody could be told


def test_an_episode_ends_when_its_last_slot_has_closed(ana: DeviceToken) -> None:
    silence.judge_due(limit=10, now=at(2039.9))
    assert Episode.objects.get().status == Episode.Status.ACTIVE
    silence.judge_due(limit=10, now=at(2040))

    assert Episode.objects.get().status == Episode.Status.ENDED
    assert Episode.objects.get().next_due_at is None


def test_the_last_slot_is_judged_before_the_episode_ends(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(1000, temp={"value": 38.5, "unit": "C"}), now=at(1000))
    silence.judge_due(limit=10, now=at(1040))
    silence.judge_due(limit=10, now=at(2040))

    last = Assessment.objects.get(silent_slot="S84")
    assert (last.findings[0]["rule"], last.tier, last.hours) == ("MISSED-1", Tier.WITHIN_24H, 2040)
    assert Episode.objects.get().status == Episode.Status.ENDED


def test_a_check_in_in_the_last_slot_still_lets_the_episode_end(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(2000), now=at(2000))
    silence.judge_due(limit=10, now=at(2040))

    assert Episode.objects.get().status == Episode.Status.ENDED


def test_the_timer_opens_an_alert_for_the_team(ana: DeviceToken) -> None:
    silence.judge_due(limit=10, now=at(36))
    alerts.flag_owed(limit=10, now=at(36))

    assert set(Alert.objects.values_list("rule", flat=True)) == {"NEVER-STARTED"}


def test_one_faulty_episode_does_not_hold_up_the_others(ana: DeviceToken) -> None:
    Episode.objects.update(protocol="no-such/9")
    factories.episode(ana.episode.team, name="Ida Moreau")

    silence.judge_due(limit=10, now=at(12))

    assert len(silent()) == 1


def test_one_that_the_database_refuses_does_not_hold_up_the_others(
    ana: DeviceToken, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    others = [factories.episode(ana.episode.team, name=f"Ida {number}") for number in range(5)]

    def spoilt(closing: Closing, told: Told) -> Verdict:
        verdict = judged(closing, told)
        return replace(verdict, phase="x" * 99) if closing.episode.id == ana.episode_id else verdict

    monkeypatch.setattr(due, "judged", spoilt)
    assert silence.judge_due(limit=10, now=at(12)) == 5

    assert set(Assessment.objects.values_list("episode", flat=True)) == {other.pk for other in others}
    faulty = Episode.objects.get(pk=ana.episode_id)
    assert (faulty.silence_attempts, faulty.next_due_at) == (1, at(12))
    assert "DataError" in caplog.text


def test_a_batch_takes_as_many_statements_for_many_as_for_one(
    ana: DeviceToken, django_assert_max_num_queries: Callable[..., AbstractContextManager]
) -> None:
    for number in range(20):
        factories.episode(ana.episode.team, name=f"Ida {number}")

    with django_assert_max_num_queries(9):  # four of them open and close transactions
        assert silence.judge_due(limit=100, now=at(12)) == 21
    assert Assessment.objects.filter(silent_slot="S0").count() == 21


def test_the_longest_waiting_come_first(ana: DeviceToken) -> None:
    factories.episode(ana.episode.team, name="Ida Moreau", procedure_at=at(-1))
    silence.judge_due(limit=1, now=at(12))

    assert Assessment.objects.get().episode.patient.name == "Ida Moreau"


def test_what_only_the_patient_is_told_of_is_not_owed_to_the_team(ana: DeviceToken) -> None:
    silence.judge_due(limit=10, now=at(12))
    assert Assessment.objects.get().flagged_by == "watch"
    silence.judge_due(limit=10, now=at(36))

    assert Assessment.objects.get(silent_slot="S1").flagged_at is None


def test_a_check_in_that_could_not_be_judged_counts_as_its_service_alert_does(
    ana: DeviceToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has been ruled out. When it is judged at last, the silence after it is judged anew."""
    with monkeypatch.context() as broken:
        broken.setattr(assessments, "assess", raising)
        checkins.submit(device=ana, submission=submission(5), now=at(5))
    silence.judge_due(limit=10, now=at(36))
    assert silent() == {"S1": ("MISSED-1", "within_24h")}

    settle(at(37))
    assert silent() == {"S1": ("MISSED-1", "routine")}


def test_a_fault_that_comes_again_is_shown_again(ana: DeviceToken) -> None:
    def fail(hours: float) -> None:
        Episode.objects.update(protocol="gone/9")
        for _ in range(Assessment.MAX_ATTEMPTS):
            Episode.objects.update(silence_next_at=None)
            silence.judge_due(limit=10, now=at(hours))
        Episode.objects.update(protocol="vk-default/1", silence_next_at=None)

    fail(12)
    silence.judge_due(limit=10, now=at(13))
    assert Episode.objects.get().silence_attempts == 0
    fail(36)

    assert Assessment.objects.filter(silent_slot=silence.NOT_JUDGED, flagged_at=None).count() == 1
