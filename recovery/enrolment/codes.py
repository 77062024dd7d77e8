"""One-time codes: printed for a patient, redeemed by a phone."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest

from recovery import access, audit, heartbeats, tenancy
from recovery.enrolment.refusals import CodeExpired, CodeInvalid, CodeLocked
from recovery.models import Caregiver, DeviceToken, EnrolmentCode, Episode, User
from recovery.tenancy import Reach

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U to be misread
SELECTOR, SECRET = 4, 8  # letters; the secret holds 40 bits
CODE_LIFE = timedelta(hours=72)
UNKNOWN_EVERY = timedelta(minutes=1)
"""So often it is remembered that somebody tries codes that never were: it must not fill the audit."""
READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


@transaction.atomic
def issue_code(
    *,
    episode: Episode,
    now: datetime,
    by: User | None = None,
    on: DeviceToken | None = None,
    caregiver: Caregiver | None = None,
) -> str:
    """A new one-time code, as printed for the patient: XXXX-XXXX-XXXX. It is shown once and cannot be read again.

    With `caregiver` the phone that redeems it is that caregiver's. `on` is the patient's phone on which it was made.
    """
    secret = _letters(SECRET)
    row = {
        "clinic_id": episode.clinic_id,
        "episode": episode,
        "caregiver": caregiver,
        "secret_hash": access.hash_of(secret),
        "created_at": now,
        "created_by": by,
        "expires_at": now + CODE_LIFE,
    }
    while (code := _with_new_selector(row)) is None:
        pass
    audit.record(
        what="issued enrolment code",
        now=now,
        clinic=episode.clinic,
        user=by,
        device=on,
        subject=caregiver or episode,
    )
    return f"{code.selector}-{secret[:4]}-{secret[4:]}"


def _with_new_selector(row: dict[str, Any]) -> EnrolmentCode | None:
    """None: it is taken already, perhaps in a clinic that is out of our reach."""
    try:
        with transaction.atomic():
            return EnrolmentCode.objects.create(selector=_letters(SELECTOR), **row)
    except IntegrityError as error:
        if "selector" not in str(error):
            raise
        return None


def unused_codes(
    episode: Episode, *, now: datetime, caregiver: Caregiver | None = None
) -> QuerySet[EnrolmentCode]:
    """Those that a phone of the patient's could still redeem, or of this caregiver's."""
    return EnrolmentCode.objects.filter(
        episode=episode,
        caregiver=caregiver,
        redeemed_at=None,
        expires_at__gt=now,
        wrong_tries__lt=EnrolmentCode.MAX_WRONG_TRIES,
    )


def expire_codes(episode: Episode, *, caregiver: Caregiver | None, now: datetime) -> None:
    """Codes that were issued before to the patient, or to this caregiver, and not used work no more."""
    unused = EnrolmentCode.objects.filter(
        episode=episode, caregiver=caregiver, redeemed_at=None, expires_at__gt=now
    )
    just_after = F("created_at") + timedelta(microseconds=1)  # a code has to live, if not for long
    unused.update(expires_at=Greatest(Value(now), just_after))


def reach_of(code: str) -> Reach:
    """Whoever types a code reaches its clinic, and nothing in it without the rest of the code."""
    return tenancy.by_code(_read(code)[0])


def redeem(*, code: str, device_name: str, platform: str, now: datetime) -> tuple[DeviceToken, str]:
    """Exchange a one-time code for a device token, which is returned once and stored only as its hash.

    Forgiving about case, blanks, dashes and the letters I, L and O. Raises CodeInvalid, CodeLocked after five wrong
    tries, CodeExpired when it is too old or was redeemed before (twenty phones at once redeem it once).
    """
    selector, secret = _read(code)
    found = EnrolmentCode.objects.select_related("episode").filter(selector=selector).first()
    is_right = found is not None and secrets.compare_digest(found.secret_hash, access.hash_of(secret))
    if not is_right:
        heartbeats.count(heartbeats.WRONG_CODES)
    if found is None:
        audit.record_account(
            what="gave enrolment code that is none", now=now, email="", at_most_every=UNKNOWN_EVERY
        )
        raise CodeInvalid
    if not is_right:
        _count_wrong_try(found, now)
        raise CodeInvalid
    try:
        return _redeemed(found, device_name=device_name, platform=platform, now=now)
    except (CodeExpired, CodeLocked):
        audit.record(what="refused enrolment code", now=now, clinic=found.clinic_id, subject=found.episode)
        raise


@transaction.atomic
def _redeemed(
    found: EnrolmentCode, *, device_name: str, platform: str, now: datetime
) -> tuple[DeviceToken, str]:
    if found.caregiver_id is not None and not _consent_stands(found.caregiver_id):
        raise CodeExpired
    locked = EnrolmentCode.objects.select_for_update().select_related("episode__clinic").get(pk=found.pk)
    if locked.wrong_tries >= EnrolmentCode.MAX_WRONG_TRIES:
        raise CodeLocked
    if locked.redeemed_at is not None or locked.expires_at <= now:
        raise CodeExpired
    if locked.caregiver_id is not None and locked.episode.status == Episode.Status.ENDED:
        raise CodeExpired  # the patient's own phone may have reports to send still
    token = secrets.token_urlsafe(32)
    device = DeviceToken.objects.create(
        clinic_id=locked.clinic_id,
        patient_id=locked.episode.patient_id,
        episode=locked.episode,
        caregiver_id=locked.caregiver_id,
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


def _consent_stands(caregiver_id: int) -> bool:
    """Holds the caregiver's row: their consent cannot be revoked while a phone of theirs is being added."""
    consent = Caregiver.objects.select_for_update(no_key=True).filter(pk=caregiver_id, revoked_at=None)
    return consent.first() is not None


def _read(code: str) -> tuple[str, str]:
    letters = code.upper().translate(READ_AS)
    return letters[:SELECTOR], letters[SELECTOR:]


def _count_wrong_try(code: EnrolmentCode, now: datetime) -> None:
    """Count in the database, where parallel guesses cannot pass each other. Raises CodeLocked once it is locked."""
    unused = EnrolmentCode.objects.filter(pk=code.pk, redeemed_at=None)
    with transaction.atomic():
        counted = unused.filter(wrong_tries__lt=EnrolmentCode.MAX_WRONG_TRIES).update(
            wrong_tries=F("wrong_tries") + 1
        )
        if counted:
            audit.record(
                what="gave wrong enrolment code", now=now, clinic=code.clinic_id, subject=code.episode
            )
    if not counted and unused.exists():
        raise CodeLocked


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
