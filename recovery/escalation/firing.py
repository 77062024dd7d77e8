"""The steps that are due, taken by the watch: the worst tier first, then what is overdue longest.

Whatever is due of one patient is taken together, so that it leaves as one message. The state is read under a lock, and
once more just before each message leaves (notifications/claims.py): who takes an alert on meanwhile stops it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import QuerySet

from recovery import statements
from recovery.alerts import moves
from recovery.clinical.tiers import Tier
from recovery.escalation import policies, schedule, steps
from recovery.escalation.policy import read_tier
from recovery.escalation.recipients import people
from recovery.models import Alert, AlertEvent, Membership
from recovery.notifications import plan
from recovery.notifications.claims import FOR_ITS_OWNER, OWNERS_GONE, TAKEN_ON

log = logging.getLogger(__name__)

K, S = AlertEvent.Kind, Alert.Status

TO_BE_GIVEN_BACK = 1
"""The step of an alert that somebody has, once they were reminded: the next one takes it from them."""

# The worst that is due, and with it what else is due of the same patient. Whoever is at a row has it locked, so several
# watches take different patients. Index: alert_step_due, alert_by_episode.
_NEXT = """
    WITH lead AS MATERIALIZED (
        SELECT id, episode_id FROM recovery_alert
         WHERE next_step_at <= %(now)s AND id <> ALL(%(but)s::bigint[])
         ORDER BY tier DESC, next_step_at
         LIMIT 1
           FOR NO KEY UPDATE SKIP LOCKED
    ), others AS MATERIALIZED (
        SELECT a.id
          FROM lead CROSS JOIN LATERAL (
              SELECT id FROM recovery_alert
               WHERE episode_id = lead.episode_id AND next_step_at <= %(now)s AND id <> lead.id OFFSET 0
          ) found
          JOIN recovery_alert a ON a.id = found.id AND a.next_step_at <= %(now)s
         ORDER BY a.id
           FOR NO KEY UPDATE OF a SKIP LOCKED
    )
    SELECT id FROM lead UNION ALL SELECT id FROM others
"""

# What no step is due of, and should be: alerts of an older version of this service, and what somebody has who has left
# the team, or can take nothing on any more. Indexes: alert_without_step, alert_in_hands.
_ADRIFT = f"""
    {OWNERS_GONE}
    (SELECT id FROM recovery_alert
      WHERE tier >= {Tier.WITHIN_24H:d} AND next_step_at IS NULL
        AND (status = 'open' OR status = 'acknowledged' AND contacted_at IS NULL)
      ORDER BY id LIMIT %(limit)s)
     UNION
    SELECT left_behind.id FROM gone CROSS JOIN LATERAL (
        SELECT a.id FROM recovery_alert a
         WHERE {TAKEN_ON} AND a.team_id = gone.team_id AND a.owner_id = gone.owner_id
           AND (a.next_step_at IS NULL OR a.next_step_at > %(now)s)
         LIMIT %(limit)s
    ) left_behind
"""

# Nobody could be told by the latest step, because they can be told nowhere or have left meanwhile: the next one does
# not wait for its time. Rounds are not hurried, for they name everybody. An owner who could not be told that the
# patient, whom they are to reach, reported again gives the alert back. Each intent is looked at once.
# Indexes: notification_fallen_away, told_once_per_step.
_HURRY = f"""
    WITH fallen_away AS (
        SELECT n.id, n.alert_id, n.step FROM recovery_notification n
         WHERE n.status IN ('failed', 'dropped') AND n.followed_up_at IS NULL
           AND (n.step LIKE 'step%%' OR {FOR_ITS_OWNER})
         ORDER BY n.id LIMIT 1000
           FOR NO KEY UPDATE SKIP LOCKED
    ), in_vain AS MATERIALIZED (
        SELECT DISTINCT a.id, a.status
          FROM fallen_away JOIN recovery_alert a ON a.id = fallen_away.alert_id
         WHERE (a.status = 'open'
                AND fallen_away.step = 'step-' || (a.step - 1) || CASE WHEN a.lap > 0 THEN '-' || a.lap ELSE '' END
                OR a.status = 'acknowledged' AND fallen_away.step LIKE 'repeat%%' AND a.next_step_at IS NOT NULL)
           AND NOT EXISTS (SELECT FROM recovery_notification n
                            WHERE n.alert_id = a.id AND n.step = fallen_away.step
                              AND n.status IN ('waiting', 'sending', 'sent'))
    ), ours AS MATERIALIZED (
        SELECT a.id FROM recovery_alert a JOIN in_vain ON in_vain.id = a.id AND in_vain.status = a.status
           FOR NO KEY UPDATE OF a SKIP LOCKED
    ), hurried AS (
        UPDATE recovery_alert
           SET next_step_at = LEAST(next_step_at, %(now)s),
               step = CASE WHEN status = 'acknowledged' THEN {TO_BE_GIVEN_BACK} ELSE step END
         WHERE id IN (SELECT id FROM ours)
    )
    UPDATE recovery_notification SET followed_up_at = clock_timestamp()
     WHERE id = ANY(ARRAY(
         SELECT id FROM fallen_away
          WHERE alert_id NOT IN (SELECT id FROM in_vain) OR alert_id IN (SELECT id FROM ours)))
 RETURNING id
"""


def fire_due(*, limit: int, now: datetime) -> int:
    """Take the steps of up to `limit` patients. Returns of how many alerts. Any number of these may run at once.

    What cannot be taken is said, keeps nobody else waiting, and is tried again in the next turn.
    """
    statements.fetch_all(_HURRY, {"now": now})
    for (alert_id,) in statements.fetch_all(_ADRIFT, {"limit": limit, "now": now}):
        _take_up(alert_id, now=now)
    fired, failed = 0, list[int]()
    for _ in range(limit):
        taken: list[int] = []
        try:
            with transaction.atomic():
                rows = statements.fetch_all(_NEXT, {"now": now, "but": failed})
                taken += [row[0] for row in rows]
                _fire(taken, now=now)
        except DatabaseError:
            raise
        except Exception as error:
            log.error("the steps of alert %s could not be taken: %s", taken[0], type(error).__name__)
            failed += taken
            continue
        if not taken:
            break
        fired += len(taken)
    return fired


@transaction.atomic
def _take_up(alert_id: int, *, now: datetime) -> None:
    """Have a step due of an alert that had none. Somebody else may have it by now: then it is theirs to do."""
    alert = (
        Alert.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(pk=alert_id, status__in=Alert.LIVE)
        .first()
    )
    if alert is None:
        return
    own = Alert.objects.filter(pk=alert_id)
    if alert.status == S.ACKNOWLEDGED and not _owner_is_there(alert):
        own.update(next_step_at=now, lap_at=alert.lap_at or now)
    elif alert.next_step_at is None:
        tier = Tier(alert.tier)
        kept = alert.escalation or policies.freeze(alert.team_id, tier)
        policy = read_tier(kept, tier)
        columns = (
            schedule.taken_on(alert, policy, now)
            if alert.status == S.ACKNOWLEDGED
            else schedule.opening(policy, now)
        )
        own.update(escalation=kept, **columns)


def _fire(alert_ids: Sequence[int], *, now: datetime) -> None:
    """Of alerts that are ours: of one patient, so of one team."""
    tell: list[tuple[int, str]] = []
    to: set[str] = set()
    due = Alert.objects.filter(pk__in=alert_ids).select_related("owner").order_by("-tier", "pk")
    alerts = list(due)
    for alert in alerts:
        if (
            alert.status not in Alert.LIVE
        ):  # ended by an older version of this service, while this was rolled out
            Alert.objects.filter(pk=alert.pk).update(next_step_at=None)
            continue
        if alert.status == S.ACKNOWLEDGED:
            if step := _remind(alert, now=now):
                tell.append((alert.pk, step))
            if Alert.objects.filter(pk=alert.pk, status=S.ACKNOWLEDGED).exists():
                continue
            alert.refresh_from_db()
        move = schedule.due_move(alert, schedule.policy_of(alert), now)
        _take(alert, move, now=now)
        tell.append((alert.pk, move.name))
        to |= set(move.to)
    if tell:
        plan.tell_team(
            assessment_id=alerts[0].latest_assessment_id,
            alerts=tell,
            to=people(to, team_id=alerts[0].team_id, now=now),
            told_from=Tier.WITHIN_24H,
            now=now,
        )


def _take(alert: Alert, move: schedule.Move, *, now: datetime) -> None:
    Alert.objects.filter(pk=alert.pk).update(changed_at=now, **move.columns)
    _remember(
        K.ESCALATED,
        alert,
        now=now,
        step=move.step,
        lap=move.lap,
        due=_iso(alert.next_step_at),
        to=list(move.to),
        collapsed=list(move.collapsed),
    )


def _remind(alert: Alert, *, now: datetime) -> str | None:
    """Of an alert that somebody took on: the step by which they are reminded. None when they need not be, or it was
    given back: they were reminded before, or have left."""
    if not _owner_is_there(alert):
        _give_back(alert, why="role" if _owners_memberships(alert).exists() else "left", now=now)
    elif steps.patient_was_reached(alert):
        Alert.objects.filter(pk=alert.pk).update(next_step_at=None)
    elif alert.lap_at is None or alert.owned_since is None or alert.lap_at < alert.owned_since:
        steps.taken_on(alert, now=now)  # by an older version, which left the steps as they were
    elif alert.step:
        _give_back(alert, why="no contact", now=now)
    else:
        columns = schedule.reminded(schedule.policy_of(alert), now)
        Alert.objects.filter(pk=alert.pk).update(changed_at=now, **columns)
        _remember(
            K.REMINDED, alert, now=now, due=_iso(alert.next_step_at), until=_iso(columns["next_step_at"])
        )
        return f"{plan.REMINDED}-{alert.lap}"
    return None


def _give_back(alert: Alert, *, why: str, now: datetime) -> None:
    owner = alert.owner
    detail = {"why": why, "from": str(owner.uuid), "name": owner.name} if owner else {"why": why}
    columns = schedule.given_back(schedule.policy_of(alert), now)
    moves.move(
        "give back",
        alert,
        now=now,
        detail=detail,
        owner=None,
        taken_over_at=None,
        lap=alert.lap + 1,
        **columns,
    )


def _owner_is_there(alert: Alert) -> bool:
    """Whether its owner could take it on now."""
    return _owners_memberships(alert).filter(role__in=moves.CLINICIANS).exists()


def _owners_memberships(alert: Alert) -> QuerySet[Membership]:
    return Membership.objects.filter(
        user=alert.owner_id, user__is_active=True, team=alert.team_id, ended_at=None
    )


def _remember(kind: AlertEvent.Kind, alert: Alert, *, now: datetime, **detail: object) -> None:
    AlertEvent.objects.create(
        clinic_id=alert.clinic_id, alert=alert, kind=kind, at=now, tier=alert.tier, detail=detail
    )


def _iso(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
