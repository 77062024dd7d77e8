import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from recovery.migrations._walls import hold, revoke

CHANNELS = [("email", "E-mail"), ("webhook", "Webhook")]


class Migration(migrations.Migration):
    """Where people are told: contacts. What was planned before has none, and goes to the e-mail they sign in with."""

    dependencies = [("recovery", "0011_silence_judged_anew")]

    operations = [
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("channel", models.CharField(choices=CHANNELS, max_length=10)),
                ("address", models.CharField(help_text="E-mail address or URL", max_length=500)),
                (
                    "line",
                    models.CharField(
                        help_text="The provider behind it: what is down for one is down for all on it",
                        max_length=270,
                    ),
                ),
                (
                    "sealed_secrets",
                    models.TextField(
                        blank=True,
                        help_text="What webhooks are signed with, encrypted: the newest, and the one before it",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "clinic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="recovery.clinic"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("id", "clinic"), name="contact_of_clinic"),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("user", "clinic", "address"),
                        name="contact_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["email", "webhook"])), name="contact_channel_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("channel", "webhook"), models.Q(("sealed_secrets", ""), _negated=True)),
                            models.Q(models.Q(("channel", "webhook"), _negated=True), ("sealed_secrets", "")),
                            _connector="OR",
                        ),
                        name="webhook_has_secrets",
                    ),
                ],
            },
        ),
        revoke("DELETE", "contact"),
        migrations.AlterField(
            model_name="notification",
            name="channel",
            field=models.CharField(choices=CHANNELS, max_length=10),
        ),
        migrations.AddField(
            model_name="notification",
            name="contact",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="recovery.contact",
            ),
        ),
        hold("notification", ["contact_id", "clinic_id"], "contact"),
        migrations.AddField(
            model_name="notification",
            name="line",
            field=models.CharField(
                db_default="email", help_text="Contact.line when it was planned", max_length=270
            ),
        ),
        migrations.RemoveConstraint(model_name="notification", name="told_once_per_step"),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(
                fields=("alert", "step", "recipient", "contact"),
                name="told_once_per_step",
                nulls_distinct=False,
            ),
        ),
    ]
