"""Messages about no alert; text messages, and what a provider says became of a message; contacts that are tested."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from recovery.migrations._walls import allow_only, hold, revoke

CHANNELS = [("email", "E-mail"), ("sms", "Text message"), ("webhook", "Webhook")]
STATUSES = [
    ("waiting", "Waiting to be sent"),
    ("sending", "Being sent"),
    ("sent", "Sent"),
    ("delivered", "Delivered"),
    ("failed", "Could not be sent"),
    ("dropped", "No longer needed"),
]
RANK = "How far its provider says it came (notifications/receipts.py); only grows"

# What a letter says and to whom is never rewritten; only what became of it moves.
LETTER_MAY_CHANGE = [
    "status", "attempts", "next_attempt_at", "sent_at", "delivered_at", "opened_at", "provider_id", "provider_rank",
    "last_error", "sealed_code",
]  # fmt: skip


def held(to: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to=f"recovery.{to}", **options
    )


class Migration(migrations.Migration):
    dependencies = [("recovery", "0021_rota")]

    operations = [
        migrations.AlterField("contact", "channel", models.CharField(choices=CHANNELS, max_length=10)),
        migrations.AlterField(
            "contact",
            "address",
            models.CharField(help_text="E-mail address, number in E.164, or URL", max_length=500),
        ),
        migrations.AlterField("notification", "channel", models.CharField(choices=CHANNELS, max_length=10)),
        migrations.AddField(
            "contact",
            "code_hash",
            models.CharField(blank=True, db_default="", help_text="Of the last code sent there", max_length=64),
        ),
        migrations.AddField("contact", "code_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "contact",
            "code_tries",
            models.PositiveSmallIntegerField(db_default=0, default=0, help_text="Wrong ones, of that code"),
        ),
        migrations.AddField(
            "contact",
            "tested_at",
            models.DateTimeField(blank=True, help_text="When the last test was planned", null=True),
        ),
        migrations.AddField(
            "contact",
            "answered_at",
            models.DateTimeField(blank=True, help_text="When a test was last answered", null=True),
        ),
        migrations.AddField(
            "contact", "next_test_at", models.DateTimeField(blank=True, help_text="Of one in use", null=True)
        ),
        migrations.RemoveConstraint("contact", "contact_channel_known"),
        migrations.AddConstraint(
            "contact",
            models.CheckConstraint(
                condition=Q(channel__in=["email", "sms", "webhook"]), name="contact_channel_known"
            ),
        ),
        migrations.AddConstraint(
            "contact",
            models.CheckConstraint(
                condition=~Q(channel="sms") | Q(address__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="sms_goes_to_a_number",
            ),
        ),
        migrations.AddConstraint(
            "contact",
            models.CheckConstraint(
                condition=Q(code_hash="", code_until=None) | (~Q(code_hash="") & Q(code_until__isnull=False)),
                name="contact_code_has_an_end",
            ),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["next_test_at"],
                condition=Q(ended_at=None, next_test_at__isnull=False),
                name="contact_test_due",
            ),
        ),
        migrations.AddField(
            "notification",
            "provider_rank",
            models.PositiveSmallIntegerField(db_default=0, default=0, help_text=RANK),
        ),
        migrations.AddField(
            "notification",
            "delivered_at",
            models.DateTimeField(blank=True, help_text="When its provider said so", null=True),
        ),
        migrations.AddConstraint(
            "notification",
            models.CheckConstraint(condition=Q(delivered_at=None) | Q(status="sent"), name="delivered_when_sent"),
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("clinic", held("clinic", db_index=False, related_name="+")),
                ("kind", models.CharField(help_text="One of notifications/wording.py", max_length=24)),
                (
                    "key",
                    models.CharField(
                        help_text="What it is about, in the words of who plans it: told once", max_length=200
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("contact", held("contact", null=True, related_name="letters")),
                ("episode", held("episode", null=True, related_name="letters")),
                ("channel", models.CharField(choices=CHANNELS, max_length=10)),
                ("line", models.CharField(help_text="The provider that it goes through", max_length=270)),
                (
                    "sealed_address",
                    models.TextField(blank=True, db_default="", help_text="Of a patient, encrypted"),
                ),
                (
                    "sealed_code",
                    models.TextField(blank=True, db_default="", help_text="Encrypted; forgotten once it has ended"),
                ),
                (
                    "detail",
                    models.JSONField(
                        default=dict, help_text="What its words leave open; of no health and nobody's name"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, help_text="From then on it is of no use to anybody", null=True
                    ),
                ),
                (
                    "status",
                    models.CharField(choices=STATUSES, db_default="waiting", default="waiting", max_length=10),
                ),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(help_text="Not before this, or when its lease runs out; real time"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "delivered_at",
                    models.DateTimeField(blank=True, help_text="When its provider said so", null=True),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        blank=True, help_text="When whoever it is for was seen to have it", null=True
                    ),
                ),
                ("provider_id", models.CharField(blank=True, db_default="", max_length=200)),
                (
                    "provider_rank",
                    models.PositiveSmallIntegerField(db_default=0, default=0, help_text=RANK),
                ),
                (
                    "last_error",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Code or class of the error; never its text",
                        max_length=100,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["clinic", "kind", "key"], name="letter_once"),
                    models.CheckConstraint(
                        condition=Q(user=None, contact=None, episode__isnull=False)
                        | Q(user__isnull=False, episode=None, sealed_address=""),
                        name="letter_to_staff_or_patient",
                    ),
                    models.CheckConstraint(
                        condition=Q(sent_at__isnull=False, status__in=["sent", "delivered"])
                        | (~Q(status__in=["sent", "delivered"]) & Q(sent_at=None)),
                        name="letter_sent_at_when_sent",
                    ),
                    models.CheckConstraint(
                        condition=Q(status__in=[code for code, _ in STATUSES]), name="letter_status_known"
                    ),
                ],
                "indexes": [
                    models.Index(
                        fields=["due_at"], condition=Q(status__in=["waiting", "sending"]), name="letter_due"
                    )
                ],
            },
        ),
        hold("letter", ["contact_id", "clinic_id"], "contact"),
        hold("letter", ["episode_id", "clinic_id"], "episode"),
        revoke("DELETE", "letter"),
        allow_only(LETTER_MAY_CHANGE, "letter"),
    ]
