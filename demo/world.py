"""Who is treated in which clinic on which day. A function of the seed and the calendar alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from demo import courses, names
from demo.clinics import CLINICS, DemoClinic, Unit
from demo.courses import PainCourse
from demo.troubles import TROUBLES

# (weekday, clinic, which of the day): a week's list of procedures, twelve in all
WEEK = tuple(
    (weekday, clinic, which)
    for weekday in range(5)
    for clinic in range(len(CLINICS))
    for which in range(2 if weekday == 1 + 2 * clinic else 1)
)

PERIOD = 48
"""Patients after which the stories repeat: four weeks, so that any four weeks hold every story once."""

FRACTURES = 5
"""Of 48 patients: a new fracture in about 10 %."""

LEVELS = ("T8", "T10", "T11", "T12", "L1", "L2", "L3", "L4")


@dataclass(frozen=True)
class Person:
    """A patient as the story knows them: what happens to them, and how they use their phone."""

    clinic: DemoClinic
    name: str
    born_on: date
    hospital_number: str
    phone: str
    caregiver: str
    zone: str
    procedure: str
    procedure_at: datetime
    levels: tuple[str, ...]
    risk_factors: tuple[str, ...]
    restart_h: int | None
    """Planned restart of the blood thinner."""
    story: str
    """One of the TROUBLES, "new fracture", or nothing."""
    pain: PainCourse
    unit: Unit | None
    """Of the thermometer; None when there is none in the house."""
    answers_share: float
    """How many of the check-ins that are due this patient answers."""
    hour_of_day: int
    """When this patient likes to answer, local time."""
    often_offline: bool
    helped: bool
    """A carer answers for them."""
    chances: str = field(repr=False)
    """Seed of whatever else is left to chance in this life."""
    baseline: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def caregiver_phone(self) -> str:
        """Another number of the same range."""
        return f"{self.phone[:-2]}{(int(self.phone[-2:]) + 50) % 100:02}" if self.caregiver else ""

    @property
    def enrolled_at(self) -> datetime:
        return self.procedure_at + timedelta(minutes=50)

    def at(self, hours: float) -> datetime:
        return self.procedure_at + timedelta(hours=hours)

    def hours_at(self, instant: datetime) -> float:
        return (instant - self.procedure_at) / timedelta(hours=1)


def people(*, seed: int, since: datetime, until: datetime) -> Iterator[Person]:
    """Everybody whose procedure ends in [since, until), in order."""
    day, last = since.date() - timedelta(days=1), until.date() + timedelta(days=1)
    found = []
    while day <= last:
        found += [person for person in people_of(day, seed=seed) if since <= person.procedure_at < until]
        day += timedelta(days=1)
    yield from sorted(found, key=lambda person: person.procedure_at)


def people_of(day: date, *, seed: int) -> list[Person]:
    """Whose procedure is on that day in the clinic's own calendar."""
    week = (day.toordinal() - 1) // 7  # Mondays begin a week: 1 January of year 1 was one
    return [
        _person(
            CLINICS[clinic], day, which, story=_stories(seed)[(week * len(WEEK) + place) % PERIOD], seed=seed
        )
        for place, (weekday, clinic, which) in enumerate(WEEK)
        if weekday == day.weekday()
    ]


@cache
def _stories(seed: int) -> tuple[str, ...]:
    """Which of 48 patients in a row has which story; most have none."""
    stories = [*TROUBLES, *["new fracture"] * FRACTURES]
    stories += [""] * (PERIOD - len(stories))
    Random(f"{seed} stories").shuffle(stories)
    return tuple(stories)


def _person(clinic: DemoClinic, day: date, which: int, *, story: str, seed: int) -> Person:
    chances = f"{seed} {clinic.key} {day} {which}"
    random = Random(chances)
    local = datetime.combine(day, time(9 + 4 * which, 0), ZoneInfo(clinic.zone))
    procedure_at = (local + timedelta(minutes=random.randrange(0, 210))).astimezone(UTC)
    age = min(93, max(51, round(random.gauss(74, 8))))
    risks = _risk_factors(random, age)
    trouble = TROUBLES.get(story)
    if trouble and trouble.needs_risk:
        risks.add(trouble.needs_risk)
    levels = random.sample(LEVELS, 3 if "levels_3_plus" in risks else random.choice((1, 1, 1, 2)))
    pain = courses.draw(random, new_fracture=story == "new fracture")
    helped = age > 82 and random.random() < 0.5
    return Person(
        clinic=clinic,
        name=_name(random),
        born_on=day - timedelta(days=age * 365 + random.randrange(365)),
        hospital_number=f"{clinic.key}-{day:%y%m%d}-{which + 1}",
        phone=clinic.phones.format(random.randrange(100)),
        caregiver=_name(random) if helped or random.random() < 0.3 else "",
        zone=random.choice(clinic.homes),
        procedure=random.choice(("vertebroplasty", "kyphoplasty")),
        procedure_at=procedure_at,
        levels=tuple(sorted(levels, key=LEVELS.index)),
        risk_factors=tuple(sorted(risks)),
        restart_h=random.choice((0, 24)) if "anticoagulant" in risks and random.random() < 0.6 else None,
        story=story,
        pain=pain,
        unit=clinic.unit if random.random() < 0.85 else None,
        answers_share=random.choice((0.99, 0.97, 0.97, 0.93, 0.85)),
        hour_of_day=random.choice((8, 9, 9, 10, 11, 17, 18, 19)),
        often_offline=random.random() < 0.12,
        helped=helped,
        chances=chances,
        baseline=_baseline(random, pain.before, clinic.unit),
    )


def _name(random: Random) -> str:
    return f"{random.choice(names.FIRST)} {random.choice(names.LAST)}"


def _risk_factors(random: Random, age: int) -> set[str]:
    chances = {
        "osteoporosis": 0.7,
        "lives_alone": 0.3,
        "anticoagulant": 0.18,
        "lung_disease": 0.12,
        "steroids": 0.08,
        "levels_3_plus": 0.08,
        "allergy_history": 0.08,
        "tumour": 0.06,
        "immunosuppressed": 0.04,
    }
    risks = {name for name, chance in chances.items() if random.random() < chance}
    return risks | {"age_65_plus"} if age >= 65 else risks


def _baseline(random: Random, pain: int, unit: Unit) -> dict[str, Any]:
    """The form filled in before the procedure. A few have weakness or breathlessness of old."""
    where = ["treated_area"] + (["around_ribs"] if random.random() < 0.2 else [])
    form: dict[str, Any] = {
        "pain_now": pain,
        "pain_where": where,
        "temp": {"value": 36.6, "unit": "C"} if unit == "C" else {"value": 97.9, "unit": "F"},
        "mobility": random.choice(("usual", "with_help", "with_help", "bathroom_only")),
        "weakness": "no",
        "numbness": "no",
        "bladder": "present" if random.random() < 0.06 else "no",
        "bowel": "no",
        "breathing": "present" if random.random() < 0.06 else "no",
    }
    return form
