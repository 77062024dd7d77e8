"""Time zero moves, back and forth, while reports come and the watch has its turns: in the end every verdict is what the
pure core says of what is stored, by the last time of the procedure, and nobody urgent is untold."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from recovery import assessments, procedure_time, silence
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import assess, assess_silence
from recovery.clinical.facts import Earlier
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, CheckIn, DeviceToken, Episode, User
from tests import factories
from tests.factories import T0, at
from tests.hold.effort import NIGHTLY, effort
from tests.hold.recoveries import Arrival, Recovery, arrivals, chains, recoveries
from tests.hold.settled import as_next_request, settle, turn

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(0 if NIGHTLY else 400)]

BEGINS_H, ENDS_H = 1, 400
EARLIEST_H = -60

Turn = Arrival | int | None
"""Something comes, or time zero is moved to so many hours after the first one, or the watch looks."""


@pytest.fixture
def ben() -> User:
    return factories.member(factories.team())


@pytest.fixture
def ana(ben: User) -> DeviceToken:
    return factories.phone(factories.episode(ben.memberships.get().team))[0]


@given(data=st.data())
@effort(examples=15)
def test_whatever_it_was_before_all_is_judged_by_the_last_time_of_the_procedure(
    ana: DeviceToken, ben: User, data: st.DataObject
) -> None:
    recovery = data.draw(recoveries(chains()))
    hours = st.integers(BEGINS_H, ENDS_H)
    order = data.draw(arrivals(recovery))
    when = sorted(data.draw(st.lists(hours, min_size=len(order), max_size=len(order))))
    steps: list[tuple[int, Turn]] = list(zip(when, order, strict=True))
    steps += [(hour, None) for hour in data.draw(st.lists(hours, max_size=8))]
    for hour in data.draw(st.lists(hours, min_size=1, max_size=3)):
        steps.append((hour, data.draw(st.integers(EARLIEST_H, hour))))

    with transaction.atomic():
        _as_recorded(ana, recovery)
        for hour, step in sorted(steps, key=lambda each: each[0]):
            _do(ana, ben, hour, step)
        silence.judge_due(limit=10, now=at(ENDS_H))
        settle(at(ENDS_H))
        episode = Episode.objects.get()
        _assert_check_ins_stand_as_the_core_says(episode)
        _assert_slots_stand_as_the_core_says(episode)
        _assert_the_team_knows(episode)
        transaction.set_rollback(True)


def _as_recorded(ana: DeviceToken, recovery: Recovery) -> None:
    Episode.objects.filter(pk=ana.episode_id).update(
        baseline=recovery.baseline,
        baseline_at=T0 if recovery.baseline else None,
        risk_factors=recovery.risk_factors,
    )


def _do(ana: DeviceToken, ben: User, hour: int, step: Turn) -> None:
    match step:
        case None:
            silence.judge_due(limit=10, now=at(hour))
            turn(at(hour))
        case int():
            procedure_time.change(
                episode_id=ana.episode.uuid,
                procedure_at=at(step),
                time_estimated=False,
                reason="Read in the operation note.",
                by=ben,
                now=at(hour),
            )
        case _:
            step.take(as_next_request(ana), at(hour))


def _assert_check_ins_stand_as_the_core_says(episode: Episode) -> None:
    procedure = assessments.procedure_of(episode)
    stored = {
        check_in.pk: assessments.report_of(check_in)
        for check_in in CheckIn.objects.filter(episode=episode, withdrawn_at=None)
    }
    for pk, report in stored.items():
        verdict = assess(
            protocol=protocols.get(),
            procedure=procedure,
            baseline=assessments.baseline_of(episode),
            history=[Earlier.of(other, procedure) for other in stored.values() if other is not report],
            report=report,
        )
        row = Assessment.objects.get(check_in=pk, is_current=True)
        said = assessments.columns(verdict, episode=episode, at=row.effective_at)
        assert {name: getattr(row, name) for name in said} == said
        check_in = CheckIn.objects.get(pk=pk)
        assert (check_in.effective_at, check_in.clock_suspect) == (verdict.at, verdict.clock_suspect)


def _assert_slots_stand_as_the_core_says(episode: Episode) -> None:
    rows = Assessment.objects.filter(episode=episode, silent_slot__isnull=False, is_current=True)
    stands = {
        row.silent_slot: _told(row.tier, row.findings, row.effective_at) for row in rows if row.findings
    }
    reports = [
        assessments.report_of(check_in)
        for check_in in CheckIn.objects.filter(episode=episode, withdrawn_at=None)
    ]
    says: dict[str | None, Any] = {}
    for slot in protocols.get().slots:
        closes_at = episode.procedure_at + timedelta(hours=slot.close_h)
        if closes_at <= at(ENDS_H):
            verdict = assess_silence(
                protocol=protocols.get(),
                procedure=assessments.procedure_of(episode),
                baseline=assessments.baseline_of(episode),
                reports=reports,
                now=closes_at,
                excused=[(pause.from_at, pause.until_at) for pause in episode.pauses.all()],
            )
            if verdict.findings:
                found = [finding.to_document() for finding in verdict.findings]
                says[slot.id] = _told(int(verdict.tier), found, closes_at)
    assert stands == says


def _told(*parts: Any) -> tuple[Any, ...]:
    return parts


def _assert_the_team_knows(episode: Episode) -> None:
    """Of every finding at same_day or above that stands on a check-in."""
    urgent = Assessment.objects.filter(
        episode=episode,
        is_current=True,
        check_in__isnull=False,
        check_in__withdrawn_at=None,
        tier__gte=Tier.SAME_DAY,
    )
    for finding in (finding for row in urgent for finding in row.findings):
        tier = Tier.of(finding["tier"])
        if tier >= Tier.SAME_DAY:
            told = Alert.objects.filter(episode=episode, rule=finding["rule"], tier__gte=tier)
            assert told.exists(), f"nobody was told of {finding['rule']}"
