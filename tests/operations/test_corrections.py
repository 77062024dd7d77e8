"""What is known of a recovery is corrected only by somebody who has read what stands there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from recovery import corrections, procedure_time
from recovery.episodes import EpisodeRefused
from recovery.models import Episode, EpisodeEvent, User
from tests import factories
from tests.factories import BASELINE, T0, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Episode:
    return factories.episode()


@pytest.fixture
def ben(ana: Episode) -> User:
    return factories.member(ana.team)


@pytest.fixture
def dora(ana: Episode) -> User:
    return factories.member(ana.team, "Dora Klein", "doctor")


def baseline(
    ana: Episode, by: User, hours: float = 31, *, seen: str | None = None, **answers: Any
) -> Episode:
    return corrections.correct_baseline(
        episode_id=ana.uuid,
        baseline=BASELINE | answers,
        baseline_at=T0 - timedelta(hours=2),
        reason="Told on the phone.",
        by=by,
        now=at(hours),
        seen=seen,
    )


def risks(
    ana: Episode, by: User, hours: float = 31, *factors: str, seen: str | None = None, restart_h: Any = None
) -> Episode:
    return corrections.correct_risk_factors(
        episode_id=ana.uuid,
        risk_factors=factors,
        blood_thinner_restart_h=restart_h,
        reason="Her GP says so.",
        by=by,
        now=at(hours),
        seen=seen,
    )


def test_of_two_who_correct_at_once_the_second_reads_who_was_first(
    ana: Episode, ben: User, dora: User
) -> None:
    seen = corrections.as_seen(ana, corrections.RISKS)
    risks(ana, dora, 31, "steroids", seen=seen)

    with pytest.raises(EpisodeRefused, match="Dora Klein corrected the risk factors at 17:00 on 3 March"):
        risks(ana, ben, 32, "tumour", seen=seen)

    assert Episode.objects.get().risk_factors == ["steroids"]


def test_who_has_read_what_the_colleague_wrote_may_correct_it(ana: Episode, ben: User, dora: User) -> None:
    moved = baseline(ana, dora, bladder="present")

    baseline(ana, ben, 32, bowel="present", seen=corrections.as_seen(moved, corrections.BASELINE))

    assert Episode.objects.get().baseline == BASELINE | {"bowel": "present"}


def test_what_a_colleague_corrected_elsewhere_is_in_nobodys_way(ana: Episode, ben: User, dora: User) -> None:
    seen = corrections.as_seen(ana, corrections.BASELINE)
    risks(ana, dora, 31, "steroids")

    baseline(ana, ben, 32, bladder="present", seen=seen)

    assert EpisodeEvent.objects.count() == 2


def test_the_same_as_the_colleague_wrote_is_no_conflict(ana: Episode, ben: User, dora: User) -> None:
    seen = corrections.as_seen(ana, corrections.BASELINE)
    for by in (dora, ben):
        baseline(ana, by, bladder="present", seen=seen)

    assert EpisodeEvent.objects.get().by == dora


@pytest.mark.parametrize("restart_h", [-1, 2017])
def test_a_blood_thinner_restarts_after_the_procedure_and_within_the_recovery(
    ana: Episode, ben: User, restart_h: int
) -> None:
    with pytest.raises(EpisodeRefused, match="0 to 2016 hours"):
        risks(ana, ben, 31, "anticoagulant", restart_h=restart_h)


def test_a_baseline_is_not_of_tomorrow(ana: Episode, ben: User) -> None:
    with pytest.raises(EpisodeRefused, match="later than now"):
        corrections.correct_baseline(
            episode_id=ana.uuid, baseline=BASELINE, baseline_at=at(32), reason="x", by=ben, now=at(31)
        )


def test_a_baseline_that_does_not_fit_the_form_is_refused(ana: Episode, ben: User) -> None:
    with pytest.raises(EpisodeRefused, match="does not fit the form"):
        baseline(ana, ben, bladder="perhaps")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_instant_one_wins_and_nothing_is_overwritten(
    ana: Episode, ben: User, dora: User
) -> None:
    begin = Barrier(2, timeout=60)
    seen = corrections.as_seen(ana, corrections.PROCEDURE)

    def change(by: User, hours: float) -> str:
        try:
            begin.wait()
            procedure_time.change(
                episode_id=ana.uuid,
                procedure_at=at(hours),
                time_estimated=False,
                reason="Read in the note.",
                by=by,
                now=at(31),
                seen=seen,
            )
        except EpisodeRefused as refusal:
            return refusal.message
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(change, (ben, dora), (5, 6)))

    winner = told.index("won")
    name = (ben, dora)[winner].name
    assert (
        told[1 - winner]
        == f"{name} changed the procedure time at 17:00 on 3 March. Read what stands there now."
    )
    assert Episode.objects.get().procedure_at == at((5, 6)[winner])
    assert EpisodeEvent.objects.get().by == (ben, dora)[winner]
