"""Two things at the wrong moment: a fault and a correction, a withdrawal and its alert, a database that goes away."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection, transaction

from recovery import alerts, assessments, checkins, episodes, silence, watch
from recovery.alerts import flagging, owed
from recovery.models import Alert, AlertEvent, Assessment, CheckIn, DeviceToken, Episode
from recovery.silence import due
from tests import factories
from tests.factories import at, submission
from tests.waiting import lock_waits, wait_until


def fail(*_: Any, **__: Any) -> NoReturn:
    raise ValueError


def aside(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connection.close()


def phone() -> DeviceToken:
    return factories.phone(factories.episode())[0]


@pytest.mark.django_db
def test_a_red_flag_that_could_not_be_judged_is_not_lost_by_its_correction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device, report = phone(), submission(30, chest_pain="yes")
    with monkeypatch.context() as broken:
        broken.setattr(assessments, "assess", fail)
        checkins.submit(device=device, submission=report, now=at(30))
    milder = submission(30, client_id=report.client_id)
    checkins.correct(device=device, submission=milder, base_revision=1, now=at(30))

    Assessment.objects.update(next_attempt_at=None)
    for _ in range(3):
        watch.cycle(at(30))

    assert list(Alert.objects.values_list("rule", flat=True)) == ["CHEST"]
    assert not Assessment.objects.filter(flagged_at=None).exists()
    current = Assessment.objects.get(is_current=True, check_in__isnull=False)
    assert (current.revision, current.tier) == (2, 0)


@pytest.mark.django_db(transaction=True)
def test_a_report_taken_back_while_its_alert_is_being_opened_is_noted_on_it() -> None:
    device, report = phone(), submission(30, chest_pain="yes")
    checkins.submit(device=device, submission=report, now=at(30))

    def take_back() -> None:
        try:
            checkins.withdraw(device=device, client_id=report.client_id, now=at(30))
        finally:
            connection.close()

    with ThreadPoolExecutor() as hands:
        with transaction.atomic():
            alerts.flag(assessment_id=Assessment.objects.get().pk, by="watch", now=at(30))
            taken_back = hands.submit(take_back)
        taken_back.result(timeout=30)

    kinds = list(AlertEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds[0] == "opened"
    assert "changed" in kinds


@pytest.mark.django_db(transaction=True)
def test_a_report_that_waits_to_be_taken_back_holds_up_no_red_flag() -> None:
    """Else whoever holds the episode, and needs the verdict, would wait for it for ever."""
    device, report = phone(), submission(30, chest_pain="yes")
    checkins.submit(device=device, submission=report, now=at(30))
    verdict = Assessment.objects.get().pk

    with ThreadPoolExecutor() as hands:
        with transaction.atomic():
            Episode.objects.select_for_update(no_key=True).get()
            taken_back = hands.submit(
                aside, lambda: checkins.withdraw(device=device, client_id=report.client_id, now=at(30))
            )
            wait_until(lock_waits)
            flagged = hands.submit(aside, lambda: alerts.flag(assessment_id=verdict, by="watch", now=at(30)))
            flagged.result(timeout=30)
            Assessment.objects.filter(pk=verdict).update(attempts=1)
        taken_back.result(timeout=30)

    assert AlertEvent.objects.earliest("id").kind == "opened"
    assert AlertEvent.objects.filter(kind="changed").exists()


@pytest.mark.django_db(transaction=True)
def test_a_report_is_taken_back_while_its_new_verdict_waits_to_be_flagged() -> None:
    """The note refers to the verdict that the other has claimed, who waits for whoever writes the note."""
    device, report = phone(), submission(30, chest_pain="yes")
    checkins.submit(device=device, submission=report, now=at(30))
    alerts.flag(assessment_id=Assessment.objects.get().pk, by="watch", now=at(30))
    milder = submission(30, client_id=report.client_id)
    checkins.correct(device=device, submission=milder, base_revision=1, now=at(30))
    verdict = Assessment.objects.get(flagged_at=None, is_current=True).pk

    with ThreadPoolExecutor() as hands:
        with transaction.atomic():
            Episode.objects.select_for_update(no_key=True).get()
            flagging.one_at_a_time(device.episode_id)
            flagged = hands.submit(aside, lambda: alerts.flag(assessment_id=verdict, by="watch", now=at(30)))
            wait_until(lock_waits)
            checkins.withdraw(device=device, client_id=report.client_id, now=at(30))
        flagged.result(timeout=30)

    assert AlertEvent.objects.filter(kind="changed", assessment=verdict).exists()
    assert not Assessment.objects.filter(flagged_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_report_is_taken_back_while_it_is_judged_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging writes to the episode. Whoever takes the report back has it, and waits until nothing of it is flagged."""
    device, report = phone(), submission(30, chest_pain="yes")
    with monkeypatch.context() as broken:
        broken.setattr(assessments, "assess", fail)
        checkins.submit(device=device, submission=report, now=at(30))
    verdict = Assessment.objects.get().pk

    with ThreadPoolExecutor() as hands:
        with transaction.atomic():
            Episode.objects.select_for_update(no_key=True).get()
            flagged = hands.submit(aside, lambda: alerts.flag(assessment_id=verdict, by="watch", now=at(30)))
            wait_until(lock_waits)
            checkins.withdraw(device=device, client_id=report.client_id, now=at(30))
        flagged.result(timeout=30)

    assert list(Alert.objects.values_list("rule", flat=True)) == ["CHEST"]
    assert not Assessment.objects.filter(flagged_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_verdicts_on_a_report_that_are_judged_at_last_neither_waits_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each takes the place of the current one, and of these only one at a time is flagged."""
    device, report = phone(), submission(30, chest_pain="yes")
    with monkeypatch.context() as broken:
        broken.setattr(assessments, "assess", fail)
        checkins.submit(device=device, submission=report, now=at(30))
        check_in = CheckIn.objects.get()
        with transaction.atomic():
            assessments.replace(check_in=check_in, episode=check_in.episode, verdict=None, now=at(30))
    first, current = Assessment.objects.order_by("pk").values_list("pk", flat=True)

    with ThreadPoolExecutor() as hands:
        with transaction.atomic():
            flagging.one_at_a_time(device.episode_id)
            both = [
                hands.submit(aside, partial(alerts.flag, assessment_id=pk, by="watch", now=at(30)))
                for pk in (first, current)
            ]
            wait_until(lambda: lock_waits() == 2)
        for flagged in both:
            flagged.result(timeout=30)

    Assessment.objects.update(next_attempt_at=None)
    watch.cycle(at(31), sends=False)
    assert list(Alert.objects.values_list("rule", flat=True)) == ["CHEST"]
    assert not Assessment.objects.filter(flagged_at=None).exists()


@pytest.mark.django_db
def test_a_database_that_goes_away_uses_up_no_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes in the middle of a try, and is away still when the try is to be taken back."""
    checkins.submit(device=phone(), submission=submission(30, chest_pain="yes"), now=at(30))

    class Away:
        def filter(self, **_: Any) -> NoReturn:
            raise OperationalError

    def go(*_: Any, **__: Any) -> NoReturn:
        gone.setattr(Assessment, "objects", Away())
        raise OperationalError

    for _ in range(7):
        assert owed.flag_owed(limit=0, now=at(30)) == 0
        Assessment.objects.update(next_attempt_at=None)
        with monkeypatch.context() as gone:
            gone.setattr(owed, "flag_if_owed", go)
            with pytest.raises(OperationalError):
                owed.flag_owed(limit=1, now=at(30))

    owed.flag_owed(limit=10, now=at(30))
    assert Assessment.objects.get().attempts <= 1
    Assessment.objects.update(next_attempt_at=None)
    owed.flag_owed(limit=10, now=at(30))

    assert list(Alert.objects.values_list("rule", flat=True)) == ["CHEST"]


@pytest.mark.django_db
def test_a_patient_whose_silence_cannot_be_judged_can_be_paused_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    episode = factories.episode()
    nurse = factories.member(episode.team, "Ben Okafor")
    Episode.objects.filter(pk=episode.pk).update(next_due_at=at(12))
    monkeypatch.setattr(due, "judged", fail)

    episodes.pause(episode_id=episode.uuid, reason="in hospital", by=nurse, now=at(40))

    episode.refresh_from_db()
    assert (episode.status, episode.silence_attempts) == ("paused", 1)
    assert silence.judge_due(limit=10, now=at(60)) == 0
