"""What is known of a silence beside that it is one: was the phone heard from, was the patient reminded, was the form
opened. No rule sees this: it changes neither a finding nor a tier, and is stored beside the verdict for the team.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction

from recovery import statements
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Assessment
from recovery.silence.closings import Watched

log = logging.getLogger(__name__)


class Why(StrEnum):
    """What tells this silence from others, the most telling first."""

    OPENED = "opened"
    UNREACHED = "unreached"
    UNHEARD = "unheard"
    NOTHING = "nothing"


# Indexes: those of the primary keys and uniques (recovery_phonesign, reminded_once, letter_once), check_in_history,
# and that of a phone's episode. A mail that was sent counts as delivered: mail servers say no more. That a
# caregiver's phone lives is no sign of the patient's. A form that was opened once the slot had closed is another's;
# that a phone was heard from since, where this is judged late, says that it lives.
_KNOWN = """
    SELECT phone.count, GREATEST(sign.heard_at, phone.since, said.received_at),
        CASE WHEN sign.form_opened_at <= silence.at THEN sign.form_opened_at END, said.half_at,
        reminded.count, reminded.reached, reminded.channel
    FROM ROWS FROM (json_to_recordset(%(silences)s::json) AS (episode_id bigint, since timestamptz, at timestamptz))
        WITH ORDINALITY silence (episode_id, since, at, place)
    LEFT JOIN recovery_phonesign sign ON sign.episode_id = silence.episode_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE revoked_at IS NULL OR revoked_at > silence.at) AS count, max(created_at) AS since
        FROM recovery_devicetoken
        WHERE episode_id = silence.episode_id AND created_at <= silence.at AND caregiver_id IS NULL
    ) phone
    CROSS JOIN LATERAL (
        SELECT max(received_at) FILTER (WHERE caregiver_id IS NULL) AS received_at,
            max(effective_at) FILTER (WHERE status = 'in-progress' AND effective_at >= silence.since) AS half_at
        FROM (
            SELECT received_at, effective_at, status, caregiver_id FROM recovery_checkin
            WHERE episode_id = silence.episode_id AND effective_at <= silence.at AND withdrawn_at IS NULL
              AND device_id IS NOT NULL
            ORDER BY effective_at DESC LIMIT 3
        ) latest
    ) said
    CROSS JOIN LATERAL (
        SELECT count(*), max(reminder.channel) AS channel, count(*) FILTER (
            WHERE letter.status IN ('sent', 'delivered') OR reminder.fetched_at IS NOT NULL
        ) AS reached
        FROM recovery_reminder reminder
        LEFT JOIN recovery_letter letter ON letter.clinic_id = reminder.clinic_id AND letter.kind = 'reminder'
            AND letter.key = reminder.uuid::text
        WHERE reminder.episode_id = silence.episode_id
          AND reminder.due_at >= silence.since AND reminder.due_at < silence.at
    ) reminded
    ORDER BY silence.place
"""


Known = Mapping[str, Any]


def known_of(silences: Sequence[tuple[Watched, Assessment]]) -> Sequence[Known | None]:
    """What is known of each of these silences, in their order: {"why", ...} as it is stored. One statement. None where
    it cannot be told: that keeps no silence from being judged."""
    try:
        with transaction.atomic():
            return _known_of(silences)
    except Exception as error:
        log.error("what is known of %d silences could not be read: %s", len(silences), type(error).__name__)
        return [None] * len(silences)


def _known_of(silences: Sequence[tuple[Watched, Assessment]]) -> list[Known]:
    rows = [
        {
            "episode_id": episode.id,
            "since": _since(episode, verdict).isoformat(),
            "at": verdict.at.isoformat(),
        }
        for episode, verdict in silences
    ]
    found = statements.fetch_all(_KNOWN, {"silences": json.dumps(rows)})
    return [
        _told(_since(episode, verdict), *row) for (episode, verdict), row in zip(silences, found, strict=True)
    ]


def _since(episode: Watched, verdict: Assessment) -> datetime:
    """When the slot opened that closed without a check-in."""
    slots = protocols.get(episode.protocol).slots
    open_h = next((slot.open_h for slot in slots if slot.id == verdict.slot), 0.0)
    return episode.procedure.at + timedelta(hours=open_h)


def _told(
    since: datetime,
    phones: int,
    heard_at: datetime | None,
    opened_at: datetime | None,
    half_at: datetime | None,
    reminders: int,
    reached: int,
    channel: str | None,
) -> Known:
    opened = [at for at in (opened_at, half_at) if at is not None and at >= since]
    if opened:
        why = Why.OPENED
    elif reminders and not reached:
        why = Why.UNREACHED
    elif not phones or heard_at is None or heard_at < since:
        why = Why.UNHEARD
    else:
        why = Why.NOTHING
    return {
        "why": why.value,
        "phones": phones,
        "heard_at": heard_at.isoformat() if heard_at else None,
        "opened_at": max(opened).isoformat() if opened else None,
        "half": half_at is not None,
        "reminders": reminders,
        "reached": reached,
        "channel": channel or "",
    }
