"""What silence judging stores, a batch at a time: the verdicts, and when the watch has to look again."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from recovery import statements
from recovery.clinical.assessment import Assessment
from recovery.clinical.tiers import Tier
from recovery.silence import why
from recovery.silence.closings import Watched

PATIENT_ONLY = {("MISSED-1", Tier.ROUTINE)}
"""A first missed check-in after nothing alarming: a reminder to the patient, nothing for the team (rule MISSED-1)."""

# A slot that has a current verdict keeps it: however often it is judged, it is written once (silence_once_per_slot).
_WRITE = """
    INSERT INTO recovery_assessment (clinic_id, episode_id, silent_slot, is_current, protocol, judged_at, effective_at,
        hours, phase, slot, tier, findings, notes, silence, flagged_at, flagged_by, attempts, last_error)
    SELECT clinic_id, episode_id, slot, true, protocol, %(now)s, effective_at, hours, phase, slot, tier, findings, '[]',
        silence,
        CASE WHEN told THEN %(now)s::timestamptz END, CASE WHEN told THEN 'watch' ELSE '' END, 0, ''
    FROM ROWS FROM (json_to_recordset(%(verdicts)s::json) AS (clinic_id bigint, episode_id bigint, slot text,
        protocol text, effective_at timestamptz, hours float8, phase text, tier smallint, findings jsonb,
        silence jsonb, told bool)) WITH ORDINALITY verdict (
            clinic_id, episode_id, slot, protocol, effective_at, hours, phase, tier, findings, silence, told, place)
    ORDER BY place
    ON CONFLICT (episode_id, silent_slot) WHERE silent_slot IS NOT NULL AND is_current DO NOTHING
    RETURNING id
"""

# The sequence moves on: a report that is being taken at this instant has not seen the silence that was just judged.
_MOVE_ON = """
    UPDATE recovery_episode
    SET next_due_at = look.at, silence_attempts = 0, silence_next_at = NULL, sequence = sequence + 1
    FROM json_to_recordset(%(looks)s::json) look (episode_id bigint, at timestamptz)
    WHERE id = look.episode_id
    RETURNING id
"""

Verdicts = Sequence[tuple[Watched, Assessment]]


def write(verdicts: Verdicts, *, now: datetime, owed: bool = False) -> None:
    """Store verdicts on slots, in their order. What holds nothing for the team counts as told, unless it is `owed`."""
    if not verdicts:
        return
    rows = [
        _row(episode, verdict, known, owed=owed)
        for (episode, verdict), known in zip(verdicts, why.known_of(verdicts), strict=True)
    ]
    statements.fetch_all(_WRITE, {"verdicts": json.dumps(rows), "now": now})


def move_on(looks: Mapping[int, datetime]) -> None:
    """When the watch has to look at each of these episodes again."""
    if looks:
        rows = [{"episode_id": pk, "at": at.isoformat()} for pk, at in looks.items()]
        statements.fetch_all(_MOVE_ON, {"looks": json.dumps(rows)})


def _row(
    episode: Watched, verdict: Assessment, known: Mapping[str, Any] | None, *, owed: bool
) -> dict[str, Any]:
    return {
        "clinic_id": episode.clinic_id,
        "episode_id": episode.id,
        "slot": verdict.slot,
        "protocol": verdict.protocol,
        "effective_at": verdict.at.isoformat(),
        "hours": verdict.hours,
        "phase": verdict.phase,
        "tier": verdict.tier,
        "findings": [finding.to_document() for finding in verdict.findings],
        "silence": known,
        "told": not owed and _is_for_the_patient_only(verdict),
    }


def _is_for_the_patient_only(verdict: Assessment) -> bool:
    return all((finding.rule, finding.tier) in PATIENT_ONLY for finding in verdict.findings)
