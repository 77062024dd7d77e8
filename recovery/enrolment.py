"""How an episode begins, and how a phone comes to report for it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction
from django.db.models import F
from pydantic import ValidationError

from recovery import access, audit
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import baseline_model
from recovery.clinical.protocol import Protocol
from recovery.errors import Refused
from recovery.models import CareTeam, Consent, DeviceToken, EnrolmentCode, Episode, Patient, User

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U to be misread
SELECTOR, SECRET = 4, 8  # letters; the secret holds 40 bits
CODE_LIFE = timedelta(hours=72)
LATEST_RESTART_H = 2016
READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


class EnrolmentRefused(Refused):
    code = "enrolment_refused"


class CodeInvalid(Refused):
    code = "code_invalid"
    message = "This code does not work. Check each letter, or ask your care team for a new code."


class CodeLocked(Refused):
    code = "code_locked"
    message = "This code was mistyped too often and is locked. Ask your care team for a new code."


class CodeExpired(Refused):
    code = "code_expired"
    message = "This code is too old or was used before. Ask your care team for a new code."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    name: str = field(repr=False)
    born_on: date = field(repr=False)
    hospital_number: str = field(repr=False)
    phone: str = field(default="", repr=False)
    language: str = "en"
    caregiver_name: str = field(default="", repr=False)
    caregiver_phone: str = field(default="", repr=False)


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
    baseline: Mapping[str, Any] | None = None,
    baseline_at: datetime | None = None,
    levels: Sequence[str] = (),
    blood_thinner_restart_h: Decimal | float | None = None,
    time_estimated: bool = False,
    protocol: str = "vk-default/1",
    by: User | None = None,
) -> Episode:
    """Start an episode. A patient known to the clinic by hospital number keeps their row.

    With `time_estimated` only the date of `procedure_at` counts (in the patient's zone). Refuses an unknown time zone,
    a baseline that does not fit the form, and a patient whose other episode still runs.
    """
    if time_zone not in available_timezones():
        raise EnrolmentRefused(f"{time_zone!r} is not a time zone. Write a name such as Europe/London.")
    document = protocols.get(protocol)
    if procedure not in Episode.Procedure.values:
        raise EnrolmentRefused(
            f"{procedure!r} is not a procedure. Choose {' or '.join(Episode.Procedure.values)}."
        )
    if unknown := set(risk_factors) - set(document.risk_factors):
        raise EnrolmentRefused(f"There is no risk factor {', '.join(sorted(unknown))}.")
    if blood_thinner_restart_h is not None and not 0 <= blood_thinner_restart_h <= LATEST_RESTART_H:
        raise EnrolmentRefused(
            f"The blood thinner restarts 0 to {LATEST_RESTART_H} hours after the procedure."
        )
    if baseline is not None:
        baseline = _checked_baseline(document, baseline)
    if time_estimated:
        local = procedure_at.astimezone(ZoneInfo(time_zone))
        procedure_at = local.replace(hour=0, minute=0, second=0, microsecond=0)
    procedure_at = procedure_at.astimezone(
        UTC
    )  # from here on hours are added, which local times do not survive
    person, _ = Patient.objects.get_or_create(
        clinic_id=team.clinic_id,
        hospital_number=patient.hospital_number,
        defaults={
            field: getattr(patient, field)
            for field in ("name", "born_on", "phone", "language", "caregiver_name", "caregiver_phone")
        },
    )
    if person.born_on != patient.born_on:
        raise EnrolmentRefused(
            "The hospital number belongs to somebody with another date of birth. Check both before you go on."
        )
    if Episode.objects.filter(patient=person).exclude(status=Episode.Status.ENDED).exists():
        raise EnrolmentRefused("This patient's other episode still runs. End it before you start a new one.")
    Consent.objects.create(
        clinic_id=team.clinic_id, patient=person, wording=consent_wording, given_at=now, recorded_by=by
    )
    first_due_h = document.due_h_after(None)
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
        next_due_at=None if first_due_h is None else procedure_at + timedelta(hours=first_due_h),
    )
    audit.record(what="enrolled patient", now=now, clinic=team.clinic, user=by, subject=episode)
    return episode


def _checked_baseline(document: Protocol, baseline: Mapping[str, Any]) -> dict[str, Any]:
    """The form as stored. What was answered stays out of the message: it may be logged."""
    try:
        return dict(baseline_model(document).model_validate(dict(baseline)).model_dump(exclude_none=True))
    except ValidationError as error:
        places = ", ".join(sorted({str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}))
        raise EnrolmentRefused(f"The baseline does not fit the form: check {places or 'the form'}.") from None


@transaction.atomic
def issue_code(*, episode: Episode, now: datetime, by: User | None = None) -> str:
    """A new one-time code, as printed for the patient: XXXX-XXXX-XXXX. It is shown once and cannot be read again."""
    secret = _letters(SECRET)
    while True:
        code, is_new = EnrolmentCode.objects.get_or_create(
            selector=_letters(SELECTOR),
            defaults={
                "clinic_id": episode.clinic_id,
                "episode": episode,
                "secret_hash": access.hash_of(secret),
                "created_at": now,
                "created_by": by,
                "expires_at": now + CODE_LIFE,
            },
        )
        if is_new:
            break
    audit.record(what="issued enrolment code", now=now, clinic=episode.clinic, user=by, subject=episode)
    return f"{code.selector}-{secret[:4]}-{secret[4:]}"


def redeem(*, code: str, device_name: str, platform: str, now: datetime) -> tuple[DeviceToken, str]:
    """Exchange a one-time code for a device token, which is returned once and stored only as its hash.

    Forgiving about case, blanks, dashes and the letters I, L and O. Raises CodeInvalid, CodeLocked after five wrong
    tries, CodeExpired when it is too old or was redeemed before (twenty phones at once redeem it once).
    """
    letters = code.upper().translate(READ_AS)
    selector, secret = letters[:SELECTOR], letters[SELECTOR:]
    found = EnrolmentCode.objects.filter(selector=selector).first()
    if found is None:
        raise CodeInvalid
    if not secrets.compare_digest(found.secret_hash, access.hash_of(secret)):
        _count_wrong_try(found)
        raise CodeInvalid
    with transaction.atomic():
        locked = EnrolmentCode.objects.select_for_update().select_related("episode__clinic").get(pk=found.pk)
        if locked.wrong_tries >= EnrolmentCode.MAX_WRONG_TRIES:
            raise CodeLocked
        if locked.redeemed_at is not None or locked.expires_at <= now:
            raise CodeExpired
        token = secrets.token_urlsafe(32)
        device = DeviceToken.objects.create(
            clinic_id=locked.clinic_id,
            patient_id=locked.episode.patient_id,
            episode=locked.episode,
            token_hash=access.hash_of(token),
            name=device_name,
            platform=platform,
            created_at=now,
        )
        EnrolmentCode.objects.filter(pk=locked.pk).update(redeemed_at=now, device=device)
        audit.record(
            what="redeemed enrolment code",
            now=now,
            clinic=locked.episode.clinic,
            device=device,
            subject=locked.episode,
        )
    return device, token


@transaction.atomic
def revoke(*, device: DeviceToken, now: datetime, by: User | None = None) -> None:
    """Take a phone's right to report away, from its next request on. Doing it again changes nothing."""
    if DeviceToken.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
        audit.record(what="revoked phone", now=now, clinic=device.episode.clinic, user=by, subject=device)


@transaction.atomic
def sign_off(*, device: DeviceToken, now: datetime) -> None:
    """The same, done on the phone itself."""
    if DeviceToken.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
        audit.record(what="signed off", now=now, clinic=device.episode.clinic, device=device, subject=device)


def _count_wrong_try(code: EnrolmentCode) -> None:
    """Count in the database, where parallel guesses cannot pass each other. Raises CodeLocked once it is locked."""
    unused = EnrolmentCode.objects.filter(pk=code.pk, redeemed_at=None)
    counted = unused.filter(wrong_tries__lt=EnrolmentCode.MAX_WRONG_TRIES).update(
        wrong_tries=F("wrong_tries") + 1
    )
    if not counted and unused.exists():
        raise CodeLocked


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
