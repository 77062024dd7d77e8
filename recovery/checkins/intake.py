"""The one statement that writes a new check-in with its assessment (docs/adr/0006-one-writing-statement.md).

It writes only if the episode's sequence number still is the one at which the history was read, so two phones at once
cannot judge past each other; and it says why it did not write. Everything it needs to know is decided in the database
at that instant: whether later check-ins and silences must be judged anew, and whether there is nothing to flag: no
finding, no alert that this check-in could clear, and none about to be opened.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recovery import asking, statements
from recovery.models import CheckIn, DeviceToken
from recovery.submissions import Submission

_ANSWERS = CheckIn._meta.get_field("answers")

_WRITE = """
WITH twin AS (
    SELECT FROM recovery_checkin WHERE patient_id = %(patient)s AND client_id = %(client_id)s
),
later AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM recovery_checkin WHERE episode_id = %(episode)s
                   AND effective_at > %(effective_at)s AND withdrawn_at IS NULL)
        OR EXISTS (SELECT FROM recovery_assessment WHERE episode_id = %(episode)s
                   AND effective_at >= %(effective_at)s AND silent_slot IS NOT NULL AND is_current) AS held
),
episode AS (
    UPDATE recovery_episode SET
        sequence = sequence + 1,
        next_due_at = CASE WHEN next_due_at > %(received_at)s AND %(next_due_at)s::timestamptz > next_due_at
                           THEN %(next_due_at)s ELSE next_due_at END,
        rejudge_from = CASE WHEN later.held THEN LEAST(rejudge_from, %(effective_at)s) ELSE rejudge_from END
    FROM later
    WHERE id = %(episode)s AND sequence = %(sequence)s AND NOT EXISTS (SELECT FROM twin)
    RETURNING id
),
nothing AS MATERIALIZED (
    SELECT %(silent)s AND NOT later.held AND NOT EXISTS (
        SELECT FROM recovery_alert WHERE episode_id = %(episode)s AND status IN ('open', 'acknowledged')
    ) AND NOT EXISTS (
        SELECT FROM recovery_assessment WHERE episode_id = %(episode)s AND flagged_at IS NULL
    ) AS to_flag
    FROM later
),
check_in AS (
    INSERT INTO recovery_checkin (clinic_id, patient_id, episode_id, device_id, client_id, revision, status,
        observed_at, sent_at, received_at, effective_at, clock_suspect, answered_by, caregiver_id, app_version, answers,
        fingerprint)
    SELECT %(clinic)s, %(patient)s, id, %(device)s, %(client_id)s, 1, %(status)s,
        %(observed_at)s, %(sent_at)s, %(received_at)s, %(effective_at)s, %(clock_suspect)s, %(answered_by)s,
        %(caregiver)s, %(app_version)s, %(answers)s::jsonb, %(fingerprint)s
    FROM episode
    RETURNING id
),
assessment AS (
    INSERT INTO recovery_assessment (clinic_id, episode_id, check_in_id, revision, is_current, protocol, judged_at,
        effective_at, hours, phase, slot, tier, findings, notes, flagged_at, flagged_by, attempts, next_attempt_at,
        last_error)
    SELECT %(clinic)s, episode.id, check_in.id, 1, true, %(protocol)s, %(received_at)s,
        %(effective_at)s, %(hours)s, %(phase)s, %(slot)s, %(tier)s, %(findings)s::jsonb, %(notes)s::jsonb,
        CASE WHEN nothing.to_flag THEN %(received_at)s::timestamptz END,
        CASE WHEN nothing.to_flag THEN 'request' ELSE '' END,
        0, clock_timestamp() + %(grace)s, ''
    FROM check_in, episode, nothing
    RETURNING id, flagged_at
),
audited AS (
    INSERT INTO recovery_auditevent (clinic_id, at, device_id, what, subject, subject_id, episode_id, request_id,
        detail)
    SELECT %(clinic)s, %(received_at)s, %(device)s, 'sent check-in', 'checkin', %(client_id)s, episode.id,
        %(request_id)s, '{}' FROM episode WHERE %(by_phone)s
)
SELECT (SELECT id FROM assessment), (SELECT flagged_at IS NULL FROM assessment),
       EXISTS (SELECT FROM twin)
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it: an assessment (and whether it is owed to the team), or the twin that was there before, or
    neither, when another report of the episode came between reading and writing."""

    assessment_id: int | None
    owed: bool
    has_twin: bool


def write_new(
    *,
    device: DeviceToken,
    submission: Submission,
    verdict: dict[str, Any],
    clock_suspect: bool,
    next_due_at: datetime | None,
    sequence: int,
    grace: timedelta,
    received_at: datetime,
) -> Written:
    """Write a new check-in and its verdict (columns of `assessments.columns`), or nothing at all."""
    parameters = verdict | {
        "patient": device.patient_id,
        "episode": device.episode_id,
        "clinic": device.clinic_id,
        "device": device.pk,
        "by_phone": submission.answered_by != CheckIn.AnsweredBy.NURSE,
        "client_id": submission.client_id,
        "status": submission.status,
        "observed_at": submission.observed_at,
        "sent_at": submission.sent_at,
        "received_at": received_at,
        "clock_suspect": clock_suspect,
        "answered_by": submission.answered_by,
        "caregiver": submission.caregiver,
        "app_version": submission.app_version,
        "answers": json.dumps(_ANSWERS.seal(submission.given)),
        "fingerprint": submission.fingerprint,
        "findings": json.dumps(verdict["findings"]),
        "notes": json.dumps(verdict["notes"]),
        "silent": verdict["tier"] == 0,
        "next_due_at": next_due_at,
        "sequence": sequence,
        "grace": grace,
        "request_id": asking.now().request_id,
    }
    [(assessment_id, owed, has_twin)] = statements.fetch_all(_WRITE, parameters)
    if assessment_id is not None and parameters["by_phone"]:
        asking.now().deeds.append("sent check-in")
    return Written(assessment_id, bool(owed), has_twin)
