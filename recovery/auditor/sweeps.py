"""Checks that go through everything that was ever stored, so many rows at a time, and begin anew at the end. How far
they have come stands with each run, so it does not matter which process looks next.
"""

from typing import NamedTuple


class Sweep(NamedTuple):
    """`sql` gives kind, id, clinic and detail of what is wrong among the ids from `after` to `until`."""

    name: str
    kinds: tuple[str, ...]
    table: str
    sql: str
    rows: int


_CODES = "ARRAY['none', 'routine', 'within_24h', 'same_day', 'emergency']"

# A correction may come before what it corrects: a revision that was judged was there. Indexes: the primary keys,
# one_current_assessment, that of a verdict's report.
REPORTS = Sweep(
    "reports",
    (
        "report-not-judged",
        "verdict-moved",
        "verdict-of-another-revision",
        "verdict-not-its-findings",
        "revision-lost",
    ),
    "recovery_checkin",
    f"""
    SELECT CASE WHEN v.id IS NULL THEN 'report-not-judged'
                WHEN v.episode_id <> c.episode_id OR v.clinic_id <> c.clinic_id THEN 'verdict-moved'
                WHEN v.revision <> c.revision THEN 'verdict-of-another-revision'
                WHEN v.tier <> said.tier THEN 'verdict-not-its-findings'
                ELSE 'revision-lost' END, c.id, c.clinic_id, ''
      FROM recovery_checkin c
      LEFT JOIN recovery_assessment v
        ON v.check_in_id = c.id AND v.is_current AND v.check_in_id > %(after)s AND v.check_in_id <= %(until)s
      LEFT JOIN LATERAL (
          SELECT max(array_position({_CODES}, finding ->> 'tier') - 1) AS tier
            FROM jsonb_array_elements(v.findings) AS finding
      ) found ON v.findings <> '[]'
     CROSS JOIN LATERAL (SELECT coalesce(found.tier, 0) AS tier) said
     WHERE c.id > %(after)s AND c.id <= %(until)s
       AND (v.id IS NULL OR v.episode_id <> c.episode_id OR v.clinic_id <> c.clinic_id OR v.revision <> c.revision
            OR v.tier <> said.tier
            OR c.revision > 1 AND EXISTS (
                SELECT FROM recovery_assessment earlier
                 WHERE earlier.check_in_id = c.id AND earlier.revision < c.revision
                   AND NOT EXISTS (SELECT FROM recovery_checkinrevision r
                                    WHERE r.check_in_id = c.id AND r.revision = earlier.revision)))
    """,
    20_000,
)

# A finding is news where no earlier verdict on the same report held it as high. What a nurse judged by hand was told
# with what could be read of the refused body. What is muted is expected, but for emergencies. Index: assessment_urgent.
RED_FLAGS = Sweep(
    "red flags",
    ("red-flag-without-alert",),
    "recovery_assessment",
    f"""
    SELECT 'red-flag-without-alert', v.id, v.clinic_id, finding ->> 'rule'
      FROM recovery_assessment v CROSS JOIN jsonb_array_elements(v.findings) AS finding
     CROSS JOIN LATERAL (SELECT array_position({_CODES}, finding ->> 'tier') - 1 AS tier) said
     WHERE v.tier >= 3 AND v.id > %(after)s AND v.id <= %(until)s AND v.flagged_at IS NOT NULL
       AND v.silent_slot IS NULL AND said.tier >= 3
       AND NOT EXISTS (
           SELECT FROM recovery_alertevent e JOIN recovery_alert a ON a.id = e.alert_id
            WHERE e.assessment_id = v.id AND e.kind IN ('opened', 'joined', 'raised') AND a.rule = finding ->> 'rule')
       AND NOT EXISTS (
           SELECT FROM (SELECT b.id, b.findings FROM recovery_assessment b WHERE b.check_in_id = v.check_in_id
                        UNION ALL
                        SELECT b.id, b.findings FROM recovery_quarantine q
                          JOIN recovery_assessment b ON b.quarantine_id = q.id
                         WHERE q.check_in_id = v.check_in_id) AS before
            CROSS JOIN jsonb_array_elements(before.findings) AS known
            WHERE before.id < v.id AND known ->> 'rule' = finding ->> 'rule'
              AND array_position({_CODES}, known ->> 'tier') - 1 >= said.tier)
       AND NOT EXISTS (
           SELECT FROM recovery_mute m
            WHERE m.episode_id = v.episode_id AND m.rule = finding ->> 'rule' AND said.tier < 4
              AND v.flagged_at BETWEEN m.from_at AND least(m.until_at, coalesce(m.ended_at, m.until_at)))
    """,
    100_000,
)

# Index: events_of_alert.
ALERTS = Sweep(
    "alerts",
    ("alert-without-history", "alert-tier-changed", "alert-taken-on-by-nobody", "alert-ended-by-nobody"),
    "recovery_alert",
    """
    SELECT CASE WHEN h.opened IS DISTINCT FROM 1 THEN 'alert-without-history'
                WHEN h.tier <> a.tier THEN 'alert-tier-changed'
                WHEN a.status = 'acknowledged' AND NOT h.taken_on THEN 'alert-taken-on-by-nobody'
                ELSE 'alert-ended-by-nobody' END, a.id, a.clinic_id, a.rule
      FROM recovery_alert a
     CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE kind = 'opened') AS opened,
                max(tier) FILTER (WHERE kind IN ('opened', 'joined', 'raised')) AS tier,
                coalesce(bool_or(kind IN ('acknowledged', 'taken-over')), false) AS taken_on,
                coalesce(bool_or(kind = 'closed'), false) AS closed,
                coalesce(bool_or(kind = 'resolved'), false) AS resolved
           FROM recovery_alertevent e WHERE e.alert_id = a.id
     ) h
     WHERE a.id > %(after)s AND a.id <= %(until)s
       AND (h.opened <> 1 OR h.tier <> a.tier OR h.closed <> (a.status = 'closed')
            OR h.resolved <> (a.status = 'resolved') OR a.status = 'acknowledged' AND NOT h.taken_on)
    """,
    10_000,
)

# What ends by itself ends when its last slot closed, or its extension; before that somebody ends it.
ENDINGS = Sweep(
    "endings",
    ("ended-by-nobody",),
    "recovery_episode",
    """
    SELECT 'ended-by-nobody', e.id, e.clinic_id, ''
      FROM recovery_episode e
      LEFT JOIN unnest(%(protocols)s::text[], %(lengths)s::float8[]) AS p (version, ends_h) ON p.version = e.protocol
     WHERE e.id > %(after)s AND e.id <= %(until)s AND e.status = 'ended'
       AND e.ended_at < coalesce(e.extended_until, e.procedure_at + p.ends_h * interval '1 hour')
       AND NOT EXISTS (SELECT FROM recovery_episodeevent v
                        WHERE v.episode_id = e.id AND v.what IN ('ended episode', 'changed procedure time',
                                                                 'extended episode'))
    """,
    20_000,
)

# The close that follows the latest report, or now, is the latest that the next look may be at.
LOOKS = Sweep(
    "looks",
    ("silence-frozen",),
    "recovery_episode",
    """
    SELECT 'silence-frozen', e.id, e.clinic_id, ''
      FROM recovery_episode e
      LEFT JOIN LATERAL (
          SELECT c.effective_at FROM recovery_checkin c
           WHERE c.episode_id = e.id AND c.status = 'completed' AND c.withdrawn_at IS NULL
           ORDER BY c.effective_at DESC LIMIT 1
      ) heard ON true
      LEFT JOIN unnest(%(protocols)s::text[], %(lengths)s::float8[]) AS p (version, ends_h) ON p.version = e.protocol
     CROSS JOIN LATERAL (
         SELECT min(s.close_h) FILTER (
                    WHERE heard.effective_at IS NULL
                       OR e.procedure_at + s.open_h * interval '1 hour' > heard.effective_at) AS after_report,
                min(s.close_h) FILTER (WHERE e.procedure_at + s.close_h * interval '1 hour' > %(now)s) AS after_now
           FROM unnest(%(versions)s::text[], %(opens)s::float8[], %(closes)s::float8[])
                AS s (version, open_h, close_h)
          WHERE s.version = e.protocol
     ) slot
     WHERE e.id > %(after)s AND e.id <= %(until)s AND e.status = 'active'
       AND e.next_due_at > CASE
               WHEN slot.after_now IS NULL
               THEN coalesce(e.extended_until, e.procedure_at + p.ends_h * interval '1 hour')
               ELSE e.procedure_at + greatest(slot.after_report, slot.after_now) * interval '1 hour' END
    """,
    5_000,
)

SWEEPS = (RED_FLAGS, ALERTS, ENDINGS, LOOKS, REPORTS)
"""The largest last: it has the time that the others did not need."""
