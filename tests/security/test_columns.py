"""Every column in which a text can stand is sealed, or stands here with the reason why it holds no free text of anybody
(S48). A new one fails until somebody has decided."""

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from recovery.clinical import protocol as protocols
from recovery.models import AlertEvent, CheckIn, EpisodeEvent
from recovery.models.sealed import SealedField

TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)

FOUND_BY = "the team looks patients up by it, and tells them apart by it"
CALLED = "the team calls it, from the board and from lists; searching by number"
STAFF = "name and address at work, of staff"
CLINIC = "of a clinic, on the letters that patients get"
CODE = "a code of the program"
KEY = "random, or a digest of what is random"
DIGEST = "a digest: nobody can read it, but who guesses a report whole can tell that it was the one"
PROVIDER = "of a provider, as it names its messages and failures"
SHOWN_PHONE = "what a phone's program says of itself; nobody types it"
CLINICAL = "codes and numbers that the database constrains, charts or looks into; no words of anybody"

WHY_NOT = {
    "recovery.Clinic": CLINIC,
    "recovery.CareTeam": CLINIC,
    "recovery.Patient.name": FOUND_BY,
    "recovery.Patient.hospital_number": FOUND_BY,
    "recovery.Patient.phone": CALLED,
    "recovery.Patient.language": CODE,
    "recovery.Patient.caregiver_name": CALLED,
    "recovery.Patient.caregiver_phone": CALLED,
    "recovery.Consent.wording": CODE,
    "recovery.Episode": CLINICAL,
    "recovery.EpisodeEvent.what": CODE,
    "recovery.DeviceToken.token_hash": KEY,
    "recovery.DeviceToken.name": SHOWN_PHONE,
    "recovery.DeviceToken.platform": SHOWN_PHONE,
    "recovery.Caregiver.wording": CODE,
    "recovery.EnrolmentCode": KEY,
    "recovery.CheckIn.app_version": SHOWN_PHONE,
    "recovery.CheckIn.fingerprint": DIGEST,
    "recovery.CheckInRevision.app_version": SHOWN_PHONE,
    "recovery.CheckInRevision.fingerprint": DIGEST,
    "recovery.Quarantine.fingerprint": DIGEST,
    "recovery.Quarantine.code": CODE,
    "recovery.Quarantine.problems": "places and codes of what was wrong, without values",
    "recovery.Assessment": CLINICAL,
    "recovery.Alert.rule": CODE,
    "recovery.Alert.escalation": CODE,
    "recovery.AuditEvent": "who did what to which object: no names, no words, no values",
    "recovery.AuditBatch": KEY,
    "recovery.AuditRun": CODE,
    "recovery.Defect": CODE,
    "recovery.Defect.accepted_because": "of an operator, who sees no patient: why a defect cannot be mended",
    "recovery.CanaryRun": CODE,
    "recovery.Contact.address": STAFF,
    "recovery.Contact.line": PROVIDER,
    "recovery.Contact.code_hash": KEY,
    "recovery.EscalationPolicy.document": CODE,
    "recovery.Heartbeat": CODE,
    "recovery.ProtocolReplay": CODE,
    "recovery.RetentionRule": CODE,
    "recovery.RetentionTurn": CODE,
    "recovery.Tally": CODE,
    "recovery.Letter": "its words are the program's; what they leave open is of no health and nobody's name",
    "recovery.Mute.rule": CODE,
    "recovery.Mute.known": CLINICAL,
    "recovery.Notification": PROVIDER,
    "recovery.Attempt": PROVIDER,
    "recovery.Reminder": CODE,
    "recovery.StaffSession": "sealed as a whole by its store (recovery/dashboard/sessions.py)",
    "recovery.Erasure.removed": "how many rows of each table",
    "recovery.RecoveryCode": KEY,
    "recovery.Invitation": STAFF,
    "recovery.User.password": KEY,
    "recovery.User.email": STAFF,
    "recovery.User.name": STAFF,
    "account.EmailAddress.email": STAFF,
    "account.EmailConfirmation": KEY,
    "auth": CODE,
    "contenttypes": CODE,
    "mfa.Authenticator.data": "the secret of an app is sealed (recovery/second_factor.py); a passkey is public",
    "sessions": "not used: sessions stand in recovery.StaffSession",
}
"""Of one column, of a whole table, or of a whole application."""


def texts() -> dict[str, models.Field]:
    """What can hold a text that is not one of a few choices, and is not made of another column by the database."""
    return {
        f"{model._meta.label}.{field.name}": field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if isinstance(field, TEXTS) and not field.choices and not isinstance(field, models.GeneratedField)
    }


def reason(place: str) -> str | None:
    application, model, _ = place.split(".")
    return WHY_NOT.get(place) or WHY_NOT.get(f"{application}.{model}") or WHY_NOT.get(application)


def is_sealed(field: models.Field) -> bool:
    return isinstance(field, SealedField) or field.name.startswith("sealed_")


@pytest.mark.parametrize("place", texts())
def test_s48_every_text_is_sealed_or_it_is_said_why_not(place: str) -> None:
    assert is_sealed(texts()[place]) or reason(place)


def test_s48_no_reason_is_given_for_what_is_not_there() -> None:
    places = [place for place, field in texts().items() if not is_sealed(field)]

    assert [
        known for known in WHY_NOT if not any(f"{place}.".startswith(f"{known}.") for place in places)
    ] == []


def test_s48_of_an_answer_the_words_are_sealed_and_the_codes_are_not() -> None:
    answers = CheckIn._meta.get_field("answers")
    given = {
        "free_text": "my own words",
        "pain_now": 3,
        "bleeding": "oozing",
        "temp": {"value": 37.0, "unit": "C"},
    }

    stored = answers.seal(given)

    assert {name for name in given if stored[name] != given[name]} == {"free_text"}
    assert answers.as_read(stored) == given


def test_s48_no_question_of_a_baseline_asks_for_words() -> None:
    """Its answers stand in the episode, where nothing is sealed."""
    asked = {item.kind for each in protocols.every() for item in each.baseline_form.values()}

    assert asked
    assert "text" not in asked


def test_s48_a_new_word_in_the_history_of_an_alert_is_sealed_until_it_is_known_to_be_the_programs() -> None:
    detail = AlertEvent._meta.get_field("detail")

    stored = detail.seal({"reached": True, "by_what": "phone", "note": "", "thought": "my own words"})

    assert (stored["reached"], stored["by_what"], stored["note"]) == (True, "phone", "")
    assert "words" not in str(stored)


def test_s48_of_what_stood_before_a_change_nothing_but_the_id_of_a_phone_is_open() -> None:
    was = EpisodeEvent._meta.get_field("was")
    phone = "7e57ab1e-0000-4000-8000-000000000001"

    assert was.seal({"phone": phone}) == {"phone": phone}
    assert "7946" not in str(was.seal({"phone": "+44 20 7946 0000"}))
