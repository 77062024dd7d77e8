"""What waits too long for a provider that is down goes by another, too: the e-mail that the person signs in with. The
first way stays owed; told twice is better than told late (F31)."""

from datetime import datetime, timedelta

from recovery import statements

LATE = timedelta(seconds=15)
"""After this, so that the other way is used within thirty seconds."""

# Of those whose person was told of it by no other way yet, nor is about to be by mail. What leaves together stays
# together, under a key of its own. Index: notification_due.
_ELSEWHERE = """
    WITH late AS MATERIALIZED (
        SELECT n.clinic_id, n.alert_id, n.step, n.recipient_id, n.tier, n.planned_at, n.message_key
          FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id
         WHERE n.status IN ('waiting', 'sending') AND n.contact_id IS NOT NULL AND n.line <> 'email'
           AND n.planned_at <= %(late)s AND a.status IN ('open', 'acknowledged')
           AND NOT EXISTS (
               SELECT FROM recovery_notification other
                WHERE other.alert_id = n.alert_id AND other.step = n.step AND other.recipient_id = n.recipient_id
                  AND (other.contact_id IS NULL OR other.status = 'sent'
                       OR other.line = 'email' AND other.status IN ('waiting', 'sending')))
         ORDER BY n.tier DESC, n.id
         LIMIT %(limit)s
    ), letter AS MATERIALIZED (
        SELECT message_key, gen_random_uuid() AS fresh FROM (SELECT DISTINCT message_key FROM late) AS one
    )
    INSERT INTO recovery_notification (clinic_id, alert_id, step, recipient_id, contact_id, channel, line, message_key,
           tier, planned_at, status, attempts, next_attempt_at, sent_by, provider_id, last_error)
    SELECT late.clinic_id, late.alert_id, late.step, late.recipient_id, NULL, 'email', 'email', letter.fresh,
           late.tier, late.planned_at, 'waiting', 0, clock_timestamp(), '', '', ''
      FROM late JOIN letter USING (message_key)
        ON CONFLICT (alert_id, step, recipient_id, contact_id) DO NOTHING
 RETURNING id
"""


def tell_elsewhere(*, limit: int, now: datetime) -> int:
    """The watch's turn. Returns how many more intents there are."""
    return len(statements.fetch_all(_ELSEWHERE, {"late": now - LATE, "limit": limit}))
