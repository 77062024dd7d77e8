from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from recovery import alerts, checkins, silence
from recovery.models import Alert, Assessment, DeviceToken, Episode, Notification, Pause
from tests import factories
from tests.factories import at, submission

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
        for row in Assessment.objects.filter(silent_slot__isnull=False)
    }


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


def test_silence_after_a_red_flag_weighs_more(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(30, temp={"value": 38.5, "unit": "C"}), now=at(30))
    silence.judge_due(limit=10, now=at(60))
    silence.judge_due(limit=10, now=at(84))

    assert silent() == {"S2": ("MISSED-1", "within_24h"), "S3": ("MISSED-2", "same_day")}


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
    checkins.submit(device=ana, submission=submission(20), now=at(20))
    Pause.objects.create(clinic=ana.clinic, episode=ana.episode, from_at=at(40), until_at=at(90))
    silence.judge_due(limit=10, now=at(110))

    assert silent() == {"S4": ("MISSED-1", "routine")}


@pytest.mark.parametrize("status", [Episode.Status.PAUSED, Episode.Status.ENDED])
def test_paused_and_ended_episodes_are_silent(ana: DeviceToken, status: str) -> None:
    ended_at = at(10) if status == Episode.Status.ENDED else None
    Episode.objects.update(status=status, next_due_at=None, ended_at=ended_at)

    assert silence.judge_due(limit=10, now=at(500)) == 0


def test_an_episode_ends_when_its_last_slot_has_closed(ana: DeviceToken) -> None:
    silence.judge_due(limit=10, now=at(2039.9))
    assert Episode.objects.get().status == Episode.Status.ACTIVE
    silence.judge_due(limit=10, now=at(2040))

    assert Episode.objects.get().status == Episode.Status.ENDED
    assert Episode.objects.get().next_due_at is None


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
