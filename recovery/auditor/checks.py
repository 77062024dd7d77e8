"""Checks that look at all there is in every run: what lives, what is owed, who looks after whom. Each asks an index for
what can be wrong, so that it costs what is open and owed, not what has ever been stored.

A check is SQL of its own. It says what must be true, and does not ask the code that makes it so. Parameters: `now` is
the product's clock, `real` the database's, `grace` how long something may be owed, `frozen` what no back-off exceeds.
"""

from typing import NamedTuple

COLLEAGUE = """EXISTS (
    SELECT FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
     WHERE m.user_id = {who} AND m.team_id = {team} AND m.ended_at IS NULL AND u.is_active)"""

_LIVE = "a.status IN ('open', 'acknowledged')"
_RED = "a.tier >= 3"
_CODE = "(ARRAY['none', 'routine', 'within_24h', 'same_day', 'emergency'])[a.tier + 1]"
_SENT = "('sent', 'delivered')"


class Check(NamedTuple):
    """`sql` gives id, clinic and detail of each row that is wrong."""

    kind: str
    sql: str


CHECKS = (
    # --- the watch's own work
    Check(
        "flagging-overdue",
        """SELECT id, clinic_id, '' FROM recovery_assessment
            WHERE flagged_at IS NULL AND set_aside_at IS NULL AND judged_at < %(now)s - %(grace)s
              AND (next_attempt_at IS NULL OR next_attempt_at < %(real)s - %(grace)s)""",
    ),
    Check(
        "flagging-frozen",
        """SELECT id, clinic_id, '' FROM recovery_assessment
            WHERE flagged_at IS NULL AND next_attempt_at > %(real)s + %(frozen)s""",
    ),
    Check(
        "verdict-set-aside",
        """SELECT id, clinic_id, last_error FROM recovery_assessment
            WHERE flagged_at IS NULL AND set_aside_at IS NOT NULL""",
    ),
    Check(
        "rejudging-overdue",
        """SELECT id, clinic_id, '' FROM recovery_episode
            WHERE rejudge_from IS NOT NULL
              AND (rejudge_next_at IS NULL OR rejudge_next_at < %(real)s - %(grace)s
                   OR rejudge_next_at > %(real)s + %(frozen)s)""",
    ),
    Check(
        "silence-overdue",
        """SELECT id, clinic_id, '' FROM recovery_episode
            WHERE next_due_at < %(now)s - %(grace)s
              AND (silence_next_at IS NULL OR silence_next_at < %(real)s - %(grace)s
                   OR silence_next_at > %(real)s + %(frozen)s)""",
    ),
    Check(
        "silence-not-judged",
        "SELECT id, clinic_id, '' FROM recovery_episode WHERE next_due_at IS NOT NULL AND silence_attempts >= 5",
    ),
    # --- who looks after whom. Index: episode_by_team, by the teams there are.
    Check(
        "silence-unwatched",
        """SELECT e.id, e.clinic_id, '' FROM recovery_careteam t
             JOIN recovery_episode e ON e.team_id = t.id AND e.status = 'active'
            WHERE e.next_due_at IS NULL""",
    ),
    Check(
        "patient-detached",
        """SELECT e.id, e.clinic_id, '' FROM recovery_episode e
             LEFT JOIN recovery_careteam t ON t.id = e.team_id
             LEFT JOIN recovery_patient p ON p.id = e.patient_id
            WHERE e.status <> 'ended' AND (t.clinic_id IS DISTINCT FROM e.clinic_id
                                           OR p.clinic_id IS DISTINCT FROM e.clinic_id)""",
    ),
    Check(
        "team-of-nobody",
        """SELECT t.id, t.clinic_id, '' FROM recovery_careteam t
            WHERE EXISTS (SELECT FROM recovery_episode e WHERE e.team_id = t.id AND e.status <> 'ended')
              AND NOT EXISTS (
                  SELECT FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
                   WHERE m.team_id = t.id AND m.ended_at IS NULL AND u.is_active)""",
    ),
    Check(
        "paused-by-nobody",
        """SELECT e.id, e.clinic_id, '' FROM recovery_careteam t
             JOIN recovery_episode e ON e.team_id = t.id AND e.status = 'paused'
            WHERE NOT EXISTS (SELECT FROM recovery_pause p WHERE p.episode_id = e.id AND p.until_at IS NULL)""",
    ),
    # --- live alerts. Index: alert_board.
    Check(
        "alert-detached",
        f"""SELECT a.id, a.clinic_id, a.rule FROM recovery_alert a JOIN recovery_episode e ON e.id = a.episode_id
            WHERE {_LIVE} AND (a.team_id <> e.team_id OR a.clinic_id <> e.clinic_id)""",
    ),
    Check(
        "told-nobody",
        f"""SELECT a.id, a.clinic_id, a.rule FROM recovery_alert a
            WHERE a.status = 'open' AND {_RED} AND a.tier_at < %(now)s - %(grace)s
              AND NOT EXISTS (
                  SELECT FROM recovery_notification n
                   WHERE n.alert_id = a.id AND n.tier >= a.tier AND n.status NOT IN ('failed', 'dropped')
                     AND {COLLEAGUE.format(who="n.recipient_id", team="a.team_id")})""",
    ),
    Check(
        "reached-nobody",
        f"""SELECT a.id, a.clinic_id, a.rule FROM recovery_alert a
            WHERE a.status = 'open' AND {_RED} AND a.tier_at < %(now)s - interval '5 minutes'
              AND NOT EXISTS (SELECT FROM recovery_notification n
                               WHERE n.alert_id = a.id AND n.status IN {_SENT})""",
    ),
    Check(
        "message-hidden",
        f"""SELECT n.id, n.clinic_id, n.step FROM recovery_alert a JOIN recovery_notification n ON n.alert_id = a.id
             LEFT JOIN recovery_contact c ON c.id = n.contact_id
            WHERE a.status = 'open' AND a.acknowledged_at IS NULL AND {_RED} AND n.status = 'dropped'
              AND n.planned_at < %(now)s - %(grace)s AND c.ended_at IS NULL
              AND {COLLEAGUE.format(who="n.recipient_id", team="a.team_id")}
              AND NOT EXISTS (SELECT FROM recovery_notification other
                               WHERE other.alert_id = a.id AND other.recipient_id = n.recipient_id
                                 AND other.step = n.step AND other.status <> 'dropped')""",
    ),
    # Where nobody is planned to be on call everybody is told at once, but who came later.
    Check(
        "colleague-left-out",
        f"""SELECT a.id, a.clinic_id, a.rule FROM recovery_alert a
             JOIN recovery_membership m ON m.team_id = a.team_id AND m.ended_at IS NULL
             JOIN recovery_user u ON u.id = m.user_id AND u.is_active
            WHERE a.status = 'open' AND {_RED} AND a.tier_at < %(now)s - %(grace)s AND a.acknowledged_at IS NULL
              AND (a.escalation = '{{}}' OR a.escalation -> {_CODE} -> 'steps' -> 0 -> 'to' ?| ARRAY['on-call', 'team'])
              AND NOT EXISTS (SELECT FROM recovery_rotashift r WHERE r.team_id = a.team_id)
              AND NOT EXISTS (SELECT FROM recovery_rotaoverride r WHERE r.team_id = a.team_id)
              AND NOT EXISTS (SELECT FROM recovery_notification n
                               WHERE n.alert_id = a.id AND n.recipient_id = m.user_id)
              AND m.started_at < (SELECT min(t.started_at) FROM recovery_attempt t
                                    JOIN recovery_notification n ON n.id = t.notification_id
                                   WHERE n.alert_id = a.id)""",
    ),
    Check(
        "message-lost",
        f"""SELECT a.id, a.clinic_id, e.detail ->> 'step' FROM recovery_alert a
             JOIN recovery_alertevent e ON e.alert_id = a.id AND e.kind = 'told'
            WHERE {_LIVE} AND NOT EXISTS (
                  SELECT FROM recovery_notification n JOIN recovery_user u ON u.id = n.recipient_id
                   WHERE n.alert_id = a.id AND n.step = e.detail ->> 'step' AND n.channel = e.detail ->> 'channel'
                     AND u.uuid::text = e.detail ->> 'to' AND n.sent_at IS NOT NULL)""",
    ),
    Check(
        "message-without-try",
        f"""SELECT n.id, n.clinic_id, n.step FROM recovery_alert a JOIN recovery_notification n ON n.alert_id = a.id
            WHERE {_LIVE} AND n.sent_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM recovery_attempt t WHERE t.notification_id = n.id)""",
    ),
    Check(
        "told-a-stranger",
        f"""SELECT n.id, n.clinic_id, n.step FROM recovery_alert a JOIN recovery_notification n ON n.alert_id = a.id
            WHERE {_LIVE} AND (n.clinic_id <> a.clinic_id OR NOT EXISTS (
                  SELECT FROM recovery_membership m JOIN recovery_careteam t ON t.id = m.team_id
                   WHERE m.user_id = n.recipient_id AND t.clinic_id = a.clinic_id))""",
    ),
    # --- messages. Index: notification_due.
    Check(
        "message-overdue",
        """SELECT id, clinic_id, status FROM recovery_notification
            WHERE status IN ('waiting', 'sending') AND next_attempt_at < %(real)s - %(grace)s""",
    ),
    Check(
        "message-frozen",
        """SELECT id, clinic_id, status FROM recovery_notification
            WHERE status IN ('waiting', 'sending') AND next_attempt_at > %(real)s + %(put_off)s""",
    ),
    Check(
        "letter-overdue",
        """SELECT id, clinic_id, kind FROM recovery_letter
            WHERE status IN ('waiting', 'sending') AND due_at < %(now)s - %(grace)s
              AND (next_attempt_at < %(real)s - %(grace)s OR next_attempt_at > %(real)s + %(frozen)s)""",
    ),
    # --- what was muted, and what was refused
    Check(
        "muted-by-nobody",
        """SELECT m.id, m.clinic_id, m.rule FROM recovery_mute m
            WHERE m.ended_at IS NULL AND m.until_at > %(now)s AND NOT EXISTS (
                  SELECT FROM recovery_alert a JOIN recovery_alertevent e ON e.alert_id = a.id
                   WHERE a.episode_id = m.episode_id AND a.rule = m.rule AND e.kind = 'muted' AND e.at = m.from_at)""",
    ),
    Check(
        "refused-report-unseen",
        """SELECT q.id, q.clinic_id, q.code FROM recovery_quarantine q
            WHERE q.reviewed_at IS NULL
              AND NOT EXISTS (SELECT FROM recovery_assessment v WHERE v.quarantine_id = q.id)""",
    ),
)

STEPS = (
    Check(
        "step-overdue",
        """SELECT id, clinic_id, rule FROM recovery_alert
            WHERE next_step_at IS NOT NULL AND next_step_at < %(now)s - %(grace)s""",
    ),
    Check(
        "step-frozen",
        f"""SELECT a.id, a.clinic_id, a.rule FROM recovery_alert a
            WHERE {_RED} AND a.tier_at < %(now)s - %(grace)s
              AND (a.next_step_at IS NULL
                   AND (a.status = 'open' OR a.status = 'acknowledged' AND a.contacted_at IS NULL)
                   OR a.next_step_at > %(now)s + interval '25 hours')""",
    ),
)
"""Of escalations."""
