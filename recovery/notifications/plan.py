"""Who is to be told of an alert: one intent per alert, step, person and contact, held by a constraint."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from recovery import statements
from recovery.clinical.tiers import Tier
from recovery.models import Membership, Notification
from recovery.notifications.claims import COLLEAGUE, FOR_ITS_OWNER, OWNERS_GONE, TAKEN_ON

log = logging.getLogger(__name__)

TOLD_FROM = Tier.SAME_DAY
"""From this tier on people are told; below it stands on the board or the review list."""

ASKED = "asked"
"""The step, before its number, by which one colleague alone is told that they are asked to take an alert on."""

REMINDED = "reminded"
"""The step, before its number, by which the owner of an alert is reminded that nobody has reached the patient."""

ROLES = (Membership.Role.NURSE, Membership.Role.DOCTOR, Membership.Role.COORDINATOR, Membership.Role.ADMIN)

UNDER_WAY = (Notification.Status.WAITING, Notification.Status.SENDING, Notification.Status.SENT)

GRACE = {"celery": timedelta(seconds=2), "watch": timedelta()}
"""How long the watch leaves a fresh intent to the nudge that follows it. The nudge itself need not wait."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """By the id of the user; None is everybody of the team, and so is nobody of these being of the team any more.
    `beyond`: the administrators of the clinic as well."""

    ids: tuple[int, ...] | None = None
    beyond: bool = False

    def with_these(self, others: Iterable[int]) -> Self:
        return self if self.ids is None else replace(self, ids=tuple(dict.fromkeys([*self.ids, *others])))


EVERYBODY = Recipients()

# Everybody who belongs to the team now, or those of them who are named. What repeats itself on an alert that somebody
# took on is for them alone, as long as they are still there to hear it. That a colleague is asked to take one on is for
# that colleague, and limits no repeats. Administrators of the clinic are told at the end of all steps, and at each step
# of a team in which nobody is left: they may know whom to ring. They may not see the alert, and that they were told
# counts for nothing. Each person is told at all their contacts, or where they have none, by the e-mail that they sign
# in with. All alerts of a plan are of one episode, so of one clinic.
#
# Who was dropped as one who need not be told, and has to be told after all, is told in the same row: it never left.
#
# A key is made here and kept through every retry. It is not derived from the assessment: what a second plan for the
# same assessment adds must leave as a message of its own, not be dropped as a copy of the first.
_PLAN = """
    WITH urgent AS (
        SELECT a.id, a.clinic_id, a.team_id, a.tier, given.step,
               CASE WHEN given.step LIKE 'repeat%%' AND a.status = 'acknowledged' THEN a.owner_id
                    WHEN given.step LIKE 'reminded%%' THEN a.owner_id
                    WHEN given.step LIKE 'asked%%' THEN a.asked_id END AS owner_id
          FROM unnest(%(alerts)s::bigint[], %(steps)s::text[]) AS given (alert_id, step),
               LATERAL (SELECT * FROM recovery_alert WHERE id = given.alert_id LIMIT 1) AS a
         WHERE a.tier >= %(told_from)s
    ), colleague AS (
        SELECT DISTINCT m.team_id, m.user_id
          FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
         WHERE m.team_id IN (SELECT team_id FROM urgent) AND m.ended_at IS NULL AND m.role = ANY(%(roles)s::text[])
           AND u.is_active
    ), member AS (
        SELECT team_id, user_id FROM colleague
         UNION
        SELECT team.team_id, m.user_id
          FROM (SELECT DISTINCT team_id, clinic_id FROM urgent WHERE step LIKE 'step%%' OR step LIKE 'repeat%%') AS team
          JOIN recovery_careteam other ON other.clinic_id = team.clinic_id
          JOIN recovery_membership m ON m.team_id = other.id
          JOIN recovery_user u ON u.id = m.user_id
         WHERE m.ended_at IS NULL AND m.role = 'admin' AND u.is_active
           AND (%(beyond)s OR NOT EXISTS (SELECT FROM colleague WHERE colleague.team_id = team.team_id))
           AND NOT EXISTS (SELECT FROM recovery_canary WHERE recovery_canary.team_id = team.team_id)
    ), place AS MATERIALIZED (
        SELECT person.user_id, c.id AS contact_id, coalesce(c.channel, 'email') AS channel,
               coalesce(c.line, 'email') AS line, gen_random_uuid() AS message_key
          FROM (SELECT DISTINCT user_id FROM member) AS person
          LEFT JOIN recovery_contact c
            ON c.user_id = person.user_id AND c.clinic_id = (SELECT clinic_id FROM urgent LIMIT 1)
           AND c.verified_at IS NOT NULL AND c.ended_at IS NULL
    ), to_tell AS (
        SELECT urgent.*, member.user_id
          FROM urgent JOIN member USING (team_id)
         WHERE urgent.owner_id = member.user_id
            OR (urgent.owner_id IS NULL
                OR (urgent.team_id, urgent.owner_id) NOT IN (SELECT team_id, user_id FROM colleague))
               AND (%(to)s::bigint[] IS NULL OR member.user_id = ANY(%(to)s::bigint[])
                    OR NOT EXISTS (SELECT FROM colleague WHERE user_id = ANY(%(to)s::bigint[])))
    ), planned AS (
        INSERT INTO recovery_notification (clinic_id, alert_id, step, recipient_id, contact_id, channel, line,
               message_key, tier, planned_at, status, attempts, next_attempt_at, sent_by, provider_id, last_error)
        SELECT clinic_id, id, step, user_id, contact_id, channel, line,
               message_key, tier, %(now)s, 'waiting', 0, clock_timestamp() + %(grace)s, '', '', ''
          FROM to_tell JOIN place USING (user_id)
         ORDER BY tier DESC, id, user_id, contact_id
            ON CONFLICT (alert_id, step, recipient_id, contact_id) DO UPDATE
           SET status = 'waiting', message_key = excluded.message_key, tier = excluded.tier, line = excluded.line,
               planned_at = excluded.planned_at, next_attempt_at = excluded.next_attempt_at, last_error = '',
               followed_up_at = NULL
         WHERE recovery_notification.status = 'dropped'
     RETURNING id, message_key, recipient_id
    ), heard AS (
        SELECT FROM planned JOIN colleague ON colleague.user_id = planned.recipient_id LIMIT 1
    ), told AS (
        UPDATE recovery_alert SET told_at = CASE WHEN EXISTS (SELECT FROM heard) THEN %(now)s END
         WHERE id IN (SELECT id FROM urgent WHERE step NOT LIKE 'asked%%')
           AND (EXISTS (SELECT FROM heard)
                OR told_at IS NOT NULL AND NOT EXISTS (SELECT FROM to_tell JOIN colleague USING (team_id, user_id)))
    )
    SELECT (SELECT count(*) FROM urgent), (SELECT count(*) FROM to_tell),
           ARRAY(SELECT min(id) FROM planned GROUP BY message_key ORDER BY min(id))
"""


def tell_team(
    *,
    assessment_id: int,
    alerts: Sequence[tuple[int, str]],
    to: Recipients = EVERYBODY,
    told_from: Tier = TOLD_FROM,
    now: datetime,
    road: str = "watch",
) -> list[int]:
    """Plan to tell the care team of these alerts of one patient, each with the step that is the reason.

    `to` is who of the team; a step that is for one person alone is for them, whatever it says. `road` is who plans,
    Celery or the watch. Called in the transaction that opens or raises the alerts, which count as told if there was
    somebody to tell. Returns one notification per message, most urgent first; delivering it delivers
    the whole message.
    """
    if not alerts:
        return []
    parameters = {
        "alerts": [alert_id for alert_id, _ in alerts],
        "steps": [step for _, step in alerts],
        "told_from": told_from,
        "to": None if to.ids is None else list(to.ids),
        "beyond": to.beyond,
        "roles": list(ROLES),
        "now": now,
        "grace": GRACE.get(road, timedelta()),
    }
    [(urgent, to_tell, leads)] = statements.fetch_all(_PLAN, parameters)
    if urgent and not to_tell:
        log.error("assessment %s: nobody of the care team can be told; add an active member", assessment_id)
    return list(leads)


# Nobody of the team was or will be told of it as urgent as it is now. Such alerts have no told_at: one that was raised
# while nobody could be told loses it in the plan, one whose intents fell away loses it here. Each intent that fell away
# is looked at once, so that what cannot be told for now keeps nothing else from being looked at; and what is asked in
# every turn is no more than what is still to be seen to. An alert that somebody else has locked is left to the next
# turn. Steps that fell away, and repeats for an owner, are seen to by the escalation. Who took an alert on and has left
# counts for nobody. When somebody leaves or is locked out, the open alerts of their team are looked at once, in case
# nobody else was told; who is let in again counts anew.
# Indexes: alert_untold, alert_in_hands, alert_board, notification_fallen_away, membership_left, user_locked_out,
# membership_locked_out.
_UNTOLD = f"""
    {OWNERS_GONE}, fallen_away AS (
        SELECT n.id, n.alert_id FROM recovery_notification n
         WHERE n.status IN ('failed', 'dropped') AND n.followed_up_at IS NULL
           AND n.step NOT LIKE 'step%%' AND NOT {FOR_ITS_OWNER}
         ORDER BY n.id LIMIT 1000
           FOR NO KEY UPDATE SKIP LOCKED
    ), parted AS MATERIALIZED (
        SELECT id, team_id FROM recovery_membership WHERE ended_at IS NOT NULL AND followed_up_at IS NULL
        UNION ALL
        SELECT m.id, m.team_id FROM recovery_user u JOIN recovery_membership m ON m.user_id = u.id
         WHERE NOT u.is_active AND m.ended_at IS NULL AND m.followed_up_at IS NULL
    ), candidate AS (
        SELECT id FROM recovery_alert WHERE status = 'open' AND told_at IS NULL AND tier >= {TOLD_FROM:d}
        UNION SELECT alert_id FROM fallen_away
        UNION SELECT left_behind.id FROM gone CROSS JOIN LATERAL (
            SELECT a.id FROM recovery_alert a
             WHERE {TAKEN_ON} AND a.team_id = gone.team_id AND a.owner_id = gone.owner_id OFFSET 0
        ) left_behind
        UNION SELECT known.id FROM (SELECT DISTINCT team_id FROM parted) team CROSS JOIN LATERAL (
            SELECT a.id FROM recovery_alert a
             WHERE a.status = 'open' AND a.tier >= {TOLD_FROM:d} AND a.team_id = team.team_id OFFSET 0
        ) known
    ), untold AS MATERIALIZED (
        SELECT a.*
          FROM candidate CROSS JOIN LATERAL (
              SELECT id, team_id, tier, latest_assessment_id, status, owner_id, told_at
                FROM recovery_alert WHERE id = candidate.id LIMIT 1
          ) a
         WHERE a.tier >= {TOLD_FROM:d}
           AND (a.status = 'open' OR a.status = 'acknowledged' AND NOT {COLLEAGUE.format(who="a.owner_id")})
           AND NOT EXISTS (SELECT FROM recovery_notification n
                            WHERE n.alert_id = a.id AND n.tier >= a.tier
                              AND n.status IN ('waiting', 'sending', 'sent')
                              AND {COLLEAGUE.format(who="n.recipient_id")})
    ), to_mark AS (
        SELECT a.id FROM recovery_alert a JOIN untold ON untold.id = a.id AND untold.told_at = a.told_at
           FOR NO KEY UPDATE OF a SKIP LOCKED
    ), marked AS (
        UPDATE recovery_alert SET told_at = NULL WHERE id = ANY(ARRAY(SELECT id FROM to_mark))
    ), followed_up AS (
        UPDATE recovery_notification SET followed_up_at = clock_timestamp()
         WHERE id = ANY(ARRAY(
             SELECT id FROM fallen_away
              WHERE alert_id NOT IN (SELECT id FROM untold WHERE told_at IS NOT NULL)
                 OR alert_id IN (SELECT id FROM to_mark)))
    ), seen_to AS (
        UPDATE recovery_membership SET followed_up_at = clock_timestamp()
         WHERE id = ANY(ARRAY(
             SELECT m.id FROM recovery_membership m JOIN parted ON parted.id = m.id
              WHERE m.team_id NOT IN (SELECT team_id FROM untold
                                       WHERE told_at IS NOT NULL AND id NOT IN (SELECT id FROM to_mark))
              ORDER BY m.id
                FOR NO KEY UPDATE OF m SKIP LOCKED))
    ), let_in_again AS (
        UPDATE recovery_membership m SET followed_up_at = NULL
          FROM recovery_user u
         WHERE u.id = m.user_id AND u.is_active AND m.ended_at IS NULL AND m.followed_up_at IS NOT NULL
    )
    SELECT id, latest_assessment_id, tier,
           EXISTS (SELECT FROM recovery_notification n WHERE n.alert_id = untold.id AND n.tier < untold.tier)
      FROM untold
     WHERE EXISTS (
         SELECT FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
          WHERE m.team_id = untold.team_id AND m.ended_at IS NULL AND m.role = ANY(%(roles)s::text[]) AND u.is_active
            AND NOT EXISTS (SELECT FROM recovery_notification n
                             WHERE n.alert_id = untold.id AND n.recipient_id = m.user_id AND n.tier >= untold.tier
                               AND n.status <> 'dropped'))
     ORDER BY tier DESC, id
     LIMIT %(limit)s
"""


def tell_untold(*, limit: int, now: datetime) -> int:
    """The watch's turn: alerts in nobody's hands of which nobody was or will be told, in a team that has somebody to
    tell by now.

    So it is when the team was empty as they were opened or raised, or when everybody who was to be told has left, or
    everybody who was told, or who took the alert on before the others were told.
    Returns how many alerts.
    """
    untold = statements.fetch_all(_UNTOLD, {"roles": list(ROLES), "limit": limit})
    plans = [
        tell_team(
            assessment_id=assessment_id,
            alerts=[(alert_id, f"raised-{Tier(tier).code}" if was_raised else "opened")],
            now=now,
        )
        for alert_id, assessment_id, tier, was_raised in untold
    ]
    return sum(map(bool, plans))
