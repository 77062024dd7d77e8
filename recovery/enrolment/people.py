"""Who is enrolled: somebody new, somebody who was here before, or somebody who only looks like it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from recovery import access, audit
from recovery.enrolment.refusals import AlreadyEnrolled, EnrolmentRefused, LooksAlike
from recovery.enrolment.writing import same_name
from recovery.local_time import clock_time
from recovery.models import CareTeam, Episode, Patient, User

CALL_FIRST = Patient.CallFirst
LANGUAGES = {
    "en": "English", "ar": "Arabic", "bn": "Bengali", "zh": "Chinese", "fr": "French", "de": "German", "el": "Greek",
    "gu": "Gujarati", "hi": "Hindi", "it": "Italian", "fa": "Persian", "pl": "Polish", "pt": "Portuguese",
    "pa": "Punjabi", "ro": "Romanian", "ru": "Russian", "so": "Somali", "es": "Spanish", "ta": "Tamil",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "cy": "Welsh",
}  # fmt: skip
"""Languages that a patient may prefer on the telephone, by their code (ISO 639)."""

CONTACT = ("phone", "language", "caregiver_name", "caregiver_phone", "call_first", "call_notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    name: str = field(repr=False)
    born_on: date = field(repr=False)
    hospital_number: str = field(repr=False)
    phone: str = field(default="", repr=False)
    language: str = "en"
    caregiver_name: str = field(default="", repr=False)
    caregiver_phone: str = field(default="", repr=False)
    call_first: str = CALL_FIRST.PATIENT
    call_notes: str = field(default="", repr=False)


def person_for(patient: NewPatient, *, team: CareTeam, by: User | None, sure: bool, now: datetime) -> Patient:
    """The row of this person, locked: the one known by hospital number, with the contacts of today, or a new one.

    Refuses a number that is somebody else's and whoever's other episode still runs; and, unless the caller is sure,
    whoever is known by another name, or by another number.
    """
    if patient.call_first == CALL_FIRST.CAREGIVER and not patient.caregiver_phone:
        raise EnrolmentRefused(
            "Write the caregiver's number, or call the patient first.", field="caregiver_phone"
        )
    here = Patient.objects.filter(clinic_id=team.clinic_id)
    found = here.filter(hospital_number__iexact=patient.hospital_number).order_by("pk").first()
    if found is None and not sure:
        _nobody_alike(patient, team=team, by=by)
    number = found.hospital_number if found else patient.hospital_number
    made = Patient(
        clinic_id=team.clinic_id,
        hospital_number=number,
        **{name: getattr(patient, name) for name in ("name", "born_on", *CONTACT)},
    )
    if found is None:
        Patient.objects.bulk_create([made], ignore_conflicts=True)  # of two at once one makes the row
    person = here.select_for_update(no_key=True).get(hospital_number=number)
    if person.uuid == made.uuid:
        return person
    if person.born_on != patient.born_on:
        raise EnrolmentRefused(
            "The hospital number belongs to somebody with another date of birth. Check both before you go on.",
            field="hospital_number",
        )
    none_runs(person, by=by, now=now)
    if not sure and not same_name(person.name, patient.name):
        raise LooksAlike(
            "The hospital number belongs to somebody with this date of birth and another name. Check the number. If"
            " the name has changed, say below that you are sure: the new name is kept."
        )
    _keep_contacts(person, patient, team=team, by=by, now=now)
    return person


def none_runs(person: Patient, *, by: User | None, now: datetime) -> None:
    """Refuses while another episode of this person runs, and says whose it is as far as the asker may know."""
    running = (
        Episode.objects.filter(patient=person)
        .exclude(status=Episode.Status.ENDED)
        .select_related("clinic")
        .first()
    )
    if running is None:
        return
    if by is None or not access.episodes(by).filter(pk=running.pk).exists():
        raise AlreadyEnrolled(
            "This patient's other episode still runs, with another care team of this clinic. Ask them to end it before"
            " you start a new one.",
            field="hospital_number",
        )
    consent = person.consents.select_related("recorded_by").order_by("-pk").first()
    who = f" by {consent.recorded_by.name}" if consent and consent.recorded_by else ""
    when = clock_time(running.started_at, running.clinic.time_zone)
    raise AlreadyEnrolled(
        f"This patient was enrolled at {when}{who}, and that episode still runs. End it before you start a new one.",
        field="hospital_number",
        episode=running.uuid,
    )


def _nobody_alike(patient: NewPatient, *, team: CareTeam, by: User | None) -> None:
    """Of the patients whom the asker may see, nobody has this name and date of birth under another number."""
    if by is None:
        return
    known = Patient.objects.filter(
        clinic_id=team.clinic_id, born_on=patient.born_on, episodes__in=access.episodes(by)
    ).distinct()
    for other in known:
        if same_name(other.name, patient.name):
            raise LooksAlike(
                f"{other.name} with this date of birth is known under hospital number {other.hospital_number}. If it is"
                " the same person, correct the number. If not, say below that you are sure.",
                field="hospital_number",
            )


def _keep_contacts(
    person: Patient, patient: NewPatient, *, team: CareTeam, by: User | None, now: datetime
) -> None:
    """What was said today about how to reach somebody replaces what was said last time, and what was left out replaces
    nothing; the audit names the fields."""
    said = {name: getattr(patient, name) for name in ("name", *CONTACT)}
    changed = {name: value for name, value in said.items() if value and value != getattr(person, name)}
    if not changed:
        return
    Patient.objects.filter(pk=person.pk).update(**changed)
    for name, value in changed.items():
        setattr(person, name, value)
    audit.record(
        what="changed contacts of patient",
        now=now,
        clinic=team.clinic,
        user=by,
        subject=person,
        fields=sorted(changed),
    )
