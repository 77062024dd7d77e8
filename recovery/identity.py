"""Who the patient is and what was treated, corrected: what was mistyped when they were enrolled.

The risk factors that follow from it follow it again, and by them everything is judged anew.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction

from recovery import alerts, enrolment
from recovery.corrections import RISKS, replace
from recovery.episodes import MAY_CHANGE, EpisodeRefused, locked, remembered
from recovery.first import who_was_first
from recovery.models import Episode, Patient, User

CORRECTED = "corrected who it is"
PERSON = ("name", "born_on", "hospital_number")
TAKEN = "This hospital number belongs to somebody else of this clinic. Check it, and whose page this is."


@transaction.atomic
def correct(
    *,
    episode_id: UUID,
    name: str,
    born_on: date,
    hospital_number: str,
    levels: Sequence[str],
    reason: str,
    by: User,
    now: datetime,
    seen: str | None = None,
) -> Episode:
    """Replace name, date of birth, hospital number and vertebrae. `seen`: what `as_seen` gave when the person read it.

    Raises Episode.DoesNotExist for a stranger. Refuses a number that somebody else of the clinic has. The same again
    changes nothing.
    """
    episode = locked(episode_id, by, MAY_CHANGE, reason)
    person = Patient.objects.select_for_update().get(pk=episode.patient_id)
    was = _recorded(episode, person)
    new = {"name": name, "born_on": born_on, "hospital_number": hospital_number, "levels": list(levels)}
    if was == new:
        return episode
    if seen is not None and seen != _word_for(was):
        raise EpisodeRefused(who_was_first(episode, CORRECTED, "corrected who it is"))
    try:
        enrolment.check_birthday(born_on, today=now.astimezone(ZoneInfo(episode.clinic.time_zone)).date())
    except ValueError as problem:
        raise EpisodeRefused(str(problem)) from None
    _write(person, {field: new[field] for field in PERSON})
    Episode.objects.filter(pk=episode.pk).update(levels=new["levels"])
    alerts.show_anew(patient=person, now=now)
    changed = sorted(field for field in new if was[field] != new[field])
    episode = remembered(episode, what=CORRECTED, was=was, reason=reason, by=by, now=now, fields=changed)
    risks = _risks_after(episode, was, new)
    kept = {"risk_factors": risks, "blood_thinner_restart_h": episode.blood_thinner_restart_h}
    return replace(episode, RISKS, kept, seen=None, reason=reason, by=by, now=now)


def as_seen(episode: Episode) -> str:
    """A word for who it is as recorded now. It changes with every correction of it."""
    return _word_for(_recorded(episode, episode.patient))


def _recorded(episode: Episode, person: Patient) -> dict[str, Any]:
    return {field: getattr(person, field) for field in PERSON} | {"levels": episode.levels}


def _word_for(recorded: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(recorded, cls=DjangoJSONEncoder).encode()).hexdigest()[:16]


def _write(person: Patient, fields: dict[str, Any]) -> None:
    here = Patient.objects.filter(clinic_id=person.clinic_id).exclude(pk=person.pk)
    if here.filter(hospital_number__iexact=fields["hospital_number"]).exists():
        raise EpisodeRefused(TAKEN)
    try:
        with transaction.atomic():
            Patient.objects.filter(pk=person.pk).update(**fields)
    except IntegrityError:  # of two who are given it at once
        raise EpisodeRefused(TAKEN) from None


def _risks_after(episode: Episode, was: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What followed from what was mistyped goes, and what follows now comes. What somebody ticked stays."""
    procedure_on = episode.procedure_at.astimezone(ZoneInfo(episode.time_zone)).date()
    before, after = (
        enrolment.risks_worked_out(born_on=of["born_on"], procedure_on=procedure_on, levels=of["levels"])
        for of in (was, new)
    )
    return sorted(set(episode.risk_factors) - (before - after) | (after - before))
