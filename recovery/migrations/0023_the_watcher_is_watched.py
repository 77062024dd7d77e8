"""What the auditor found and what it looked at, the canary patients, and what each program drained last."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from recovery.migrations._walls import hold, revoke

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [("recovery", "0022_letters")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "program",
                    models.CharField(
                        help_text="watch, worker, sender-email ...", max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("due_at", models.DateTimeField(help_text="When it is owed again")),
                ("drained_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("what", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("count", models.BigIntegerField(default=0)),
                ("last_at", models.DateTimeField(help_text="Real time, by the database's clock")),
            ],
        ),
        migrations.CreateModel(
            name="AuditRun",
            fields=[
                ID,
                ("started_at", models.DateTimeField()),
                ("took_ms", models.PositiveIntegerField()),
                ("found", models.PositiveIntegerField(help_text="Defects that stand after this run")),
                ("late", models.JSONField(default=list, help_text="Checks that did not end in time")),
                (
                    "sweeps",
                    models.JSONField(
                        default=dict,
                        help_text="How far each rotating check has come, and how often it came round",
                    ),
                ),
                (
                    "seen_assessment",
                    models.BigIntegerField(default=0, help_text="What is later is looked at first, the next time"),
                ),
                (
                    "pinged_at",
                    models.DateTimeField(
                        blank=True, help_text="When the outside was told that all is well", null=True
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(pinged_at=None) | Q(found=0, pinged_at__gte=F("started_at")),
                        name="pinged_only_while_all_is_well",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Defect",
            fields=[
                ID,
                ("kind", models.CharField(max_length=40)),
                (
                    "place",
                    models.BigIntegerField(help_text="Id of the row that it is about; 0: of the service itself"),
                ),
                (
                    "detail",
                    models.CharField(
                        blank=True, help_text="Rule, step or program; no name, no answer", max_length=200
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("gone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "clinic",
                    models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="recovery.clinic"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["found_at"], name="defect_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(gone_at=None), fields=["kind", "place", "detail"], name="a_defect_stands_once"
                    ),
                ],
            },
        ),
        revoke("DELETE", "defect"),
        migrations.CreateModel(
            name="Canary",
            fields=[
                ID,
                ("sealed_token", models.TextField(blank=True, help_text="Of its phone, encrypted")),
                (
                    "began_at",
                    models.DateTimeField(
                        blank=True, help_text="When this recovery of it began; real time", null=True
                    ),
                ),
                (
                    "clinic",
                    models.OneToOneField(on_delete=PROTECT, related_name="canary", to="recovery.clinic"),
                ),
                (
                    "team",
                    models.OneToOneField(on_delete=PROTECT, related_name="canary", to="recovery.careteam"),
                ),
                (
                    "user",
                    models.OneToOneField(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "episode",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=PROTECT,
                        related_name="+",
                        to="recovery.episode",
                    ),
                ),
            ],
        ),
        hold("canary", ["team_id", "clinic_id"], "careteam"),
        hold("canary", ["episode_id", "clinic_id"], "episode"),
        revoke("DELETE", "canary"),
        migrations.CreateModel(
            name="CanaryRun",
            fields=[
                ID,
                (
                    "round",
                    models.BigIntegerField(
                        help_text="Number of the period since 1970: each has one run, whoever begins it"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("client_id", models.UUIDField(blank=True, help_text="Of its check-in", null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("arrived", "Arrived"), ("absent", "Did not arrive in time")],
                        max_length=8,
                    ),
                ),
                ("took_ms", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "flagged_by",
                    models.CharField(blank=True, help_text="The road: celery or watch", max_length=8),
                ),
                ("sent_by", models.CharField(blank=True, max_length=8)),
                (
                    "fault",
                    models.CharField(
                        blank=True, help_text="What went wrong, by class or code; never a text", max_length=100
                    ),
                ),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False, on_delete=PROTECT, related_name="+", to="recovery.clinic"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["clinic", "round"], name="one_canary_run_per_round"),
                    models.CheckConstraint(
                        condition=Q(ended_at=None, outcome="")
                        | Q(ended_at__isnull=False, outcome__in=["arrived", "absent"]),
                        name="canary_run_ends_with_an_outcome",
                    ),
                ],
            },
        ),
        revoke("DELETE", "canaryrun"),
        migrations.AddIndex(
            "assessment",
            models.Index(fields=["id"], condition=Q(tier__gte=3), name="assessment_urgent"),
        ),
    ]
