"""What the export of one person holds: each table that leads to a patient, where it stands in the document, and what of
it is left out, with the reason. A table that is named nowhere here fails the tests (tests/persons/test_graph.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import models

from recovery.models import (
    Alert,
    AlertEvent,
    Assessment,
    Attempt,
    AuditEvent,
    Canary,
    Caregiver,
    CheckIn,
    CheckInRevision,
    Consent,
    DeviceToken,
    EnrolmentCode,
    Episode,
    EpisodeEvent,
    Erasure,
    LegalHold,
    Letter,
    Mute,
    Notification,
    Patient,
    Pause,
    PhoneSign,
    Preferences,
    Quarantine,
    Reminder,
)


@dataclass(frozen=True)
class Part:
    """The rows of a table that belong to one row of the part around it (`by` names the key), in order."""

    name: str
    model: type[models.Model]
    by: str
    parts: Sequence["Part"] = ()
    order: str = "pk"


PARTS = (
    Part("consents", Consent, "patient"),
    Part("erasures_asked_for", Erasure, "patient"),
    Part("legal_holds", LegalHold, "patient"),
    Part(
        "recoveries",
        Episode,
        "patient",
        (
            Part("pauses", Pause, "episode"),
            Part("changes_by_the_team", EpisodeEvent, "episode"),
            Part("caregivers", Caregiver, "episode"),
            Part("phones", DeviceToken, "episode"),
            Part("enrolment_codes", EnrolmentCode, "episode"),
            Part(
                "check_ins",
                CheckIn,
                "episode",
                (Part("earlier_revisions", CheckInRevision, "check_in", order="revision"),),
                order="effective_at",
            ),
            Part("refused_reports", Quarantine, "episode"),
            Part("verdicts", Assessment, "episode"),
            Part(
                "alerts",
                Alert,
                "episode",
                (
                    Part("history", AlertEvent, "alert"),
                    Part(
                        "messages_to_the_team",
                        Notification,
                        "alert",
                        (Part("tries", Attempt, "notification", order="number"),),
                    ),
                ),
            ),
            Part("mutes", Mute, "episode"),
            Part("wishes_for_reminders", Preferences, "episode"),
            Part("reminders", Reminder, "episode"),
            Part("letters", Letter, "episode"),
            Part("last_sign_of_a_phone", PhoneSign, "episode"),
            Part("who_looked_and_did_what", AuditEvent, "episode", order="at"),
        ),
    ),
)

ABOUT_NOBODY: Mapping[type[models.Model], str] = {
    Canary: "names the recovery of the canary, who is no person (recovery/canary.py)",
}
"""Tables that lead to a patient and are in no export, and why."""

LEFT_OUT: Mapping[tuple[type[models.Model], str], str] = {
    (Patient, "id"): "a number of ours; the uuid names the row",
    (DeviceToken, "token_hash"): "lets the phone in",
    (EnrolmentCode, "selector"): "half of a code that lets a phone in",
    (EnrolmentCode, "secret_hash"): "the other half of it",
    (Letter, "sealed_code"): "a code that lets somebody in",
    (Letter, "contact"): "of letters to staff alone",
    (Notification, "contact"): "a colleague's own address",
    (Notification, "line"): "may hold the host of a colleague's own address",
    (AuditEvent, "xact"): "the order of the audit's chain, of no person",
}
"""Columns that are not shown, and why; beside the keys that the document tells by its nesting."""

KEPT_WHEN_ERASED: Mapping[type[models.Model], str] = {
    Patient: "an empty row: the audit and what follows name it by a number that says nothing",
    Episode: "an empty row, without the day of the procedure: the audit names it",
    DeviceToken: "an empty row that lets nobody in: the audit names it",
    Consent: "that the clinic was allowed to do what it did, to which wording",
    Erasure: "who decided it, when and why",
    LegalHold: "who had it kept, and until when",
    AuditEvent: "who did and looked at what; it holds no names and no clinical values, and is bound into a chain",
}
"""What is left of a person of whom everything was erased, and why. All other tables of PARTS are empty of them."""


def every(parts: Sequence[Part] = PARTS) -> list[Part]:
    """All parts, each before what stands in it."""
    return [found for part in parts for found in (part, *every(part.parts))]
