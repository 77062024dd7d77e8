"""An episode begins."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from pydantic import ValidationError

from recovery import audit, reachability, sign_off
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import baseline_model
from recovery.clinical.protocol import Protocol
from recovery.clinical.timeline import date_only_procedure
from recovery.enrolment.days import time_zones
from recovery.enrolment.people import NewPatient, person_for
from recovery.enrolment.refusals import EnrolmentRefused, NobodyOnCall
from recovery.models import CareTeam, Consent, Episode, Pause, User
from recovery.reminders import Chosen
from recovery.reminders import begin as begin_reminders

CONSENT = "monitoring/1"
"""Version of the wording that patients agree to."""

LATEST_RESTART_H = 2016
OLD, MANY_LEVELS = 65, 3
CONSENT_HOLDS = timedelta(days=366)
"""What was agreed to longer ago is a slip of the pen."""
LISTS = 0x6C697374
"""Names the lock, one for each clinic, that keeps enrolling one by one and by list apart."""


@transaction.atomic
def enrol(
    *,
    team: CareTeam,
    patient: NewPatient,
    procedure: str,
    procedure_at: datetime,
    time_zone: str,
    risk_factors: Sequence[str],
    consent_wording: str,
    now: datetime,
    consent_at: datetime | None = None,
    baseline: Mapping[str, Any] | None = None,
    baseline_at: datetime | None = None,
    levels: Sequence[str] = (),
    blood_thinner_restart_h: Decimal | float | None = None,
    time_estimated: bool = False,
    protocol: str = "vk-default/1",
    reminders: Chosen | None = None,
    by: User | None = None,
    sure: bool = True,
) -> Episode:
    """Start an episode. A patient known to the clinic by hospital number keeps their row.

    With `time_estimated` only the date of `procedure_at` counts (in the patient's zone). Check-ins whose time was over
    before `now` were never asked for, and are not missed. Refuses an unknown time zone, a baseline that does not fit
    the form, a patient whose other episode still runs and, unless `sure`, one who looks like somebody known; and
    whoever would go home into a night in which nobody can be reached.
    """
    none_runs_beside(team)
    if trouble := reachability.night_trouble(team, now=now):
        raise NobodyOnCall(trouble)
    if time_zone not in time_zones():
        raise EnrolmentRefused(
            f"{time_zone!r} is not a time zone. Write a name such as Europe/London.", field="time_zone"
        )
    sign_off.check_in_use(protocol)
    document = protocols.get(protocol)
    if procedure not in Episode.Procedure.values:
        raise EnrolmentRefused(
            f"{procedure!r} is not a procedure. Choose {' or '.join(Episode.Procedure.values)}."
        )
    if unknown := set(risk_factors) - set(document.risk_factors):
        raise EnrolmentRefused(f"There is no risk factor {', '.join(sorted(unknown))}.")
    if blood_thinner_restart_h is not None and not 0 <= blood_thinner_restart_h <= LATEST_RESTART_H:
        raise EnrolmentRefused(
            f"The blood thinner restarts 0 to {LATEST_RESTART_H} hours after the procedure.",
            field="blood_thinner_restart_h",
        )
    if consent_at is not None and consent_at > now:
        raise EnrolmentRefused("Nobody can have agreed later than now. Check the day.", field="consent_on")
    if consent_at is not None and (trouble := consent_trouble(consent_at, now=now)):
        raise EnrolmentRefused(trouble, field="consent_on")
    if baseline is not None:
        baseline = _checked_baseline(document, baseline)
    if time_estimated:
        zone = ZoneInfo(time_zone)
        procedure_at, _ = date_only_procedure(procedure_at.astimezone(zone).date(), zone)
    procedure_at = procedure_at.astimezone(
        UTC
    )  # from here on hours are added, which local times do not survive
    person = person_for(patient, team=team, by=by, sure=sure, now=now)
    Consent.objects.create(
        clinic_id=team.clinic_id,
        patient=person,
        wording=consent_wording,
        given_at=consent_at or now,
        recorded_by=by,
    )
    passed = [
        hours for slot in document.slots if (hours := timedelta(hours=slot.close_h)) <= now - procedure_at
    ]
    coming = [
        hours for slot in document.slots if (hours := timedelta(hours=slot.close_h)) > now - procedure_at
    ]
    episode = Episode.objects.create(
        clinic_id=team.clinic_id,
        patient=person,
        team=team,
        procedure=procedure,
        levels=list(levels),
        procedure_at=procedure_at,
        time_estimated=time_estimated,
        time_zone=time_zone,
        risk_factors=sorted(risk_factors),
        blood_thinner_restart_h=blood_thinner_restart_h,
        baseline=baseline,
        baseline_at=(baseline_at or now) if baseline is not None else None,
        protocol=protocol,
        started_at=now,
        next_due_at=procedure_at + min(coming) if coming else now,
    )
    if passed:
        Pause.objects.create(
            clinic_id=team.clinic_id,
            episode=episode,
            from_at=procedure_at,
            until_at=now,
            reason="Enrolled later than this.",
        )
    begin_reminders(episode, reminders, now=now)
    audit.record(what="enrolled patient", now=now, clinic=team.clinic, user=by, subject=episode)
    return episode


def none_runs_beside(team: CareTeam, *, alone: bool = False) -> None:
    """One by one patients are enrolled side by side, a list of them alone: it must not wait for what waits for it."""
    attempt = "pg_try_advisory_xact_lock" if alone else "pg_try_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {attempt}(%s, %s)", [LISTS, team.clinic_id])
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise EnrolmentRefused(
            "A list of patients of this clinic is being enrolled at this moment. Send it again in half a minute."
        )


def procedure_trouble(procedure_at: datetime, *, now: datetime, protocol: str = "vk-default/1") -> str:
    """What is wrong with the time of a procedure that somebody typed or sent in a file; empty when nothing is."""
    if procedure_at > now:
        return "This is later than now. Enrol the patient when the procedure is over."
    if procedure_at + timedelta(hours=protocols.get(protocol).ends_h) <= now:
        return "This is so long ago that the recovery is over. Check the year."
    return ""


def consent_trouble(given_at: datetime, *, now: datetime) -> str:
    """What is wrong with a time of consent that lies in the past; empty when nothing is."""
    return "This is more than a year ago. Check the year." if given_at < now - CONSENT_HOLDS else ""


def risks_worked_out(*, born_on: date, procedure_on: date, levels: Sequence[str]) -> set[str]:
    """The risk factors that follow from what is known anyway, so that nobody has to remember to tick them."""
    years = procedure_on.year - born_on.year
    years -= (procedure_on.month, procedure_on.day) < (born_on.month, born_on.day)
    risks = {"age_65_plus"} if years >= OLD else set()
    return risks | ({"levels_3_plus"} if len(set(levels)) >= MANY_LEVELS else set())


def _checked_baseline(document: Protocol, baseline: Mapping[str, Any]) -> dict[str, Any]:
    """The form as stored. What was answered stays out of the message: it may be logged."""
    try:
        return dict(baseline_model(document).model_validate(dict(baseline)).model_dump(exclude_none=True))
    except ValidationError as error:
        places = ", ".join(sorted({str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}))
        raise EnrolmentRefused(f"The baseline does not fit the form: check {places or 'the form'}.") from None
