"""Random recoveries: what patients report, correct and take back, and the orders in which it may arrive.

Everything arrives at one instant, so that no report is later than another only because of the order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from recovery import checkins
from recovery.models import DeviceToken
from recovery.submissions import Submission
from tests.factories import ALL_CLEAR, BASELINE, at

ARRIVED_H = 200
"""The hour at which everything is received."""

SIGNS: list[dict[str, Any]] = [
    {"bleeding": "oozing"},
    {"cannot_move": "yes", "mobility": "with_help"},
    {"numbness": "new_or_worse", "numbness_where": ["one_leg"]},
    {"numbness": "same", "numbness_where": ["one_leg"]},
    {"numbness": "same", "numbness_where": ["saddle"]},
    {"weakness": "new_or_worse", "weakness_where": ["arm"]},
    {"weakness": "same", "weakness_where": ["arm"]},
    {"bladder": "new_or_worse"},
    {"bladder": "same"},
    {"breathing": "same"},
    {"temp": {"value": 38.5, "unit": "C"}},
    {"temp": {"value": 40.1, "unit": "C"}},
    {"temp": {"value": 37.6, "unit": "C"}},
    {"temp": {"value": 99.7, "unit": "F"}},
    {"pain_change": "worse"},
    {"pain_change": "better"},
    {"pain_where": ["new_place"]},
    {"cough": "new"},
    {"bandage": "off"},
    {"fall": "yes"},
    {"wants_call": "yes"},
    {"mobility": "cannot_walk"},
    {"free_text": "more bleeding"},
    {"bowel": None},
]

BASELINES = [BASELINE, BASELINE | {"bladder": "present", "pain_now": 4}, None]
RISKS = [[], ["anticoagulant"], ["immunosuppressed", "steroids"]]

FELT_H = [5, 14, 20, 20, 26, 30, 44, 49, 68, 72, 80, 100, 130, 170]
WRONG_CLOCK_H = [-3, 500]


@dataclass(frozen=True, repr=False)
class Arrival:
    """One thing a phone sends. `base_revision` 0 is a new report; `submission` None withdraws it."""

    client_id: UUID
    submission: Submission | None
    base_revision: int = 0

    def __repr__(self) -> str:
        """Short, because Hypothesis shows it: what differs from an all-clear report felt at hour 0."""
        name = str(self.client_id)[:4]
        if self.submission is None:
            return f"withdraw {name}"
        says = {key: value for key, value in self.submission.answers.items() if value != ALL_CLEAR.get(key)}
        kind = f"correct {name} on {self.base_revision}" if self.base_revision else f"report {name}"
        felt_h = (self.submission.observed_at - at(0)) / timedelta(hours=1)
        return f"{kind} felt at {felt_h:g}{'' if self.submission.completed else ' (half-finished)'}: {says}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def take(self, device: DeviceToken, now: datetime) -> None:
        if self.submission is None:
            checkins.withdraw(device=device, client_id=self.client_id, now=now)
        elif self.base_revision:
            checkins.correct(
                device=device, submission=self.submission, base_revision=self.base_revision, now=now
            )
        else:
            checkins.submit(device=device, submission=self.submission, now=now)


Chain = list[Arrival]
"""A report with what became of it, in the order in which the patient did it."""


@dataclass(frozen=True)
class Recovery:
    chains: list[Chain]
    baseline: dict[str, Any] | None
    risk_factors: list[str]

    def in_order(self) -> list[Arrival]:
        """As felt, each report with its corrections at once."""
        return [each for chain in sorted(self.chains, key=_felt) for each in chain]

    @property
    def withdrawn(self) -> set[UUID]:
        return {each.client_id for chain in self.chains for each in chain if each.submission is None}

    @property
    def moved(self) -> set[UUID]:
        """Reports of which a correction changed when it was felt."""
        felt = {
            chain[0].client_id: {each.submission.observed_at for each in chain if each.submission}
            for chain in self.chains
        }
        return {client_id for client_id, instants in felt.items() if len(instants) > 1}


def _felt(chain: Chain) -> datetime:
    """Where the report stands in its last revision. A clock that is wrong is not believed."""
    observed_at = [each.submission.observed_at for each in chain if each.submission][-1]
    received_at = at(ARRIVED_H)
    return observed_at if at(0) <= observed_at <= received_at + timedelta(minutes=5) else received_at


@st.composite
def submissions(draw: st.DrawFn, client_id: UUID | None = None) -> Submission:
    signs = draw(st.lists(st.sampled_from(SIGNS), max_size=2))
    answers = dict(ALL_CLEAR) | {"pain_now": draw(st.integers(0, 10))}
    for sign in signs:
        answers |= sign
    felt_h = draw(st.sampled_from([*FELT_H, *WRONG_CLOCK_H]))
    completed = draw(st.sampled_from([True, True, True, False]))
    if not completed:
        left_out = draw(st.sets(st.sampled_from(sorted(ALL_CLEAR)), max_size=6))
        answers |= dict.fromkeys(left_out)
    return Submission(
        client_id=client_id or draw(st.uuids(version=4)),
        observed_at=at(felt_h),
        sent_at=at(ARRIVED_H),
        completed=completed,
        answered_by="patient",
        app_version="test/1",
        answers=answers,
    )


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """A report, perhaps corrected once or twice (some by moving when it was felt), perhaps withdrawn."""
    first = draw(submissions())
    chain = [Arrival(first.client_id, first)]
    for revision in range(1, 1 + draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        corrected = draw(submissions(first.client_id))
        if draw(st.booleans()):
            corrected = replace(corrected, observed_at=first.observed_at)
        chain.append(Arrival(first.client_id, corrected, revision))
    if draw(st.sampled_from([False] * 7 + [True])):
        chain.append(Arrival(first.client_id, None))
    return chain


def reports() -> st.SearchStrategy[Chain]:
    """Reports that nobody corrects or takes back."""
    return submissions().map(lambda sent: [Arrival(sent.client_id, sent)])


@st.composite
def recoveries(draw: st.DrawFn, of: st.SearchStrategy[Chain]) -> Recovery:
    distinct = st.lists(of, min_size=3, max_size=8, unique_by=lambda chain: chain[0].client_id)
    return Recovery(draw(distinct), draw(st.sampled_from(BASELINES)), draw(st.sampled_from(RISKS)))


@st.composite
def arrivals(draw: st.DrawFn, recovery: Recovery) -> list[Arrival]:
    """The same in any order: a phone sends what it did to one report in turn, but corrections may overtake it."""
    ways = [iter(_overtaken(draw, chain)) for chain in recovery.chains]
    turns = [number for number, chain in enumerate(recovery.chains) for _ in chain]
    return [next(ways[number]) for number in draw(st.permutations(turns))]


def _overtaken(draw: st.DrawFn, chain: Chain) -> Iterable[Arrival]:
    corrections = sum(1 for each in chain if each.base_revision)
    passed_by = draw(st.integers(0, corrections))
    return [*chain[1 : 1 + passed_by], chain[0], *chain[1 + passed_by :]]


def dealt_out(arriving: Sequence[Arrival], phones: int) -> Iterator[list[Arrival]]:
    """Whole chains dealt out to several phones: what belongs to one report comes from one phone."""
    ids = list(dict.fromkeys(each.client_id for each in arriving))
    for phone in range(phones):
        mine = set(ids[phone::phones])
        yield [each for each in arriving if each.client_id in mine]
