"""Every state that something may be in and must not stay in: what it is called, whose it is, and where it is read."""

from typing import NamedTuple


class State(NamedTuple):
    """`sql` gives team, since when (by the product's clock), who has it, and whose it is: episode and alert."""

    name: str
    words: str
    owner: str
    sql: str


TEAM, OPERATOR, WATCH, SENDERS = "care team", "operator", "watch", "senders"

_EPISODE_OF_ALERT = "JOIN recovery_episode e ON e.id = a.episode_id"
_LIVE_MESSAGE = f"""
      FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id {_EPISODE_OF_ALERT}
      JOIN recovery_user u ON u.id = n.recipient_id"""

STATES = (
    State(
        "alert-open", "Alerts that nobody has taken on", TEAM,
        f"""SELECT a.team_id, a.tier_at, NULL, e.id, a.uuid FROM recovery_alert a {_EPISODE_OF_ALERT}
             WHERE a.status = 'open'""",
    ),
    State(
        "alert-not-reached", "Taken on, and the patient not reached", TEAM,
        f"""SELECT a.team_id, coalesce(a.taken_over_at, a.acknowledged_at), u.name, e.id, a.uuid
              FROM recovery_alert a {_EPISODE_OF_ALERT} JOIN recovery_user u ON u.id = a.owner_id
             WHERE a.status = 'acknowledged' AND coalesce(a.contacted_at < a.tier_at, true)""",
    ),
    State(
        "alert-not-closed", "The patient reached, and the alert not closed", TEAM,
        f"""SELECT a.team_id, a.contacted_at, u.name, e.id, a.uuid
              FROM recovery_alert a {_EPISODE_OF_ALERT} JOIN recovery_user u ON u.id = a.owner_id
             WHERE a.status = 'acknowledged' AND a.contacted_at >= a.tier_at""",
    ),
    State(
        "alert-asked", "A colleague was asked to take it on", TEAM,
        f"""SELECT a.team_id, a.asked_at, u.name, e.id, a.uuid
              FROM recovery_alert a {_EPISODE_OF_ALERT} JOIN recovery_user u ON u.id = a.asked_id
             WHERE a.status IN ('open', 'acknowledged') AND a.asked_at IS NOT NULL""",
    ),
    State(
        "report-refused", "Refused reports that nobody has read", TEAM,
        """SELECT e.team_id, q.received_at, NULL, e.id, NULL
             FROM recovery_quarantine q JOIN recovery_episode e ON e.id = q.episode_id WHERE q.reviewed_at IS NULL""",
    ),
    State(
        "report-set-aside", "Reports that could not be brought to the team", OPERATOR,
        """SELECT e.team_id, v.set_aside_at, NULL, e.id, NULL
             FROM recovery_assessment v JOIN recovery_episode e ON e.id = v.episode_id
            WHERE v.flagged_at IS NULL AND v.set_aside_at IS NOT NULL""",
    ),
    State(
        "report-not-flagged", "Verdicts on their way to the team", WATCH,
        """SELECT e.team_id, v.judged_at, NULL, e.id, NULL
             FROM recovery_assessment v JOIN recovery_episode e ON e.id = v.episode_id
            WHERE v.flagged_at IS NULL AND v.set_aside_at IS NULL""",
    ),
    State(
        "recovery-to-judge-anew", "Recoveries that are judged anew", WATCH,
        """SELECT e.team_id, (SELECT max(c.received_at) FROM recovery_checkin c WHERE c.episode_id = e.id), NULL, e.id,
                  NULL FROM recovery_episode e WHERE e.rejudge_from IS NOT NULL""",
    ),
    State(
        "slot-closed", "Slots that closed and were not looked at", WATCH,
        """SELECT e.team_id, e.next_due_at, NULL, e.id, NULL FROM recovery_episode e
            WHERE e.next_due_at <= %(now)s""",
    ),
    State(
        "reminder-due", "Patients whose reminder is due", WATCH,
        """SELECT e.team_id, p.next_at, NULL, e.id, NULL
             FROM recovery_preferences p JOIN recovery_episode e ON e.id = p.episode_id
            WHERE p.next_at <= %(now)s AND e.status = 'active'""",
    ),
    State(
        "step-due", "Steps of an escalation that are due", WATCH,
        f"""SELECT a.team_id, a.next_step_at, NULL, e.id, a.uuid FROM recovery_alert a {_EPISODE_OF_ALERT}
             WHERE a.next_step_at <= %(now)s""",
    ),
    State(
        "message-waiting", "Messages that wait to be sent", SENDERS,
        f"""SELECT a.team_id, n.planned_at, u.name, e.id, a.uuid {_LIVE_MESSAGE} WHERE n.status = 'waiting'""",
    ),
    State(
        "message-sending", "Messages that are being sent", SENDERS,
        f"""SELECT a.team_id, n.planned_at, u.name, e.id, a.uuid {_LIVE_MESSAGE}
             WHERE n.status = 'sending' AND n.next_attempt_at > statement_timestamp()""",
    ),
    State(
        "message-uncertain", "Messages of which nobody knows whether they left", SENDERS,
        f"""SELECT a.team_id, n.planned_at, u.name, e.id, a.uuid {_LIVE_MESSAGE}
             WHERE n.status = 'sending' AND n.next_attempt_at <= statement_timestamp()""",
    ),
    State(
        "message-failed", "Messages about live alerts that could not be delivered", TEAM,
        f"""SELECT a.team_id, n.planned_at, u.name, e.id, a.uuid {_LIVE_MESSAGE}
             WHERE n.status = 'failed' AND a.status IN ('open', 'acknowledged')""",
    ),
    State(
        "letter-waiting", "Letters and reminders that wait to be sent", SENDERS,
        """SELECT e.team_id, l.due_at, NULL, e.id, NULL
             FROM recovery_letter l LEFT JOIN recovery_episode e ON e.id = l.episode_id
            WHERE l.status IN ('waiting', 'sending') AND l.due_at <= %(now)s""",
    ),
    State(
        "code-not-used", "Patients whose phone has not joined yet", TEAM,
        """SELECT e.team_id, c.created_at, NULL, e.id, NULL
             FROM recovery_enrolmentcode c JOIN recovery_episode e ON e.id = c.episode_id
            WHERE c.redeemed_at IS NULL AND c.expires_at > %(now)s AND e.status <> 'ended'""",
    ),
    State(
        "recovery-paused", "Recoveries that are paused", TEAM,
        """SELECT e.team_id, p.from_at, NULL, e.id, NULL
             FROM recovery_pause p JOIN recovery_episode e ON e.id = p.episode_id
            WHERE p.until_at IS NULL AND e.status = 'paused'""",
    ),
)  # fmt: skip
