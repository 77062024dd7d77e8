"""How patients wish to be reminded and what became of each reminder; what is known of a silence; whose name is told."""

import datetime
import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

from recovery.migrations._walls import hold, revoke

CHANNELS = [("none", "No reminders"), ("app", "In the app"), ("email", "By e-mail"), ("sms", "By text message")]


def held(to, **options):
    return models.ForeignKey(
        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to=f"recovery.{to}", **options
    )


def of_episode(name):
    return models.OneToOneField(
        db_constraint=False,
        on_delete=django.db.models.deletion.PROTECT,
        primary_key=True,
        related_name=name,
        serialize=False,
        to="recovery.episode",
    )


class Migration(migrations.Migration):
    dependencies = [("recovery", "0024_escalation")]

    operations = [
        migrations.CreateModel(
            name="Preferences",
            fields=[
                ("episode", of_episode("preferences")),
                ("channel", models.CharField(choices=CHANNELS, default="app", max_length=10)),
                (
                    "sealed_address",
                    models.TextField(blank=True, default="", help_text="E-mail or number in E.164, encrypted"),
                ),
                ("remind_at", models.TimeField(default=datetime.time(10, 0))),
                (
                    "repeats",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="How often again while nobody has answered"
                    ),
                ),
                ("quiet_from", models.TimeField(default=datetime.time(21, 0))),
                (
                    "quiet_until",
                    models.TimeField(default=datetime.time(8, 0), help_text="The same as from: no quiet hours"),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "next_at",
                    models.DateTimeField(blank=True, help_text="When the next reminder is due", null=True),
                ),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                ("retry_at", models.DateTimeField(blank=True, help_text="Back-off, in real time", null=True)),
                ("clinic", held("clinic", db_index=False, related_name="+")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="reminder_due"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(channel__in=["none", "app", "email", "sms"]), name="reminder_channel_known"
                    ),
                    models.CheckConstraint(
                        condition=(Q(channel__in=["email", "sms"]) & ~Q(sealed_address=""))
                        | Q(channel__in=["none", "app"], sealed_address=""),
                        name="reminders_have_an_address",
                    ),
                    models.CheckConstraint(condition=Q(repeats__lte=2), name="reminders_within_reason"),
                    models.CheckConstraint(
                        condition=Q(next_at=None) | ~Q(channel="none"), name="nobody_is_reminded_who_wants_none"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("slot", models.CharField(max_length=8)),
                ("channel", models.CharField(choices=CHANNELS, max_length=10)),
                (
                    "since",
                    models.DateTimeField(help_text="When its slot opened: a check-in from then on answers it"),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="The time that was picked; after an outage the latest that had passed"
                    ),
                ),
                ("planned_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(help_text="When its slot closes")),
                (
                    "fetched_at",
                    models.DateTimeField(blank=True, help_text="When an app first asked for it", null=True),
                ),
                (
                    "shown_at",
                    models.DateTimeField(blank=True, help_text="When the app says it was shown", null=True),
                ),
                (
                    "opened_at",
                    models.DateTimeField(blank=True, help_text="When the app says it was tapped", null=True),
                ),
                ("clinic", held("clinic", db_index=False, related_name="+")),
                ("episode", held("episode", db_index=False, related_name="reminders")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["episode", "due_at"], name="reminded_once"),
                    models.CheckConstraint(
                        condition=Q(channel__in=["app", "email", "sms"]), name="reminded_somewhere"
                    ),
                    models.CheckConstraint(
                        condition=Q(due_at__gte=F("since"), due_at__lt=F("expires_at")),
                        name="reminded_inside_the_slot",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PhoneSign",
            fields=[
                ("episode", of_episode("phone_sign")),
                ("heard_at", models.DateTimeField()),
                ("form_opened_at", models.DateTimeField(blank=True, null=True)),
                ("clinic", held("clinic", db_index=False, related_name="+")),
            ],
        ),
        *(hold(table, ["episode_id", "clinic_id"], "episode") for table in ("preferences", "reminder", "phonesign")),
        *(revoke("DELETE", table) for table in ("preferences", "reminder", "phonesign")),
        migrations.AddField(
            "assessment",
            "silence",
            models.JSONField(
                help_text="Of a closed slot: what is known of the phone and of the reminders (silence/why.py)",
                null=True,
            ),
        ),
        migrations.AddField(
            "clinic",
            "names_staff",
            models.BooleanField(
                db_default=False,
                help_text="Patients are told the name, not only the role, of who has seen their report",
            ),
        ),
    ]
