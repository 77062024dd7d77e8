"""I8, by chance: whatever the policy and whenever the watch comes, each step is taken once, in order, never before it
is due and in the first turn after it; so within ten seconds where a turn comes every ten seconds."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from recovery.clinical.tiers import Tier
from recovery.escalation import schedule
from recovery.escalation.policy import TIERS, WORDS, Policy, policy_for
from recovery.models import Alert
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, reload, turn

LONGEST_S = 10
STEPS_AND_ROUNDS = 9


def drawn(chance: random.Random, tier: Tier) -> Policy:
    after, steps = timedelta(), []
    for _ in range(chance.randint(1, 6)):
        steps.append((after, tuple(chance.sample(sorted(WORDS), chance.randint(1, 3)))))
        after += timedelta(seconds=chance.randint(1, 3600))
    return policy_for(tier, steps, timedelta(minutes=30))


@pytest.mark.parametrize("seed", range(200))
def test_i8_each_step_is_taken_once_in_order_never_early_and_in_the_first_turn_after(seed: int):
    chance = random.Random(seed)
    tier = chance.choice(TIERS)
    policy = drawn(chance, tier)
    alert = Alert(tier=tier, status="open", tier_at=later(), lap=0, **schedule.opening(policy, later()))
    outages = chance.random() < 0.5
    taken: list[schedule.Move] = []
    named = [0] * alert.step
    now = later()
    while len(taken) < STEPS_AND_ROUNDS:
        due = alert.next_step_at
        assert due is not None
        now = max(now, due - timedelta(seconds=chance.uniform(0, LONGEST_S)))
        while now < due:
            now += timedelta(seconds=chance.uniform(0.1, LONGEST_S))
        assert outages or now - due <= timedelta(seconds=LONGEST_S)
        if outages and chance.random() < 0.3:
            now += timedelta(hours=chance.uniform(0, 12))
        move = schedule.due_move(alert, policy, now)
        assert all(
            alert.lap_at + policy.steps[place].after <= now
            for place in range(len(policy.steps))[move.step : move.step + 1]
        )
        taken.append(move)
        if move.to != ("clinic",) or move.step < len(policy.steps):
            named += [*move.collapsed, *([move.step] if move.step < len(policy.steps) else [])]
        for name, value in move.columns.items():
            setattr(alert, name, value)
        assert alert.next_step_at > now or policy.steps[-1].after <= now - alert.lap_at

    assert named == list(range(len(policy.steps)))
    assert len({move.name for move in taken}) == len(taken)
    rounds = [move for move in taken if move.step == len(policy.steps)]
    assert all(second.lap == first.lap + 1 for first, second in pairwise(rounds))
    assert all(move.to == ("clinic",) for move in rounds)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_i8_so_it_is_in_the_database(ward: Ward, seed: int):
    chance = random.Random(seed)
    steps = [(0.0, ["on-call"])]
    for _ in range(chance.randint(0, 4)):
        steps.append((steps[-1][0] + chance.randint(1, 40), chance.sample(sorted(WORDS), 2)))
    scenes.own_policy(ward.team, ward.lea, steps)
    alert = scenes.red_flag(ward)
    for _ in range(STEPS_AND_ROUNDS):
        due_s = (reload(alert).next_step_at - later()).total_seconds()
        assert turn(seconds=due_s - chance.uniform(0.001, LONGEST_S)) == 0
        assert turn(seconds=due_s + chance.uniform(0, LONGEST_S)) == 1

    fired = scenes.fired(alert)
    assert len(fired) == STEPS_AND_ROUNDS
    assert all(timedelta() <= at - due <= timedelta(seconds=LONGEST_S) for due, at in fired)
    names = scenes.steps(alert)
    assert names[: len(steps)] == ["opened", *(f"step-{number}" for number in range(1, len(steps)))]
    assert names[len(steps) :] == [
        f"step-{len(steps)}-{lap}" for lap in range(1, STEPS_AND_ROUNDS - len(steps) + 2)
    ]
