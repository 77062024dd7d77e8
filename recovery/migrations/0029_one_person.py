"""One person is erased by the database itself, when two people decided it: the application may still delete nothing."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from recovery.migrations._walls import allow_only, execute, hold, revoke


# What is removed, in this order: whatever names a row goes before it. `by` is the way to the recoveries of the person.
REMOVED = [
    ("attempt", "notification_id IN (SELECT n.id FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id"
                " WHERE a.episode_id = ANY (theirs))"),
    ("notification", "alert_id IN (SELECT id FROM recovery_alert WHERE episode_id = ANY (theirs))"),
    ("alertevent", "alert_id IN (SELECT id FROM recovery_alert WHERE episode_id = ANY (theirs))"),
    ("alert", "episode_id = ANY (theirs)"),
    ("assessment", "episode_id = ANY (theirs)"),
    ("quarantine", "episode_id = ANY (theirs)"),
    ("checkinrevision", "episode_id = ANY (theirs)"),
    ("checkin", "episode_id = ANY (theirs)"),
    ("mute", "episode_id = ANY (theirs)"),
    ("pause", "episode_id = ANY (theirs)"),
    ("episodeevent", "episode_id = ANY (theirs)"),
]  # fmt: skip
# What no duty keeps: how to reach the person, and what was sent there.
CONTACT = [
    ("reminder", "episode_id = ANY (theirs)"),
    ("letter", "episode_id = ANY (theirs)"),
    ("preferences", "episode_id = ANY (theirs)"),
    ("phonesign", "episode_id = ANY (theirs)"),
    ("enrolmentcode", "episode_id = ANY (theirs)"),
]


def _delete(tables):
    return "\n".join(
        f"""
    DELETE FROM recovery_{table} WHERE {which};
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed || jsonb_build_object('{table}', gone);"""
        for table, which in tables
    )


# Phones and recoveries stay as empty rows: the audit names them, and it is never rewritten. Times of an erased recovery
# are the same for everybody: year 2000, when there was no service.
REMOVE = f"""
CREATE FUNCTION recovery_remove_person(person bigint, everything boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    theirs bigint[];
    gone bigint;
    removed jsonb := '{{}}';
BEGIN
    PERFORM FROM recovery_episode WHERE patient_id = person ORDER BY id FOR UPDATE;
    theirs := ARRAY(SELECT id FROM recovery_episode WHERE patient_id = person);
    UPDATE recovery_devicetoken
       SET name = '', platform = '', revoked_at = coalesce(revoked_at, statement_timestamp()),
           token_hash = encode(sha256(uuid_send(gen_random_uuid())), 'hex')
     WHERE episode_id = ANY (theirs);
    {_delete(CONTACT)}
    UPDATE recovery_patient
       SET phone = '', caregiver_name = '', caregiver_phone = '', call_first = 'patient', call_notes = ''
     WHERE id = person;
    IF NOT everything THEN
        RETURN removed;
    END IF;
    {_delete(REMOVED)}
    UPDATE recovery_episode
       SET erased_at = statement_timestamp(), procedure = 'vertebroplasty', levels = '{{}}', risk_factors = '{{}}',
           blood_thinner_restart_h = NULL, baseline = NULL, baseline_at = NULL, time_zone = 'UTC',
           time_estimated = false, procedure_at = '2000-01-01 UTC', started_at = '2000-01-01 UTC',
           ended_at = '2001-01-01 UTC', extended_until = NULL, status = 'ended', sequence = sequence + 1,
           next_due_at = NULL, silence_attempts = 0, silence_next_at = NULL,
           rejudge_from = NULL, rejudge_attempts = 0, rejudge_next_at = NULL
     WHERE id = ANY (theirs);
    UPDATE recovery_patient
       SET name = 'Erased', born_on = '1900-01-01', hospital_number = 'erased-' || replace(uuid::text, '-', ''),
           language = 'en', created_at = '2000-01-01 UTC'
     WHERE id = person;
    RETURN removed;
END $$
"""
# The one way of the application: it names a row in which two people decided, and everything that stands against it is
# asked again here.
ERASE = """
CREATE FUNCTION recovery_erase(asked uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    it recovery_erasure;
    ends timestamptz;
BEGIN
    SELECT * INTO it FROM recovery_erasure WHERE uuid = asked FOR UPDATE;
    IF NOT FOUND OR it.done_at IS NOT NULL OR it.withdrawn_at IS NOT NULL OR it.confirmed_at IS NULL THEN
        RETURN 'not-confirmed';
    END IF;
    PERFORM FROM recovery_patient WHERE id = it.patient_id FOR UPDATE;
    PERFORM FROM recovery_episode WHERE patient_id = it.patient_id ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT FROM recovery_legalhold WHERE patient_id = it.patient_id AND lifted_at IS NULL) THEN
        RETURN 'held';
    END IF;
    IF EXISTS (SELECT FROM recovery_episode WHERE patient_id = it.patient_id AND status <> 'ended') THEN
        RETURN 'running';
    END IF;
    IF EXISTS (SELECT FROM recovery_alert a JOIN recovery_episode e ON e.id = a.episode_id
                WHERE e.patient_id = it.patient_id AND a.status IN ('open', 'acknowledged'))
       OR EXISTS (SELECT FROM recovery_assessment v JOIN recovery_episode e ON e.id = v.episode_id
                   WHERE e.patient_id = it.patient_id AND v.flagged_at IS NULL)
       OR EXISTS (SELECT FROM recovery_quarantine q JOIN recovery_episode e ON e.id = q.episode_id
                   WHERE e.patient_id = it.patient_id AND q.reviewed_at IS NULL) THEN
        RETURN 'open';
    END IF;
    SELECT max(e.ended_at) + c.record_years * interval '1 year' INTO ends
      FROM recovery_episode e JOIN recovery_clinic c ON c.id = e.clinic_id
     WHERE e.patient_id = it.patient_id AND e.erased_at IS NULL GROUP BY c.record_years;
    IF it.scope = 'all' AND it.no_duty = '' AND ends > it.confirmed_at THEN
        RETURN 'too-early';
    END IF;
    UPDATE recovery_erasure
       SET removed = recovery_remove_person(it.patient_id, it.scope = 'all'), done_at = it.confirmed_at
     WHERE id = it.id;
    RETURN 'erased';
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('recovery', '0028_audit_chain'),
    ]

    operations = [
        migrations.AddField(
            model_name='clinic',
            name='record_years',
            field=models.PositiveSmallIntegerField(db_default=10, help_text='How long the law makes it keep a record, from the end of the last recovery'),
        ),
        migrations.AddField(
            model_name='episode',
            name='erased_at',
            field=models.DateTimeField(blank=True, help_text='Nothing but this row is left of it', null=True),
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('scope', models.CharField(choices=[('contact', 'Addresses, telephones, reminders and phones: what no duty keeps'), ('all', 'Everything: who it is, and what was reported, found and done')], max_length=8)),
                ('reason', models.TextField(help_text='Who wants it and why; names nobody')),
                ('no_duty', models.TextField(blank=True, help_text="The clinic's decision why it need not keep the record until its time is over")),
                ('asked_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('done_at', models.DateTimeField(blank=True, help_text='Of one that stands, set by the database alone', null=True)),
                ('removed', models.JSONField(default=dict, help_text='How many rows of each table')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.clinic')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='recovery.patient')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('done_at', None), ('withdrawn_at', None)), fields=('patient',), name='one_erasure_at_a_time'), models.CheckConstraint(condition=models.Q(('scope__in', ['contact', 'all'])), name='erasure_scope_known'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='erasure_has_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', None)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False)), _connector='OR'), name='erasure_confirmed_by_somebody'), models.CheckConstraint(condition=models.Q(('confirmed_by', None), models.Q(('confirmed_by', models.F('asked_by')), _negated=True), _connector='OR'), name='erasure_by_two'), models.CheckConstraint(condition=models.Q(('done_at', None), models.Q(('confirmed_at__isnull', False), ('withdrawn_at', None)), _connector='OR'), name='erased_when_confirmed')],
            },
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(help_text='Names nobody')),
                ('placed_at', models.DateTimeField()),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('clinic', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.clinic')),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='legal_holds', to='recovery.patient')),
                ('placed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('lifted_at', None)), fields=('patient',), name='one_legal_hold_at_a_time'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='legal_hold_has_a_reason')],
            },
        ),
        hold("erasure", ["patient_id", "clinic_id"], "patient"),
        hold("legalhold", ["patient_id", "clinic_id"], "patient"),
        revoke("DELETE, TRUNCATE", "erasure"),
        allow_only(["withdrawn_at", "withdrawn_by_id", "confirmed_at", "confirmed_by_id"], "erasure"),
        revoke("DELETE, TRUNCATE", "legalhold"),
        allow_only(["lifted_at", "lifted_by_id"], "legalhold"),
        migrations.RunSQL(REMOVE, "DROP FUNCTION recovery_remove_person(bigint, boolean)"),
        migrations.RunSQL(ERASE, "DROP FUNCTION recovery_erase(uuid)"),
        execute(
            "REVOKE ALL ON FUNCTION recovery_remove_person(bigint, boolean), recovery_erase(uuid) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION recovery_erase(uuid) TO {app}",
        ),
    ]
