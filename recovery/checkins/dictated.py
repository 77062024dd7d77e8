"""A check-in that a clinician writes down for the patient: read in a report that was refused, or told on the telephone.
The same questionnaire, judged like any other."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recovery import access
from recovery.alerts.moves import CLINICIANS, NotAllowed
from recovery.checkins.receipts import IdConflict, Receipt, Withdrawn
from recovery.checkins.submit import submit
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import valid_part
from recovery.episodes import remembered
from recovery.models import CheckIn, DeviceToken, Episode, User
from recovery.submissions import Submission

APP = "care team"
"""In place of the version of an app."""


@transaction.atomic
def take_by_telephone(
    *,
    episode_id: UUID,
    client_id: UUID,
    answers: Mapping[str, Any],
    observed_at: datetime,
    completed: bool,
    by: User,
    now: datetime,
) -> Receipt:
    """Take the check-in that a patient gave on the telephone, whether the recovery runs, is paused or has ended.

    `client_id` was made with the form: sent twice it is one check-in. Raises Episode.DoesNotExist for a stranger,
    NotAllowed, Busy.
    """
    episode = access.episodes(by).select_related("clinic").get(uuid=episode_id)
    if not may_write_down(episode, by):
        raise NotAllowed("Only a nurse or a doctor of the care team can do this. Ask one of them.")
    submission = written_down(
        episode,
        client_id=client_id,
        answers=answers,
        observed_at=observed_at,
        completed=completed,
        now=now,
    )
    no_phone = DeviceToken(clinic_id=episode.clinic_id, patient_id=episode.patient_id, episode=episode)
    try:
        receipt = submit(device=no_phone, submission=submission, now=now)
    except (IdConflict, Withdrawn):
        raise NotAllowed(
            "This form was saved before, with other answers. Look at the patient’s check-ins, and open a new form for "
            "another."
        ) from None
    if receipt.created:
        remembered(
            episode, what="recorded check-in by phone", reason="", by=by, now=now, check_in=str(client_id)
        )
    return receipt


def written_down(
    episode: Episode,
    *,
    client_id: UUID,
    answers: Mapping[str, Any],
    observed_at: datetime,
    completed: bool,
    now: datetime,
) -> Submission:
    """What was written down, as a phone would send it. Raises NotAllowed where it does not fit."""
    valid, problems = valid_part(protocols.get(episode.protocol), answers)
    if problems:
        places = ", ".join(problem.place for problem in problems)
        raise NotAllowed(f"These answers do not fit the questionnaire: {places}.")
    if not valid:
        raise NotAllowed("No answer is filled in. Fill in what you know.")
    if not episode.procedure_at <= observed_at <= now:
        raise NotAllowed("The time felt must lie between the procedure and now.")
    return Submission(
        client_id=client_id,
        observed_at=observed_at,
        sent_at=now,
        completed=completed,
        answered_by=CheckIn.AnsweredBy.NURSE,
        app_version=APP,
        answers=valid,
    )


def may_write_down(episode: Episode, by: User) -> bool:
    return access.memberships(by).filter(team_id=episode.team_id, role__in=CLINICIANS).exists()
