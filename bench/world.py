"""Patients for a measurement: one is enrolled and reports by the operations, the others are copies of that one."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg

from bench import copies

EARLIER = 42

ALL_CLEAR: dict[str, Any] = {
    "pain_now": 2, "pain_change": "same", "pain_where": ["treated_area"], "pain_controlled": "yes",
    "temp": {"value": 36.7, "unit": "C"}, "feels_feverish": "no", "rigors": "no", "cannot_move": "no",
    "weakness": "no", "numbness": "no", "bladder": "no", "bowel": "no", "breathing": "no", "chest_pain": "no",
    "cough": "no", "bleeding": "none", "wound": [], "allergy": [], "calf": "no", "drowsy": "no", "confused": "no",
    "opioid_taken": "no", "drove": "no", "heavy_lifting": "no", "fall": "no", "mobility": "usual",
    "blood_thinner": "not_on", "wants_call": "no",
}  # fmt: skip
RED_FLAG = ALL_CLEAR | {"bladder": "new_or_worse"}

PEOPLE = ("recovery_patient", "recovery_consent", "recovery_episode", "recovery_devicetoken")
REPORTS = ("recovery_checkin", "recovery_assessment")
LARGE = 1_000_000
"""From so many reports on, indexes are made after the rows, and several connections write."""


@dataclass(frozen=True)
class Phone:
    episode_id: int
    token: str


@dataclass(frozen=True)
class First:
    """The patient that is copied: ids of their rows, check-ins and assessments in the order of the days.

    Ids of copies follow, so that they are known without asking.
    """

    phone: Phone
    patient_id: int
    device_id: int
    check_ins: Sequence[int]
    assessments: Sequence[int]

    def check_in_of(self, copy: str, *, day: int, more: int) -> str:
        """SQL for the id of the check-in of a copy, one of `more`, whose number from 1 on is an SQL expression."""
        return f"{self.check_ins[-1]} + {day * more} + {copy}"

    def assessment_of(self, copy: str, *, day: int, more: int) -> str:
        return f"{self.assessments[-1]} + {day * more} + {copy}"


def enrol(count: int, *, earlier: int = EARLIER) -> list[Phone]:
    """So many patients on day 43 of their recovery, each with so many earlier check-ins, and their phones."""
    return multiply(begin(earlier=earlier), count, owner_url=os.environ["DATABASE_OWNER_URL"])


def begin(*, earlier: int = EARLIER) -> First:
    """A clinic with one team of one nurse, and one patient of theirs."""
    from recovery import enrolment, silence
    from recovery.models import CareTeam, Clinic, Episode, Membership, User

    now = datetime.now(UTC)
    clinic = Clinic.objects.create(
        name="Bench", time_zone="Europe/London", team_phone="1", urgent_line="2", emergency_number="999",
        crisis_line="3", night_cover=True,
    )  # fmt: skip
    team = CareTeam.objects.create(clinic=clinic, name="Bench")
    nurse = User.objects.create_user("nurse@example.org", "x", name="Nurse")
    Membership.objects.create(user=nurse, team=team, role="nurse")
    procedure_at = now - timedelta(days=EARLIER + 1)
    episode = enrolment.enrol(
        team=team,
        patient=enrolment.NewPatient(name="P 0", born_on=date(1950, 1, 1), hospital_number="B0"),
        procedure="vertebroplasty",
        procedure_at=procedure_at,
        time_zone="Europe/London",
        risk_factors=["age_65_plus"],
        baseline={"pain_now": 8, "pain_where": ["treated_area"], "mobility": "with_help"},
        consent_wording="bench",
        now=procedure_at - timedelta(hours=2),
    )
    code = enrolment.issue_code(episode=episode, now=procedure_at)
    device, token = enrolment.redeem(code=code, device_name="phone", platform="bench", now=procedure_at)
    for day in range(EARLIER - earlier, EARLIER):
        report_to(device.pk, at=procedure_at + timedelta(hours=20 + 24 * day))
    # Nobody has watched so far. Otherwise the watch would first of all judge the past of every copy.
    looks_at = silence.next_look(silence.Watched.of(episode), after=now)
    Episode.objects.filter(pk=episode.pk).update(next_due_at=looks_at)
    return first(token)


def report_to(device_id: int, *, at: datetime, answers: Mapping[str, Any] = ALL_CLEAR) -> None:
    """A report of this phone, felt and taken at an instant."""
    from recovery import checkins
    from recovery.models import DeviceToken
    from recovery.submissions import Submission

    submission = Submission(
        client_id=uuid4(), observed_at=at, sent_at=at, completed=True, answered_by="patient", app_version="bench/1",
        answers=answers,
    )  # fmt: skip
    device = DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device_id)
    checkins.submit(device=device, submission=submission, now=at)


def first(token: str) -> First:
    """The only patient there is, as they stand now."""
    from recovery.models import Assessment, CheckIn, DeviceToken

    device = DeviceToken.objects.get()
    return First(
        phone=Phone(device.episode_id, token),
        patient_id=device.patient_id,
        device_id=device.pk,
        check_ins=list(CheckIn.objects.order_by("effective_at").values_list("pk", flat=True)),
        assessments=list(Assessment.objects.order_by("effective_at").values_list("pk", flat=True)),
    )


NEW_ID = "gen_random_uuid()"


def multiply(
    first: First, count: int, *, owner_url: str, days: int | None = None, client_id: str = NEW_ID
) -> list[Phone]:
    """Copy the first patient, with all or so many of their days, until there are `count`. `client_id` is SQL for that
    of a copied report.

    Reports lie day by day, as they would have arrived.
    """
    more, each_day = count - 1, range(len(first.check_ins) if days is None else days)
    everybody = f"generate_series(1, {more}) AS n (i)"
    with copies.copying(owner_url) as owner:
        _copy_people(owner, first, everybody)
        if more * len(each_day) < LARGE:
            for day in each_day:
                copy_day(owner, first, day, more=more, many=everybody, client_id=client_id)
        else:

            def copy_day_beside_others(day: int) -> None:
                with copies.copying(owner_url) as one_of_several:
                    copy_day(one_of_several, first, day, more=more, many=everybody, client_id=client_id)

            with copies.without_indexes(owner, *REPORTS), ThreadPoolExecutor(3) as pool:
                list(pool.map(copy_day_beside_others, each_day))
        copies.settle(owner, *PEOPLE, *REPORTS)
    return [first.phone, *(Phone(first.phone.episode_id + i, f"bench-{i}") for i in range(1, count))]


def copy_day(
    owner: psycopg.Connection, first: First, day: int, *, more: int, many: str, client_id: str = NEW_ID
) -> None:
    """The report of one day for the copies that `many` names: an SQL source of their numbers, `n.i`, out of `more`."""
    original, verdict, episode = first.check_ins[day], first.assessments[day], first.phone.episode_id
    check_in = first.check_in_of("n.i", day=day, more=more)
    copies.copy(
        owner, "recovery_checkin", where=f"it.id = {original}", many=many,
        id=check_in, client_id=client_id, patient_id=f"{first.patient_id} + n.i",
        episode_id=f"{episode} + n.i", device_id=f"{first.device_id} + n.i",
    )  # fmt: skip
    copies.copy(
        owner, "recovery_assessment", where=f"it.id = {verdict}", many=many,
        id=first.assessment_of("n.i", day=day, more=more), check_in_id=check_in, episode_id=f"{episode} + n.i",
    )  # fmt: skip


def add_colleague() -> None:
    """A second nurse in the team."""
    from recovery.models import CareTeam, Membership, User

    colleague = User.objects.create_user("colleague@example.org", "x", name="Colleague")
    Membership.objects.create(user=colleague, team=CareTeam.objects.get(), role="nurse")


def _copy_people(owner: psycopg.Connection, first: First, many: str) -> None:
    patient, episode, device = first.patient_id, first.phone.episode_id, first.device_id
    copies.copy(
        owner, "recovery_patient", where=f"it.id = {patient}", many=many,
        id=f"{patient} + n.i", uuid="gen_random_uuid()", name="'P ' || n.i", hospital_number="'B' || n.i",
    )  # fmt: skip
    copies.copy(
        owner, "recovery_consent", where=f"it.patient_id = {patient}", many=many,
        id="it.id + n.i", patient_id=f"{patient} + n.i",
    )  # fmt: skip
    copies.copy(
        owner, "recovery_episode", where=f"it.id = {episode}", many=many,
        id=f"{episode} + n.i", uuid="gen_random_uuid()", patient_id=f"{patient} + n.i",
    )  # fmt: skip
    copies.copy(
        owner, "recovery_devicetoken", where=f"it.id = {device}", many=many,
        id=f"{device} + n.i", uuid="gen_random_uuid()", patient_id=f"{patient} + n.i", episode_id=f"{episode} + n.i",
        token_hash="encode(sha256(convert_to('bench-' || n.i, 'UTF8')), 'hex')",
    )  # fmt: skip
