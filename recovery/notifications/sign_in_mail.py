"""The last way to somebody whose contact is of no use any more: the e-mail that they sign in with."""

# What was to go to a contact, and goes to the person nowhere else, goes there. Another contact counts if something went
# to it or will. What leads here (`{ids}`) makes one message, as it was one; `planned_at` stays, for it is as late.
REROUTED = """
        INSERT INTO recovery_notification (clinic_id, alert_id, step, recipient_id, contact_id, channel, line,
               message_key, tier, planned_at, status, attempts, next_attempt_at, sent_by, provider_id, last_error)
        SELECT n.clinic_id, n.alert_id, n.step, n.recipient_id, NULL, 'email', 'email',
               (SELECT gen_random_uuid()), n.tier, n.planned_at, 'waiting', 0, clock_timestamp(), '', '', ''
          FROM recovery_notification n
         WHERE n.id = ANY({ids}) AND n.contact_id IS NOT NULL
           AND NOT EXISTS (
               SELECT FROM recovery_notification other LEFT JOIN recovery_contact c ON c.id = other.contact_id
                WHERE other.alert_id = n.alert_id AND other.step = n.step AND other.recipient_id = n.recipient_id
                  AND other.contact_id IS NOT NULL AND other.contact_id <> n.contact_id
                  AND (other.status = 'sent' OR other.status IN ('waiting', 'sending') AND c.ended_at IS NULL))
         ORDER BY n.id
            ON CONFLICT (alert_id, step, recipient_id, contact_id) DO UPDATE
           SET status = 'waiting', message_key = excluded.message_key, tier = excluded.tier,
               planned_at = excluded.planned_at, next_attempt_at = excluded.next_attempt_at, last_error = '',
               followed_up_at = NULL
         WHERE recovery_notification.status = 'dropped'
     RETURNING id
"""
