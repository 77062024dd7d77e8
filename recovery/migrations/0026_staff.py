"""How staff are let in: sessions, recovery codes, invitations, and the two roles that reach no patient."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from recovery.migrations._walls import allow_only, hold, revoke


class Migration(migrations.Migration):

    dependencies = [
        ('recovery', '0025_reminders'),
    ]

    operations = [
        migrations.CreateModel(
            name='StaffSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('began_at', models.DateTimeField(help_text='When they signed in')),
                ('seen_at', models.DateTimeField(help_text='When they last did something, to half a minute')),
                ('user', models.ForeignKey(help_text='None: nobody yet', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('token_hash', models.CharField(help_text='SHA-256 of what stands in the link', max_length=64, unique=True)),
                ('email', models.EmailField(max_length=254)),
                ('name', models.CharField(max_length=200)),
                ('role', models.CharField(choices=[('nurse', 'Nurse'), ('doctor', 'Doctor'), ('coordinator', 'Coordinator'), ('admin', 'Administrator'), ('auditor', 'Auditor'), ('operator', 'Operator')], max_length=20)),
                ('renews', models.BooleanField(help_text='For somebody who is here already and lost their second factor')),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('clinic', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.careteam')),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'created_at'], name='invitation_by_clinic')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('clinic__isnull', False), ('role__in', ['nurse', 'doctor', 'coordinator', 'admin']), ('team__isnull', False)), models.Q(('clinic__isnull', False), ('role', 'auditor'), ('team', None)), models.Q(('clinic', None), ('role', 'operator'), ('team', None)), _connector='OR'), name='invitation_of_its_kind'), models.CheckConstraint(condition=models.Q(('accepted_at', None), ('withdrawn_at', None), _connector='OR'), name='invitation_ends_once')],
            },
        ),
        migrations.CreateModel(
            name='Oversight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('role', models.CharField(choices=[('auditor', 'Auditor'), ('operator', 'Operator')], max_length=20)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('clinic', models.ForeignKey(help_text='Of an auditor; none of an operator', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.clinic')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='oversight', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('clinic__isnull', False), ('role', 'auditor')), models.Q(('clinic', None), ('role', 'operator')), _connector='OR'), name='oversight_of_its_kind'), models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('user', 'role', 'clinic'), name='oversight_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_hash', models.CharField(help_text='SHA-256 of the code with its owner', max_length=64)),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'code_hash'), name='recovery_code_once')],
            },
        ),
        hold("invitation", ["team_id", "clinic_id"], "careteam"),
        revoke("DELETE", "invitation"),
        revoke("DELETE", "oversight"),
        allow_only(["accepted_at", "withdrawn_at"], "invitation"),
        allow_only(["ended_at"], "oversight"),
        allow_only(["used_at"], "recoverycode"),
    ]
