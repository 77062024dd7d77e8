"""Who is on call: a weekly pattern and what replaces it, one person of each level at a time; and the nightly check."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Now

from recovery.migrations._walls import allow_only, hold, revoke

LEVELS = [(1, "First on call"), (2, "Second on call")]


def no_overlap(table: str, name: str, when: str) -> migrations.RunSQL:
    """Of one team and level no two that have not ended share a minute."""
    return migrations.RunSQL(
        f"ALTER TABLE recovery_{table} ADD CONSTRAINT {name} EXCLUDE USING gist ("
        f"int8range(team_id, team_id, '[]') WITH &&, int4range(level, level, '[]') WITH &&, {when} WITH &&)"
        " WHERE (ended_at IS NULL)",
        f"ALTER TABLE recovery_{table} DROP CONSTRAINT {name}",
    )


def person(**options: object) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, **options
    )


def parent(of: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=of
    )


def planned() -> list[tuple[str, models.Field]]:
    return [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        ("clinic", parent("recovery.clinic")),
        ("team", parent("recovery.careteam")),
        ("level", models.PositiveSmallIntegerField(choices=LEVELS)),
        ("user", person()),
        ("created_at", models.DateTimeField()),
        ("created_by", person(null=True, db_index=False)),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
        ("ended_by", person(null=True, db_index=False)),
    ]


class Migration(migrations.Migration):
    dependencies = [("recovery", "0020_alerts_in_the_index_alone")]

    operations = [
        migrations.AddField(
            "careteam",
            "time_zone",
            models.CharField(
                blank=True, db_default="", help_text="Of its rota; empty: that of its clinic", max_length=64
            ),
        ),
        migrations.AddField(
            "careteam",
            "next_night_check_at",
            models.DateTimeField(
                db_default=Now(), help_text="When it is looked at next whether somebody can be reached tonight"
            ),
        ),
        migrations.AddIndex(
            "careteam", models.Index(fields=["next_night_check_at"], name="team_night_check")
        ),
        migrations.AddField(
            "membership",
            "is_lead",
            models.BooleanField(db_default=False, help_text="Told when nobody on call has acted"),
        ),
        migrations.CreateModel(
            "RotaShift",
            [
                *planned(),
                ("weekday", models.PositiveSmallIntegerField(help_text="0 is Monday")),
                ("begins_min", models.PositiveSmallIntegerField(help_text="Minutes after midnight, by the clock")),
                (
                    "lasts_min",
                    models.PositiveSmallIntegerField(help_text="Minutes, by the clock: a day at most"),
                ),
            ],
            {
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(condition=Q(level__in=[1, 2]), name="shift_level_known"),
                    models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday_known"),
                    models.CheckConstraint(
                        condition=Q(begins_min__lt=1440, lasts_min__range=(1, 1440)), name="shift_within_a_day"
                    ),
                ],
                "indexes": [models.Index(fields=["team"], condition=Q(ended_at=None), name="shift_planned")],
            },
        ),
        migrations.CreateModel(
            "RotaOverride",
            [*planned(), ("from_at", models.DateTimeField()), ("until_at", models.DateTimeField())],
            {
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(condition=Q(level__in=[1, 2]), name="override_level_known"),
                    models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="override_has_length"),
                ],
                "indexes": [
                    models.Index(
                        fields=["team", "until_at"], condition=Q(ended_at=None), name="override_planned"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "NightCheck",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("clinic", parent("recovery.clinic")),
                ("team", parent("recovery.careteam")),
                ("night_on", models.DateField(help_text="The day on which the night begins, where the team is")),
                ("checked_at", models.DateTimeField()),
                (
                    "covered",
                    models.BooleanField(help_text="Somebody who can be reached is on call all night"),
                ),
                (
                    "unreachable",
                    models.PositiveSmallIntegerField(help_text="Members of the team without a working channel"),
                ),
            ],
            {
                "constraints": [
                    models.UniqueConstraint(fields=["team", "night_on"], name="night_checked_once")
                ]
            },
        ),
        # A shift late on Sunday reaches into Monday: it is also looked at as one that begins a week earlier.
        no_overlap(
            "rotashift",
            "one_shift_at_a_time",
            "int4multirange("
            "int4range(weekday * 1440 + begins_min, weekday * 1440 + begins_min + lasts_min), "
            "int4range(weekday * 1440 + begins_min - 10080, weekday * 1440 + begins_min + lasts_min - 10080))",
        ),
        no_overlap("rotaoverride", "one_override_at_a_time", "tstzrange(from_at, until_at)"),
        *(
            step
            for table in ("rotashift", "rotaoverride", "nightcheck")
            for step in (hold(table, ["team_id", "clinic_id"], "careteam"), revoke("DELETE", table))
        ),
        allow_only(["ended_at", "ended_by_id"], "rotashift"),
        allow_only(["ended_at", "ended_by_id"], "rotaoverride"),
        revoke("UPDATE", "nightcheck"),
    ]
