"""Erasing a person: an administrator asks, somebody else confirms, and the database does it in one transaction.

What the law makes the clinic keep is kept for so long (Clinic.record_years from the end of the last recovery), unless
the clinic decides, in writing and by two people, that it has no such duty. A legal hold stands above all of it.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Max

from recovery import access, audit, statements
from recovery.alerts.moves import check_length
from recovery.errors import Refused
from recovery.models import Episode, Erasure, LegalHold, Membership, Patient, User

SCOPES = Erasure.Scope


class ErasureRefused(Refused):
    code = "erasure_refused"


WHY_NOT = {
    "not-confirmed": "This was withdrawn, or done already.",
    "held": "A legal hold stands: nothing of this person may be erased until it is lifted.",
    "running": "A recovery of this person still runs. End it first.",
    "open": "Something of this person is still open: an alert, a report that is not judged, or a refused one.",
    "too-early": "The clinic has to keep the record until {until}. What no duty keeps can be erased before; for all of "
    "it the clinic has to decide that it has no duty to keep it, and say why.",
}
"""What the database answers, in words."""


def answered_for(episode_id: UUID, by: User) -> Episode:
    """A recovery of the person. Raises Episode.DoesNotExist for whoever is neither administrator nor doctor of its
    team."""
    return access.episodes_answered_for(by).select_related("patient", "clinic").get(uuid=episode_id)


def may_ask(episode: Episode, by: User) -> bool:
    """Administrators ask; a doctor of the team may be the second who confirms."""
    return access.memberships(by).filter(team=episode.team_id, role=Membership.Role.ADMIN).exists()


def kept_until(patient: Patient) -> datetime | None:
    """When the duty to keep the record ends. None while a recovery runs, or when nothing is left to keep."""
    theirs = Episode.objects.filter(patient=patient, erased_at=None)
    if theirs.exclude(status=Episode.Status.ENDED).exists():
        return None
    last: datetime | None = theirs.aggregate(last=Max("ended_at"))["last"]
    if last is None:
        return None
    day = last.astimezone(ZoneInfo("UTC"))
    year = day.year + patient.clinic.record_years
    try:
        return day.replace(year=year)
    except ValueError:  # the 29th of February, as PostgreSQL counts
        return day.replace(year=year, day=28)


def standing(patient: Patient) -> Erasure | None:
    """What was asked for and neither withdrawn nor done."""
    rows = Erasure.objects.filter(patient=patient, withdrawn_at=None, done_at=None)
    return rows.select_related("asked_by").first()


def hold_of(patient: Patient) -> LegalHold | None:
    return LegalHold.objects.filter(patient=patient, lifted_at=None).select_related("placed_by").first()


@transaction.atomic
def ask(*, episode_id: UUID, scope: str, reason: str, no_duty: str = "", by: User, now: datetime) -> Erasure:
    """Ask for a person to be erased. Says at once what stands against it. The phones are signed out when it is done."""
    episode = _for_administrator(episode_id, by)
    person = episode.patient
    for text in (reason, no_duty):
        check_length(text)
    if not reason.strip():
        raise ErasureRefused("Write who wants it, and why.")
    no_duty = no_duty.strip() if scope == SCOPES.ALL else ""
    why_not = _why_not(person, scope, no_duty, now)
    if why_not:
        raise ErasureRefused(why_not)
    try:
        with transaction.atomic():
            asked = Erasure.objects.create(
                clinic_id=person.clinic_id, patient=person, scope=scope, reason=reason.strip(), no_duty=no_duty,
                asked_at=now, asked_by=by,
            )  # fmt: skip
    except IntegrityError:
        raise ErasureRefused("Somebody asked for it already: read below.") from None
    audit.record(
        what="asked for erasure", now=now, clinic=person.clinic_id, user=by, subject=asked, scope=scope
    )
    return asked


@transaction.atomic
def withdraw(*, episode_id: UUID, erasure_id: UUID, by: User, now: datetime) -> None:
    """Either of the two may."""
    asked = _asked(answered_for(episode_id, by), erasure_id)
    Erasure.objects.filter(pk=asked.pk).update(withdrawn_at=now, withdrawn_by=by)
    audit.record(what="withdrew erasure", now=now, clinic=asked.clinic_id, user=by, subject=asked)


@transaction.atomic
def confirm(*, episode_id: UUID, erasure_id: UUID, by: User, now: datetime) -> Erasure:
    """The second person says yes, and it is done at once. Cannot be taken back."""
    asked = _asked(answered_for(episode_id, by), erasure_id)
    if asked.asked_by_id == by.pk:
        raise ErasureRefused(
            "You asked for it yourself: another administrator, or a doctor of the team, confirms."
        )
    Erasure.objects.filter(pk=asked.pk).update(confirmed_at=now, confirmed_by=by)
    [(answer,)] = statements.fetch_all("SELECT recovery_erase(%s)", [asked.uuid])
    if answer != "erased":
        raise ErasureRefused(_in_words(answer, asked.patient))
    asked.refresh_from_db()
    audit.record(
        what="erased person", now=now, clinic=asked.clinic_id, user=by, subject=asked, scope=asked.scope,
        rows=sum(asked.removed.values()),
    )  # fmt: skip
    return asked


@transaction.atomic
def place_hold(*, episode_id: UUID, reason: str, by: User, now: datetime) -> LegalHold:
    """From now on nothing of the person may be erased."""
    episode = _for_administrator(episode_id, by)
    check_length(reason)
    if not reason.strip():
        raise ErasureRefused("Write why it has to be kept.")
    try:
        with transaction.atomic():
            hold = LegalHold.objects.create(
                clinic_id=episode.clinic_id,
                patient=episode.patient,
                reason=reason.strip(),
                placed_at=now,
                placed_by=by,
            )
    except IntegrityError:
        raise ErasureRefused("A legal hold stands already.") from None
    audit.record(what="placed legal hold", now=now, clinic=episode.clinic_id, user=by, subject=episode)
    return hold


@transaction.atomic
def lift_hold(*, episode_id: UUID, by: User, now: datetime) -> None:
    episode = _for_administrator(episode_id, by)
    standing_now = LegalHold.objects.filter(patient=episode.patient_id, lifted_at=None)
    if standing_now.update(lifted_at=now, lifted_by=by):
        audit.record(what="lifted legal hold", now=now, clinic=episode.clinic_id, user=by, subject=episode)


def _for_administrator(episode_id: UUID, by: User) -> Episode:
    """With the person held: nobody erases them meanwhile. Raises Episode.DoesNotExist where somebody just did."""
    Patient.objects.select_for_update(no_key=True).get(pk=answered_for(episode_id, by).patient_id)
    episode = answered_for(episode_id, by)
    if not may_ask(episode, by):
        raise ErasureRefused("Only an administrator of the team can do this.")
    return episode


def _asked(episode: Episode, erasure_id: UUID) -> Erasure:
    """Held until it is decided: of two who decide at once the second is told."""
    rows = Erasure.objects.select_for_update(of=("self",)).select_related("patient__clinic")
    asked = rows.get(uuid=erasure_id, patient=episode.patient_id)
    if asked.withdrawn_at is not None or asked.done_at is not None:
        raise ErasureRefused(WHY_NOT["not-confirmed"])
    return asked


def _why_not(person: Patient, scope: str, no_duty: str, now: datetime) -> str:
    if hold_of(person):
        return WHY_NOT["held"]
    until = kept_until(person)
    if until is None:
        return WHY_NOT["running"]
    if scope == SCOPES.ALL and not no_duty and until > now:
        return _in_words("too-early", person)
    return ""


def _in_words(answer: str, person: Patient) -> str:
    until = kept_until(person)
    return WHY_NOT[answer].format(until=f"{until:%-d %B %Y}" if until else "then")
