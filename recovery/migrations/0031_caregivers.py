"""Caregivers with an identity and a consent of their own: each with codes and phones, and named by what they answered."""

from importlib import import_module

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


from recovery.migrations._walls import hold, revoke

# What a caregiver's phones, codes and answers belong to is the same recovery as the caregiver's.
HELD = [
    ("caregiver", ["episode_id", "clinic_id"], "episode"),
    ("caregiver", ["episode_id", "patient_id"], "episode"),
    ("caregiver", ["granted_on_id", "episode_id", "clinic_id"], "devicetoken"),
    ("devicetoken", ["caregiver_id", "episode_id", "clinic_id"], "caregiver"),
    ("enrolmentcode", ["caregiver_id", "episode_id", "clinic_id"], "caregiver"),
    ("checkin", ["caregiver_id", "episode_id", "clinic_id"], "caregiver"),
    ("checkinrevision", ["caregiver_id", "episode_id", "clinic_id"], "caregiver"),
]

# Who is erased takes along who helped them: at once the number and the consent, and with everything else the row.
REMOVE = import_module("recovery.migrations.0029_one_person").REMOVE
ENDED = """    UPDATE recovery_caregiver
       SET phone = '', revoked_on = CASE WHEN revoked_at IS NULL THEN 'patient' ELSE revoked_on END,
           revoked_at = coalesce(revoked_at, greatest(granted_at, statement_timestamp()))
     WHERE episode_id = ANY (theirs);
"""
GONE = """    UPDATE recovery_devicetoken SET caregiver_id = NULL WHERE episode_id = ANY (theirs);
    DELETE FROM recovery_caregiver WHERE episode_id = ANY (theirs);
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed || jsonb_build_object('caregiver', gone);
"""
NOT_ALL, EPISODE = "    IF NOT everything THEN\n", "    UPDATE recovery_episode\n"
WITH_CAREGIVERS = (
    REMOVE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace(NOT_ALL, ENDED + NOT_ALL)
    .replace(EPISODE, GONE + EPISODE)
)


class Migration(migrations.Migration):

    dependencies = [
        ('recovery', '0030_sealed_call_notes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Caregiver',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.TextField()),
                ('relation', models.TextField(blank=True, help_text="In the patient's words: son, neighbour")),
                ('phone', models.TextField(blank=True)),
                ('scope', models.CharField(choices=[('report', 'May send check-ins'), ('read', "May send check-ins and read the patient's")], max_length=10)),
                ('wording', models.CharField(help_text='Version of the text that the patient agreed to', max_length=64)),
                ('granted_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_on', models.CharField(blank=True, choices=[('patient', 'The patient’s'), ('caregiver', 'The caregiver’s')], help_text='On whose phone, where no colleague did it', max_length=10)),
                ('clinic', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.clinic')),
                ('episode', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='caregivers', to='recovery.episode')),
                ('granted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('granted_on', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.devicetoken')),
                ('patient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='caregivers', to='recovery.patient')),
                ('revoked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='checkin',
            name='caregiver',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.caregiver'),
        ),
        migrations.AddField(
            model_name='checkinrevision',
            name='caregiver',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.caregiver'),
        ),
        migrations.AddField(
            model_name='devicetoken',
            name='caregiver',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='recovery.caregiver'),
        ),
        migrations.AddField(
            model_name='enrolmentcode',
            name='caregiver',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='enrolment_codes', to='recovery.caregiver'),
        ),
        migrations.AddConstraint(
            model_name='checkin',
            constraint=models.CheckConstraint(condition=models.Q(('caregiver', None), ('answered_by', 'carer'), _connector='OR'), name='caregivers_answer_as_such'),
        ),
        migrations.AddConstraint(
            model_name='caregiver',
            constraint=models.UniqueConstraint(fields=('id', 'episode', 'clinic'), name='caregiver_of_episode'),
        ),
        migrations.AddConstraint(
            model_name='caregiver',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='caregiver_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='caregiver',
            constraint=models.CheckConstraint(condition=models.Q(('scope__in', ['report', 'read'])), name='caregiver_scope_known'),
        ),
        migrations.AddConstraint(
            model_name='caregiver',
            constraint=models.CheckConstraint(condition=models.Q(('wording', ''), _negated=True), name='caregiver_agreed_to_a_wording'),
        ),
        migrations.AddConstraint(
            model_name='caregiver',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('granted_by', None), ('granted_on__isnull', False)), models.Q(('granted_by__isnull', False), ('granted_on', None)), _connector='OR'), name='caregiver_granted_by_one'),
        ),
        migrations.AddConstraint(
            model_name='caregiver',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_at', None), ('revoked_by', None), ('revoked_on', '')), models.Q(('revoked_at__gte', models.F('granted_at')), ('revoked_by__isnull', False), ('revoked_on', '')), models.Q(('revoked_at__gte', models.F('granted_at')), ('revoked_by', None), ('revoked_on__in', ['patient', 'caregiver'])), _connector='OR'), name='caregiver_revoked_by_one'),
        ),
        *(hold(table, columns, parent) for table, columns, parent in HELD),
        revoke("DELETE, TRUNCATE", "caregiver"),
        migrations.RunSQL(WITH_CAREGIVERS, REMOVE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")),
    ]
