"""Very many patients for a measurement, written by the database itself: a million cannot be enrolled one by one."""

import json
from typing import Any

import psycopg

from bench.world import ALL_CLEAR

PER_TEAM = 1_000
ALERTED_SHARE = 100
"""One patient in so many has a live alert at same_day of which the team was told."""

_PEOPLE = """
    INSERT INTO recovery_clinic (uuid, name, time_zone, team_phone, urgent_line, emergency_number, crisis_line,
        night_cover, created_at)
    VALUES (gen_random_uuid(), 'Crowd', 'Europe/London', '1', '2', '999', '3', true, now());
    INSERT INTO recovery_careteam (uuid, clinic_id, name, created_at)
    SELECT gen_random_uuid(), clinic.id, 'Team ' || n, now()
    FROM recovery_clinic clinic, generate_series(0, ({count} - 1) / {per_team}) n;
    INSERT INTO recovery_user (uuid, email, name, is_active, created_at, password, is_superuser)
    SELECT gen_random_uuid(), 'nurse' || team.id || '@example.org', 'Nurse', true, now(), '!', false
    FROM recovery_careteam team;
    INSERT INTO recovery_membership (user_id, team_id, role, started_at)
    SELECT person.id, team.id, 'nurse', now()
    FROM recovery_careteam team JOIN recovery_user person ON person.email = 'nurse' || team.id || '@example.org';
    INSERT INTO recovery_patient (uuid, clinic_id, name, born_on, hospital_number, phone, language, caregiver_name,
        caregiver_phone, created_at)
    SELECT gen_random_uuid(), clinic.id, 'P', '1950-01-01', 'C' || n, '', 'en', '', '', now()
    FROM recovery_clinic clinic, generate_series(1, {count}) n
"""

_EPISODES = """
    INSERT INTO recovery_episode (uuid, clinic_id, patient_id, team_id, procedure, levels, procedure_at,
        time_estimated, time_zone, risk_factors, baseline, baseline_at, protocol, status, started_at, sequence,
        next_due_at, silence_attempts, rejudge_attempts)
    SELECT gen_random_uuid(), patient.clinic_id, patient.id, team.id, 'vertebroplasty', '{{L1}}',
        {procedure_at}, false, 'Europe/London', '{{age_65_plus}}', '{{"pain_now": 8}}', {procedure_at}, 'vk-default/1',
        'active', {procedure_at}, 0, {next_due_at}, 0, 0
    FROM (SELECT *, (row_number() OVER (ORDER BY id) - 1) AS n FROM recovery_patient) patient
    JOIN (SELECT *, (row_number() OVER (ORDER BY id) - 1) AS n FROM recovery_careteam) team
      ON team.n = patient.n / {per_team}
"""

# Every patient has been judged before, and the team has been told of all there was to tell.
_SETTLED = """
    INSERT INTO recovery_assessment (clinic_id, episode_id, silent_slot, is_current, protocol, judged_at, effective_at,
        hours, phase, slot, tier, findings, notes, flagged_at, flagged_by, attempts, last_error)
    SELECT clinic_id, id, 'S1', true, protocol, now(), procedure_at + interval '36 h', 36, 'phase-2', 'S1', 3, '[]',
        '[]', now(), 'watch', 0, ''
    FROM recovery_episode;
    INSERT INTO recovery_alert (uuid, clinic_id, team_id, episode_id, rule, tier, status, opened_at, tier_at, told_at,
        first_assessment_id, latest_assessment_id, changed_at, outcome)
    SELECT gen_random_uuid(), episode.clinic_id, team_id, episode.id, 'FEVER', 3, 'open', now(), now(), now(),
        judged.id,
        judged.id, now(), ''
    FROM recovery_episode episode JOIN recovery_assessment judged ON judged.episode_id = episode.id
    WHERE episode.id % {alerted_share} = 0;
    INSERT INTO recovery_notification (clinic_id, alert_id, step, recipient_id, channel, message_key, tier, planned_at,
        status, attempts, next_attempt_at, sent_at, sent_by, provider_id, last_error)
    SELECT alert.clinic_id, alert.id, 'opened', member.user_id, 'email', gen_random_uuid(), 3, now(), 'sent', 1, now(),
        now(), 'watch', '', ''
    FROM recovery_alert alert JOIN recovery_membership member USING (team_id)
"""

# Report by report and not patient by patient, as they arrive, so that one patient's do not lie side by side.
_REPORTS = """
    INSERT INTO recovery_checkin (clinic_id, patient_id, episode_id, client_id, revision, status, observed_at, sent_at,
        received_at, effective_at, clock_suspect, answered_by, app_version, answers, fingerprint)
    SELECT clinic_id, patient_id, id, gen_random_uuid(), 1,
        CASE WHEN back % 9 = 8 THEN 'in-progress' ELSE 'completed' END,
        felt.at, felt.at, felt.at, felt.at, false, 'patient', 'bench',
        CASE WHEN id % {red_share} = 0 THEN '{red}'::jsonb ELSE '{clear}' END, repeat('0', 64)
    FROM generate_series(41, 0, -1) back
    CROSS JOIN recovery_episode episode
    CROSS JOIN LATERAL (SELECT procedure_at + ({last_h} - 15 * back) * interval '1 h' AS at) felt
    WHERE back < 20 + id % 23
    ORDER BY back DESC, id
"""
_VERDICTS = """
    INSERT INTO recovery_assessment (clinic_id, episode_id, check_in_id, revision, is_current, protocol, judged_at,
        effective_at, hours, phase, tier, findings, notes, flagged_at, flagged_by, attempts, last_error)
    SELECT clinic_id, episode_id, id, 1, true, 'vk-default/1', received_at, effective_at, 1, 'phase-4',
        CASE WHEN episode_id % {red_share} = 0 THEN 3 ELSE 0 END, '[]', '[]', received_at, 'request', 0, ''
    FROM recovery_checkin ORDER BY id
"""


def fill_with_patients(owner_url: str, count: int, *, procedure_at: str, next_due_at: str) -> None:
    """So many patients with an active recovery in teams of a thousand. Instants are SQL; `patient.n` counts from 0."""
    _run(owner_url, _PEOPLE, count=count, per_team=PER_TEAM)
    procedure_at, next_due_at = f"({procedure_at})", f"({next_due_at})"
    _run(owner_url, _EPISODES, procedure_at=procedure_at, next_due_at=next_due_at, per_team=PER_TEAM)


def settle(owner_url: str) -> None:
    """Everybody was judged before, one in a hundred has a live alert, and nothing is owed."""
    _run(owner_url, _SETTLED, alerted_share=ALERTED_SHARE)


def report_until(owner_url: str, *, last_h: int, red_share: int) -> None:
    """20 to 42 check-ins of each patient, the last felt at an hour, with verdicts; one patient in `red_share` with red
    flags."""
    clear, red = json.dumps(ALL_CLEAR), json.dumps(ALL_CLEAR | {"bleeding": "oozing"})
    _run(owner_url, _REPORTS + ";" + _VERDICTS, last_h=last_h, red_share=red_share, clear=clear, red=red)


def analyze(owner_url: str) -> None:
    _run(owner_url, "VACUUM ANALYZE")


def _run(owner_url: str, statements: str, **values: Any) -> None:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(statements.format(**values).encode())
