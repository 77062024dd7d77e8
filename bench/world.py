"""Patients for a measurement: enrolled by the operations, with earlier check-ins written in bulk."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

EARLIER = 42
RED_SHARE = 20
"""One report in so many holds a red flag: 5 %."""

ALL_CLEAR: dict[str, Any] = {
    "pain_now": 2, "pain_change": "same", "pain_where": ["treated_area"], "pain_controlled": "yes",
    "temp": {"value": 36.7, "unit": "C"}, "feels_feverish": "no", "rigors": "no", "cannot_move": "no",
    "weakness": "no", "numbness": "no", "bladder": "no", "bowel": "no", "breathing": "no", "chest_pain": "no",
    "cough": "no", "bleeding": "none", "wound": [], "allergy": [], "calf": "no", "drowsy": "no", "confused": "no",
    "opioid_taken": "no", "drove": "no", "heavy_lifting": "no", "fall": "no", "mobility": "usual",
    "blood_thinner": "not_on", "wants_call": "no",
}  # fmt: skip


@dataclass(frozen=True)
class Phone:
    episode_id: int
    token: str


def enrol(count: int, *, now: datetime | None = None) -> list[Phone]:
    """So many patients on day 43 of their recovery, each with 42 earlier check-ins, and their phones."""
    from recovery import enrolment
    from recovery.models import CareTeam, Clinic, Membership, User

    now = now or datetime.now(UTC)
    clinic = Clinic.objects.create(
        name="Bench", time_zone="Europe/London", team_phone="1", urgent_line="2", emergency_number="999",
        crisis_line="3", night_cover=True,
    )  # fmt: skip
    team = CareTeam.objects.create(clinic=clinic, name="Bench")
    nurse = User.objects.create_user("nurse@example.org", "x", name="Nurse")
    Membership.objects.create(user=nurse, team=team, role="nurse")
    phones = []
    for number in range(count):
        episode = enrolment.enrol(
            team=team,
            patient=enrolment.NewPatient(
                name=f"P {number}", born_on=date(1950, 1, 1), hospital_number=f"B{number}"
            ),
            procedure="vertebroplasty",
            procedure_at=now - timedelta(days=EARLIER + 1),
            time_zone="Europe/London",
            risk_factors=["age_65_plus"],
            baseline={"pain_now": 8, "pain_where": ["treated_area"], "mobility": "with_help"},
            consent_wording="bench",
            now=now,
        )
        code = enrolment.issue_code(episode=episode, now=now)
        _, token = enrolment.redeem(code=code, device_name="phone", platform="bench", now=now)
        phones.append(Phone(episode.pk, token))
        _write_earlier(episode, now=now)
    return phones


def _write_earlier(episode: Any, *, now: datetime) -> None:
    from recovery.models import Assessment, CheckIn

    reports = []
    for day in range(EARLIER):
        at = episode.procedure_at + timedelta(hours=20 + 24 * day)
        reports.append(
            CheckIn(
                clinic_id=episode.clinic_id, patient_id=episode.patient_id, episode=episode, client_id=uuid4(),
                status="completed", observed_at=at, sent_at=at, received_at=at, effective_at=at,
                answered_by="patient", app_version="bench", answers=ALL_CLEAR, fingerprint="0" * 64,
            )
        )  # fmt: skip
    reports = CheckIn.objects.bulk_create(reports)
    Assessment.objects.bulk_create(
        Assessment(
            clinic_id=episode.clinic_id, episode=episode, check_in=report, revision=1, protocol=episode.protocol,
            judged_at=now, effective_at=report.effective_at, hours=1.0, phase="phase-4", tier=0, flagged_at=now,
            flagged_by="request",
        )
        for report in reports
    )  # fmt: skip


def reports(*, red_every: int = RED_SHARE) -> Iterator[bytes]:
    """Bodies of new check-ins felt now, one in `red_every` with bleeding that keeps coming."""
    number = 0
    while True:
        number += 1
        answers = ALL_CLEAR | ({"bleeding": "oozing"} if number % red_every == 0 else {})
        now = datetime.now(UTC).isoformat()
        yield json.dumps(
            {
                "id": str(uuid4()),
                "observed_at": now,
                "sent_at": now,
                "status": "completed",
                "answered_by": "patient",
                "app_version": "bench/1",
                "answers": answers,
            }
        ).encode()
