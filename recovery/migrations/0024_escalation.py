"""Nobody acts: the next ones are told, step by step, and at last everybody. A policy for each care team, in versions that
never change; each alert carries the one that it was opened under, and when its next step is due."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from recovery.migrations._walls import hold, revoke

KINDS = [
    ("opened", "Opened"),
    ("joined", "Reported again"),
    ("raised", "Raised"),
    ("changed", "Patient changed the answer"),
    ("told", "Team told"),
    ("untold", "Could not be told"),
    ("acknowledged", "Taken on"),
    ("asked", "A colleague was asked to take it on"),
    ("taken-over", "Taken over from a colleague"),
    ("escalated", "Nobody acted: the next ones told"),
    ("reminded", "Owner reminded"),
    ("given-back", "Given back to the queue"),
    ("contacted", "Contact recorded"),
    ("noted", "Note"),
    ("muted", "Muted until a date"),
    ("noise", "Called noise, or no longer"),
    ("closed", "Closed"),
    ("resolved", "Resolved itself"),
]


class Migration(migrations.Migration):
    dependencies = [("recovery", "0023_the_watcher_is_watched")]

    operations = [
        migrations.CreateModel(
            name="EscalationPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("version", models.PositiveIntegerField(help_text="Counted from 1 for each team")),
                (
                    "document",
                    models.JSONField(
                        help_text="Tier by tier, as escalation/policy.py reads it; empty: back to the defaults",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="recovery.clinic",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="escalation_policies",
                        to="recovery.careteam",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("team", "version"), name="policy_version_once"),
                    models.CheckConstraint(condition=Q(("version__gte", 1)), name="policy_version_from_1"),
                ],
            },
        ),
        hold("escalationpolicy", ["team_id", "clinic_id"], "careteam"),
        revoke("UPDATE, DELETE", "escalationpolicy"),
        migrations.AddField(
            "alert",
            "escalation",
            models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="The policy that it was opened under, from its tier upwards (escalation/policy.py)",
            ),
        ),
        migrations.AddField(
            "alert",
            "lap",
            models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="How often its steps began anew: raised, given back, round by round",
            ),
        ),
        migrations.AddField(
            "alert",
            "lap_at",
            models.DateTimeField(blank=True, help_text="From when the waits of its steps count", null=True),
        ),
        migrations.AddField(
            "alert",
            "step",
            models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How many steps of this lap were taken"
            ),
        ),
        migrations.AddField(
            "alert",
            "next_step_at",
            models.DateTimeField(blank=True, help_text="When its next step is due; empty: none is", null=True),
        ),
        migrations.AlterField("alertevent", "kind", models.CharField(choices=KINDS, max_length=16)),
        migrations.AddConstraint(
            "alert",
            models.CheckConstraint(
                condition=Q(next_step_at=None)
                | Q(lap_at__isnull=False, status__in=["open", "acknowledged"], tier__gte=2),
                name="steps_while_it_lives",
            ),
        ),
        migrations.RemoveIndex("alert", "alert_taken_on"),
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=Q(("status", "acknowledged"), ("tier__gte", 2)),
                fields=["team", "owner"],
                name="alert_in_hands",
            ),
        ),
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=Q(("next_step_at__isnull", False)),
                fields=["-tier", "next_step_at"],
                name="alert_step_due",
            ),
        ),
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=Q(tier__gte=2, next_step_at=None)
                & (Q(status="open") | Q(status="acknowledged", contacted_at=None)),
                fields=["id"],
                name="alert_without_step",
            ),
        ),
    ]
