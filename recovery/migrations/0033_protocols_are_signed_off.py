"""What a change of the rules changes, and who stands for it. Neither is ever rewritten."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from recovery.migrations._walls import revoke


class Migration(migrations.Migration):

    dependencies = [
        ('recovery', '0032_what_is_let_go'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProtocolReplay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('old', models.CharField(help_text='Version of the protocol', max_length=40)),
                ('old_digest', models.CharField(help_text='SHA-256 of its document', max_length=64)),
                ('new', models.CharField(max_length=40)),
                ('new_digest', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('judged', models.PositiveIntegerField(help_text='Check-ins')),
                ('difference', models.JSONField(help_text='By rule and tier, as sign_off/replaying.py writes it')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('old_digest', models.F('new_digest')), _negated=True), name='replay_of_two')],
            },
        ),
        migrations.CreateModel(
            name='ProtocolApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approved_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('replay', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='recovery.protocolreplay')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('replay', 'user'), name='approved_once_by_each')],
            },
        ),
        revoke("UPDATE, DELETE, TRUNCATE", "protocolreplay"),
        revoke("UPDATE, DELETE, TRUNCATE", "protocolapproval"),
    ]
