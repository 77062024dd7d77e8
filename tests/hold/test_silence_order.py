"""Whatever comes in whatever order, and whenever the watch wakes: what stands on a slot in the end is what the pure
core says of it from all that is stored (rows Y8 and Y10, invariant I12)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from recovery import assessments, silence
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Assessment as Verdict
from recovery.clinical.assessment import assess_silence
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, CheckIn, DeviceToken, Episode
from tests import factories
from tests.factories import T0, at
from tests.hold.effort import NIGHTLY, effort
from tests.hold.recoveries import Arrival, Recovery, arrivals, chains, recoveries
from tests.hold.settled import as_next_request, settle, turn

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(0 if NIGHTLY else 400)]

BEGINS_H, ENDS_H = 1, 400
SLOTS = [slot for slot in protocols.get().slots if slot.close_h <= ENDS_H]

Stands = dict[str | None, tuple[int | None, list[dict[str, Any]]]]
"""What stands on each slot that closed empty: tier and findings."""


@pytest.fixture
def ana() -> DeviceToken:
    team = factories.team()
    factories.member(team)
    return factories.phone(factories.episode(team))[0]


def live_through(
    ana: DeviceToken, recovery: Recovery, order: Sequence[Arrival], when: Sequence[int], awake: Sequence[int]
) -> Stands:
    """What stands on the slots when everything has arrived in this order, each at its hour. Then it is undone.

    `awake` are the hours at which the watch had its turn.
    """
    with transaction.atomic():
        Episode.objects.filter(pk=ana.episode_id).update(
            baseline=recovery.baseline,
            baseline_at=T0 if recovery.baseline else None,
            risk_factors=recovery.risk_factors,
        )
        doing: list[tuple[int, Arrival | None]] = [(hour, None) for hour in awake]
        doing += zip(when, order, strict=True)
        for hour, arrival in sorted(doing, key=lambda step: step[0]):
            if arrival is None:
                silence.judge_due(limit=10, now=at(hour))
                turn(at(hour))
            else:
                arrival.take(as_next_request(ana), at(hour))
        silence.judge_due(limit=10, now=at(ENDS_H))
        settle(at(ENDS_H))
        stands = _stands(ana.episode_id)
        assert stands == _by_the_core(ana.episode)
        _assert_the_team_knows(ana.episode)
        transaction.set_rollback(True)
    return stands


def _stands(episode_id: int) -> Stands:
    rows = Assessment.objects.filter(episode=episode_id, silent_slot__isnull=False, is_current=True)
    assert rows.count() == rows.values("silent_slot").distinct().count()
    return {str(row.silent_slot): (int(row.tier or 0), row.findings) for row in rows if row.findings}


def _by_the_core(episode: Episode) -> Stands:
    """Judged anew from whole check-ins, each slot as of its closing."""
    reports = [
        assessments.report_of(check_in)
        for check_in in CheckIn.objects.filter(episode=episode, withdrawn_at=None)
    ]
    fresh = Episode.objects.get(pk=episode.pk)
    verdicts: list[Verdict] = [
        assess_silence(
            protocol=protocols.get(),
            procedure=assessments.procedure_of(fresh),
            baseline=assessments.baseline_of(fresh),
            reports=reports,
            now=T0 + timedelta(hours=slot.close_h),
        )
        for slot in SLOTS
    ]
    return {
        str(verdict.slot): (int(verdict.tier), [finding.to_document() for finding in verdict.findings])
        for verdict in verdicts
        if verdict.findings
    }


def _assert_the_team_knows(episode: Episode) -> None:
    """Of a silence at same_day or above, unless it was broken by a later check-in."""
    completed = CheckIn.objects.filter(episode=episode, status="completed", withdrawn_at=None)
    last = completed.order_by("-effective_at").values_list("effective_at", flat=True).first()
    opens = {slot.id: at(slot.open_h) for slot in SLOTS}
    urgent = Assessment.objects.filter(
        episode=episode, silent_slot__isnull=False, is_current=True, tier__gte=Tier.SAME_DAY
    )
    for row in urgent:
        if last is None or last < opens[row.silent_slot]:
            for finding in row.findings:
                told = Alert.objects.filter(episode=episode, rule=finding["rule"], tier__gte=row.tier)
                assert told.exists(), f"nobody was told of {row.silent_slot}"


@given(data=st.data())
@effort(examples=15)
def test_what_stands_on_a_slot_follows_from_what_is_stored_alone(
    ana: DeviceToken, data: st.DataObject
) -> None:
    recovery = data.draw(recoveries(chains()))
    order = data.draw(arrivals(recovery))
    hours = st.integers(BEGINS_H, ENDS_H)
    when = sorted(data.draw(st.lists(hours, min_size=len(order), max_size=len(order))))
    awake = data.draw(st.lists(hours, max_size=12))

    live_through(ana, recovery, order, when, awake)


@given(data=st.data())
@effort(examples=15)
def test_any_order_of_arrival_leaves_the_same_silence(ana: DeviceToken, data: st.DataObject) -> None:
    """When everything is received at one instant, so that no report is another for its time of arrival."""
    recovery = data.draw(recoveries(chains()))
    order = data.draw(arrivals(recovery))
    received_h = data.draw(st.integers(BEGINS_H, ENDS_H))
    awake = data.draw(st.lists(st.integers(BEGINS_H, ENDS_H), max_size=12))
    at_once = [received_h] * len(order)

    first_felt_first = live_through(ana, recovery, recovery.in_order(), at_once, [])
    as_it_comes = live_through(ana, recovery, order, at_once, awake)

    assert as_it_comes == first_felt_first
