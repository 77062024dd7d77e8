"""What is kept for a time is let go by the database itself, kind by kind and in batches: the application may delete none
of it by any other way."""

import django.db.models.deletion
from django.db import migrations, models

from recovery.migrations._walls import execute, revoke


# (kind, table, since when it has been kept, what may go). Of a kind without clinic the clinic is NULL.
DELETED = [
    ("letters", "letter", "due_at", "t.status NOT IN ('waiting', 'sending')", True),
    ("reminders", "reminder", "expires_at",
     "EXISTS (SELECT FROM recovery_episode e WHERE e.id = t.episode_id AND e.status = 'ended')", True),
    ("unused-codes", "enrolmentcode", "expires_at", "t.redeemed_at IS NULL", True),
    ("nights", "nightcheck", "checked_at", "true", True),
    ("canary-runs", "canaryrun", "started_at", "t.outcome <> ''", True),
    ("invitations", "invitation", "coalesce(t.accepted_at, t.withdrawn_at, t.expires_at)", "t.clinic_id IS NOT NULL",
     True),
    ("defects", "defect", "gone_at", "true", False),
    ("sessions", "staffsession", "expire_date", "true", False),
    ("counters", "tries", "expires", "true", False),
]  # fmt: skip
KEYS = {"staffsession": "session_key", "tries": "cache_key"}
# Of these the rows that hang on them go first.
ENDED_ALERT = "a.status IN ('closed', 'resolved')"
OF_CANARY = "e.status = 'ended' AND EXISTS (SELECT FROM recovery_canary c WHERE c.team_id = e.team_id)"
ALERTS = "(SELECT id FROM recovery_alert WHERE episode_id = ANY (theirs))"
CANARY_LEAVES = [
    ("attempt", f"notification_id IN (SELECT n.id FROM recovery_notification n WHERE n.alert_id IN {ALERTS})"),
    ("notification", f"alert_id IN {ALERTS}"),
    ("alertevent", f"alert_id IN {ALERTS}"),
    *((table, "episode_id = ANY (theirs)") for table in (
        "alert", "assessment", "quarantine", "checkinrevision", "checkin", "mute", "reminder", "letter",
        "preferences", "phonesign", "enrolmentcode",
    )),
]  # fmt: skip


def _since(since):
    return since if "(" in since else f"t.{since}"


def _enough(since, kind, clinic):
    rule = f"(SELECT r.days FROM recovery_retentionrule r WHERE r.clinic_id = {clinic} AND r.kind = '{kind}')"
    days = f"coalesce({rule}, usual)" if clinic else "usual"
    return f"{since} < at - {days} * interval '1 day'"


def _delete(kind, table, since, which, of_clinic):
    key = KEYS.get(table, "id")
    clinic = "t.clinic_id" if of_clinic else ""
    return f"""
    WHEN '{kind}' THEN
        RETURN QUERY
        WITH due AS (SELECT t.{key} AS it FROM recovery_{table} t
                      WHERE {which} AND {_enough(_since(since), kind, clinic)} LIMIT most FOR UPDATE SKIP LOCKED),
             went AS (DELETE FROM recovery_{table} t USING due WHERE t.{key} = due.it
                      RETURNING {clinic or "NULL::bigint"} AS clinic_id)
        SELECT w.clinic_id, count(*) FROM went w GROUP BY w.clinic_id;"""


# Alerts that are open, recoveries that run and reports that nobody has read are touched by none of these.
LET_GO = f"""
CREATE FUNCTION recovery_let_go(kind text, at timestamptz, usual integer, most integer)
RETURNS TABLE (clinic bigint, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    theirs bigint[];
BEGIN
    IF usual < 7 OR most > 1000 THEN
        RAISE EXCEPTION 'nothing is let go within a week, and no more than a thousand rows at once';
    END IF;
    CASE kind{"".join(_delete(*row) for row in DELETED)}
    WHEN 'messages' THEN
        RETURN QUERY
        WITH due AS (SELECT n.id FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id
                      WHERE {ENDED_ALERT} AND n.status IN ('sent', 'failed', 'dropped')
                        AND {_enough("a.ended_at", "messages", "a.clinic_id")}
                      LIMIT most FOR UPDATE OF n SKIP LOCKED),
             tries AS (DELETE FROM recovery_attempt t USING due WHERE t.notification_id = due.id),
             went AS (DELETE FROM recovery_notification n USING due WHERE n.id = due.id RETURNING n.clinic_id)
        SELECT w.clinic_id, count(*) FROM went w GROUP BY w.clinic_id;
    WHEN 'refused-bodies' THEN
        RETURN QUERY
        WITH due AS (SELECT q.id FROM recovery_quarantine q
                      WHERE q.reviewed_at IS NOT NULL AND length(q.body) > 0
                        AND {_enough("q.reviewed_at", "refused-bodies", "q.clinic_id")}
                      LIMIT most FOR UPDATE SKIP LOCKED),
             went AS (UPDATE recovery_quarantine q SET body = '' FROM due WHERE q.id = due.id RETURNING q.clinic_id)
        SELECT w.clinic_id, count(*) FROM went w GROUP BY w.clinic_id;
    WHEN 'canary' THEN
        -- One recovery of it at a time: a day has some thousand rows of it. Its row stays, the audit names it.
        theirs := ARRAY(SELECT e.id FROM recovery_episode e
                         WHERE {OF_CANARY} AND e.erased_at IS NULL
                           AND {_enough("e.ended_at", "canary", "e.clinic_id")}
                           AND NOT EXISTS (SELECT FROM recovery_alert a
                                            WHERE a.episode_id = e.id AND a.status IN ('open', 'acknowledged'))
                         LIMIT 1 FOR UPDATE SKIP LOCKED);
        {"".join(f"DELETE FROM recovery_{table} WHERE {which};" for table, which in CANARY_LEAVES)}
        RETURN QUERY
        WITH went AS (UPDATE recovery_episode e SET erased_at = at WHERE e.id = ANY (theirs) RETURNING e.clinic_id)
        SELECT w.clinic_id, count(*) FROM went w GROUP BY w.clinic_id;
    END CASE;
END $$
"""


def _oldest(kind, table, since, which):
    return f"""
        WHEN '{kind}' THEN (SELECT min({since}) FROM recovery_{table} t WHERE {which})"""


OLDEST = f"""
CREATE FUNCTION recovery_oldest_kept(kind text) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE kind{"".join(_oldest(kind, table, _since(since), which) for kind, table, since, which, _ in DELETED)}
        WHEN 'messages' THEN (SELECT min(a.ended_at) FROM recovery_notification n
                                JOIN recovery_alert a ON a.id = n.alert_id WHERE {ENDED_ALERT})
        WHEN 'refused-bodies' THEN (SELECT min(reviewed_at) FROM recovery_quarantine
                                     WHERE reviewed_at IS NOT NULL AND length(body) > 0)
        WHEN 'canary' THEN (SELECT min(e.ended_at) FROM recovery_episode e WHERE {OF_CANARY} AND e.erased_at IS NULL)
    END
$$
"""
LET_GO_IS = "recovery_let_go(text, timestamptz, integer, integer)"


class Migration(migrations.Migration):

    dependencies = [
        ('recovery', '0031_caregivers'),
    ]

    operations = [
        migrations.CreateModel(
            name='RetentionTurn',
            fields=[
                ('kind', models.CharField(max_length=24, primary_key=True, serialize=False)),
                ('next_at', models.DateTimeField()),
                ('looked_at', models.DateTimeField(null=True)),
                ('oldest_at', models.DateTimeField(help_text='Of what is kept', null=True)),
                ('gone', models.BigIntegerField(default=0, help_text='Ever since')),
            ],
            options={
                'indexes': [models.Index(fields=['next_at'], name='retention_due')],
            },
        ),
        migrations.CreateModel(
            name='RetentionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=24)),
                ('days', models.PositiveIntegerField()),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.clinic')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('clinic', 'kind'), name='one_retention_rule_per_kind'), models.CheckConstraint(condition=models.Q(('days__range', (7, 36500))), name='kept_for_a_week_at_least')],
            },
        ),
        revoke("DELETE, TRUNCATE", "retentionturn"),
        migrations.RunSQL(LET_GO, f"DROP FUNCTION {LET_GO_IS}"),
        migrations.RunSQL(OLDEST, "DROP FUNCTION recovery_oldest_kept(text)"),
        execute(
            f"REVOKE ALL ON FUNCTION {LET_GO_IS} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {LET_GO_IS} TO {{app}}",
        ),
    ]
