"""How a patient is reached, changed after the enrolment: a number that was mistyped is one that nobody can call."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from recovery import access, alerts, audit
from recovery.enrolment.people import CALL_FIRST, CONTACT
from recovery.enrolment.refusals import EnrolmentRefused
from recovery.first import who_was_first
from recovery.models import Episode, EpisodeEvent, Patient, User

CHANGED = "changed contacts"


@transaction.atomic
def change_contacts(
    *, episode_id: UUID, contacts: Mapping[str, str], by: User, now: datetime, seen: str | None = None
) -> Episode:
    """Replace how the patient is reached. `seen`: what `contacts_seen` gave when the person read it.

    Everybody of the team may. Raises Episode.DoesNotExist for a stranger; refuses when nobody could be called, and what
    a colleague has changed since. The same again changes nothing.
    """
    episode = access.episodes(by).select_related("clinic").get(uuid=episode_id)
    person = Patient.objects.select_for_update(no_key=True).get(pk=episode.patient_id)
    access.episodes(by).get(pk=episode.pk)  # not erased while we waited
    was = {name: getattr(person, name) for name in CONTACT}
    new = {name: contacts[name] for name in CONTACT}
    if was == new:
        return episode
    if seen is not None and seen != contacts_seen(person):
        raise EnrolmentRefused(who_was_first(episode, CHANGED, "changed how the patient is called"))
    if not new["phone"] and not new["caregiver_phone"]:
        raise EnrolmentRefused("Write a number: the patient's, or the caregiver's.", field="phone")
    if new["call_first"] == CALL_FIRST.CAREGIVER and not new["caregiver_phone"]:
        raise EnrolmentRefused(
            "Write the caregiver's number, or call the patient first.", field="caregiver_phone"
        )
    Patient.objects.filter(pk=person.pk).update(**new)
    alerts.show_anew(patient=person, now=now)
    EpisodeEvent.objects.create(
        clinic_id=episode.clinic_id, episode=episode, what=CHANGED, at=now, by=by, was=was
    )
    changed = sorted(name for name in CONTACT if was[name] != new[name])
    audit.record(
        what="changed contacts of patient",
        now=now,
        clinic=episode.clinic,
        user=by,
        subject=person,
        fields=changed,
    )
    return episode


def contacts_seen(person: Patient) -> str:
    """A word for how the patient is reached now. It changes with every change of it."""
    recorded = json.dumps([getattr(person, name) for name in CONTACT])
    return hashlib.sha256(recorded.encode()).hexdigest()[:16]
