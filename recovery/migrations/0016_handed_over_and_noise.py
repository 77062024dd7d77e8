"""A colleague is asked to take an alert on, or over; and an alert can be called noise."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

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
    ("contacted", "Contact recorded"),
    ("noted", "Note"),
    ("muted", "Muted until a date"),
    ("noise", "Called noise, or no longer"),
    ("closed", "Closed"),
    ("resolved", "Resolved itself"),
]
NOISE = [
    ("expected", "Known and expected in this patient"),
    ("mistake", "An answer was given by mistake"),
    ("double", "Already dealt with under another alert"),
    ("nothing-to-do", "True, but nothing had to be done"),
    ("fault", "A fault of the phone or the app"),
    ("other", "Another reason"),
]


class Migration(migrations.Migration):
    dependencies = [("recovery", "0015_taken_on_by_index")]

    operations = [
        migrations.AlterField("alertevent", "kind", models.CharField(choices=KINDS, max_length=16)),
        migrations.AlterField(
            "alert",
            "acknowledged_at",
            models.DateTimeField(blank=True, help_text="When it was first taken on", null=True),
        ),
        migrations.AddField(
            "alert",
            "taken_over_at",
            models.DateTimeField(
                blank=True, help_text="When its owner took it over from a colleague", null=True
            ),
        ),
        migrations.AddField(
            "alert",
            "asked",
            models.ForeignKey(
                db_index=False,
                help_text="Who was asked to take it on, or over, and has not yet",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("alert", "asked_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "alert",
            "noise",
            models.CharField(
                blank=True,
                choices=NOISE,
                db_default="",
                help_text="Why it was noise; empty: it was not",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            "notification",
            "step",
            models.CharField(help_text="Why: opened, raised-<tier>, repeat-<n>, asked-<n>", max_length=24),
        ),
        migrations.AddConstraint(
            "alert",
            models.CheckConstraint(
                condition=Q(asked=None, asked_at=None)
                | Q(asked__isnull=False, asked_at__isnull=False, status__in=["open", "acknowledged"]),
                name="asked_while_it_lives",
            ),
        ),
        migrations.AddConstraint(
            "alert",
            models.CheckConstraint(
                condition=Q(noise__in=["", *(code for code, _ in NOISE)]), name="alert_noise_known"
            ),
        ),
        migrations.AddConstraint(
            "alert",
            models.CheckConstraint(
                condition=Q(noise="") | ~Q(outcome="sent-to-emergency"), name="an_emergency_was_no_noise"
            ),
        ),
    ]
