"""A little world, drawn by chance from a seed: recoveries with reports, pauses and alerts as plain objects, and how
they are stored. Chance likes edges: midnights, the opening and the closing of slots, the hour of the procedure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from recovery.models import Alert, Assessment, CareTeam, CheckIn, Episode, Patient, Pause, User

NOW = datetime(2026, 4, 12, 15, 30, tzinfo=UTC)
MIDNIGHTS = tuple(
    datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    for zone in ("Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu")
    for day in (date(2026, 2, 3), date(2026, 2, 21), date(2026, 3, 29), date(2026, 3, 30))
)
"""Where the days that the figures are asked for begin and end."""
LIVE = ("open", "acknowledged")
RULES = ("FEVER", "BLEED-OOZE", "PAIN-UP", "TEXT", "MISSED-2", "CALL-ME")
RISKS = ("anticoagulant", "tumour", "steroids", "age_65_plus", "lives_alone")
LANGUAGES = ("en", "en-GB", "EN_us", "pl", "cy", "")
OUTCOMES = ("self-care", "seen", "sent-to-emergency", "no-problem-found", "cannot-reach")
HOURS = (2, 12, 36, 60, 84, 108, 132, 156, 180, 228, 252, 312, 360, 480, 528, 648, 696, 984, 1032, 1992, 2040)


@dataclass
class Report:
    at: datetime
    status: str
    withdrawn: bool


@dataclass
class Told:
    """An alert, by the columns that are counted."""

    rule: str
    tier: int
    opened_at: datetime
    tier_at: datetime
    status: str
    acknowledged_at: datetime | None = None
    contacted_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    patient_contacted: bool | None = None
    noise: str = ""


@dataclass
class Recovery:
    procedure_at: datetime
    started_at: datetime
    ended_at: datetime | None
    born_on: date
    language: str
    risk_factors: list[str]
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    alerts: list[Told] = field(default_factory=list)


def drawn(seed: int, *, recoveries: int = 24) -> list[Recovery]:
    chance = random.Random(seed)
    return [_recovery(chance) for _ in range(recoveries)]


def store(team: CareTeam, owner: User, recoveries: Sequence[Recovery]) -> None:
    for recovery in recoveries:
        episode = _stored_episode(team, recovery)
        for start, end in recovery.pauses:
            Pause.objects.create(clinic=team.clinic, episode=episode, from_at=start, until_at=end)
        CheckIn.objects.bulk_create(_check_in(episode, report) for report in recovery.reports)
        assessment = Assessment.objects.create(
            clinic=team.clinic, episode=episode, silent_slot="S0", protocol="vk-default/1", judged_at=NOW,
            effective_at=NOW, hours=1.0, phase="first_day", tier=0, flagged_at=NOW, flagged_by="watch",
        )  # fmt: skip
        Alert.objects.bulk_create(_alert(episode, assessment, owner, told) for told in recovery.alerts)


def _recovery(chance: random.Random) -> Recovery:
    procedure_at = datetime(2026, 1, 10, tzinfo=UTC) + timedelta(hours=chance.randrange(90 * 24))
    started_at = procedure_at + timedelta(hours=chance.choice([-30, -2, 0, 5, 36, 100]))
    ended_at = None
    if chance.random() < 0.3:
        ended_at = max(started_at, procedure_at + timedelta(hours=chance.choice([*HOURS, 40, 1000])))
        ended_at = None if ended_at > NOW else ended_at
    recovery = Recovery(
        procedure_at=procedure_at,
        started_at=started_at,
        ended_at=ended_at,
        born_on=_born(chance, procedure_at),
        language=chance.choice(LANGUAGES),
        risk_factors=sorted(chance.sample(RISKS, chance.choice([0, 0, 1, 2, 3]))),
    )
    if chance.random() < 0.3:
        start = procedure_at + timedelta(hours=chance.choice([*HOURS, 50, 170]))
        end = start + timedelta(hours=chance.choice([0, 24, 48, 500]))
        if start < NOW:
            recovery.pauses.append((start, None if end > NOW and ended_at is None else end))
    for hour in HOURS:
        for off in chance.sample([-1, 0, 0.5, 5, 11], chance.choice([0, 1, 1, 2])):
            at = procedure_at + timedelta(hours=hour + off)
            if at < NOW:
                status = chance.choice(["completed", "completed", "completed", "in-progress"])
                recovery.reports.append(Report(at, status, withdrawn=chance.random() < 0.1))
    free = list(RULES)
    for _ in range(chance.randrange(9)):
        told = _told(chance, procedure_at, free)
        if told.status in LIVE:
            free.remove(told.rule)
        recovery.alerts.append(told)
    return recovery


def _born(chance: random.Random, procedure_at: datetime) -> date:
    """Often a birthday on the day of the procedure, or the day after, at the edge of a group."""
    on = procedure_at.date() + timedelta(days=chance.choice([0, 1, 30]))
    return date(on.year - chance.choice([30, 50, 64, 65, 75, 80, 85, 91]), on.month, on.day)


def _told(chance: random.Random, procedure_at: datetime, free: Sequence[str]) -> Told:
    opened_at = procedure_at + timedelta(minutes=chance.randrange(12 * 7 * 24 * 60))
    if chance.random() < 0.2:
        opened_at = chance.choice(MIDNIGHTS)
    opened_at = min(opened_at, NOW - timedelta(days=3))
    tier = chance.randint(1, 4)
    raised_after = timedelta(minutes=chance.choice([0, 0, 0, 45, 300]))
    statuses = ["closed", "closed", "closed", *(LIVE if free else ())]
    status = chance.choice([*statuses, "resolved"] if tier < 3 else statuses)
    told = Told(
        rule=chance.choice(free if status in LIVE else RULES),
        tier=tier,
        opened_at=opened_at,
        tier_at=opened_at + raised_after,
        status=status,
    )
    taken = chance.choice([told.tier_at, *[opened_at + timedelta(seconds=chance.randrange(1, 36_000))] * 9])
    if status == "acknowledged" or (status != "open" and chance.random() < 0.8):
        told.acknowledged_at = taken
    if status != "open" and chance.random() < 0.5:
        told.contacted_at = taken + timedelta(seconds=chance.randrange(20_000))
    if status not in LIVE:
        told.ended_at = opened_at + timedelta(hours=chance.randrange(16, 60))
    if status == "closed":
        told.outcome = chance.choice(OUTCOMES)
        told.patient_contacted = chance.random() < 0.6
    if told.outcome != "sent-to-emergency" and chance.random() < 0.2:
        told.noise = chance.choice(["expected", "fault"])
    return told


def _stored_episode(team: CareTeam, recovery: Recovery) -> Episode:
    patient = Patient.objects.create(
        clinic=team.clinic, name="P", born_on=recovery.born_on, hospital_number=uuid4().hex,
        language=recovery.language,
    )  # fmt: skip
    is_paused = any(end is None for _, end in recovery.pauses)
    return Episode.objects.create(
        clinic=team.clinic,
        patient=patient,
        team=team,
        procedure="vertebroplasty",
        procedure_at=recovery.procedure_at,
        time_zone="Europe/London",
        risk_factors=recovery.risk_factors,
        status="ended" if recovery.ended_at else "paused" if is_paused else "active",
        started_at=recovery.started_at,
        ended_at=recovery.ended_at,
    )


def _check_in(episode: Episode, report: Report) -> CheckIn:
    return CheckIn(
        clinic_id=episode.clinic_id, patient_id=episode.patient_id, episode=episode, client_id=uuid4(),
        status=report.status, observed_at=report.at, sent_at=report.at, received_at=report.at, effective_at=report.at,
        answered_by="patient", app_version="test/1", answers={"pain_now": 2}, fingerprint="f" * 64,
        withdrawn_at=NOW if report.withdrawn else None,
    )  # fmt: skip


def _alert(episode: Episode, assessment: Assessment, owner: User, told: Told) -> Alert:
    return Alert(
        clinic_id=episode.clinic_id, team_id=episode.team_id, episode=episode, rule=told.rule, tier=told.tier,
        status=told.status, opened_at=told.opened_at, tier_at=told.tier_at, changed_at=told.opened_at,
        first_assessment=assessment, latest_assessment=assessment, owner=None if told.status == "open" else owner,
        acknowledged_at=told.acknowledged_at, contacted_at=told.contacted_at, ended_at=told.ended_at,
        ended_by=owner if told.status == "closed" else None, outcome=told.outcome,
        patient_contacted=told.patient_contacted, noise=told.noise,
    )  # fmt: skip
