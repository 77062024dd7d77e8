"""The patient whose phone the newcomer takes in hand: treated a few hours ago, not signed in yet."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from demo.staff import Team
from recovery import enrolment
from recovery.models import Episode

NUMBER = "GUEST-"
TREATED_BEFORE_H = 8


@dataclass(frozen=True)
class Newcomer:
    name: str
    clinic: str
    episode: str
    code: str


def welcome(team: Team, *, now: datetime) -> Newcomer:
    """The same patient at every start of the first days, then another; always a new code."""
    episode = (
        Episode.objects.filter(patient__hospital_number__startswith=NUMBER, clinic=team.row.clinic)
        .exclude(status=Episode.Status.ENDED)
        .filter(procedure_at__gt=now - timedelta(hours=84))
        .select_related("patient", "clinic")
        .order_by("-procedure_at")
        .first()
    ) or _enrol(team, now)
    code = enrolment.issue_code(episode=episode, by=team.with_role("nurse")[0], now=now)
    return Newcomer(episode.patient.name, episode.clinic.name, str(episode.uuid), code)


def _enrol(team: Team, now: datetime) -> Episode:
    procedure_at = (now - timedelta(hours=TREATED_BEFORE_H)).replace(minute=30, second=0, microsecond=0)
    return enrolment.enrol(
        team=team.row,
        patient=enrolment.NewPatient(
            name="Sam Newcomer",
            born_on=date(1951, 5, 17),
            hospital_number=f"{NUMBER}{procedure_at:%y%m%d%H%M}",
        ),
        procedure="vertebroplasty",
        procedure_at=procedure_at,
        time_zone=team.world.zone,
        risk_factors=["age_65_plus", "osteoporosis"],
        levels=["L1"],
        baseline={
            "pain_now": 9,
            "pain_where": ["treated_area"],
            "mobility": "with_help",
            **dict.fromkeys(("weakness", "numbness", "bladder", "bowel", "breathing"), "no"),
        },
        baseline_at=procedure_at - timedelta(hours=2),
        consent_wording="monitoring/1",
        by=team.with_role("coordinator")[0],
        now=now,
    )
