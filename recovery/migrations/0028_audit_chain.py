"""What is remembered of a deed or a look names its request, its browser and its recovery, and is bound into a chain."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Cast

from recovery.migrations._walls import hold, revoke

THIS_TRANSACTION = Cast(
    Cast(models.Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField()
)


class Migration(migrations.Migration):
    dependencies = [("recovery", "0027_steps_outlive_an_old_hand")]

    operations = [
        migrations.CreateModel(
            name="AuditBatch",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("after_id", models.BigIntegerField()),
                ("up_to_id", models.BigIntegerField()),
                ("from_xact", models.BigIntegerField()),
                ("until_xact", models.BigIntegerField(help_text="The first transaction that is not of it")),
                ("rows", models.PositiveIntegerField()),
                ("digest", models.CharField(help_text="SHA-256 of the rows", max_length=64)),
                (
                    "seal",
                    models.CharField(
                        help_text="HMAC-SHA-256 of the batch and the seal before it", max_length=64
                    ),
                ),
                ("made_at", models.DateTimeField(help_text="Real time")),
            ],
        ),
        migrations.AddField(
            model_name="auditevent",
            name="browser",
            field=models.CharField(
                blank=True, db_default="", help_text="A word for the session", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="episode",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="recovery.episode",
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="request_id",
            field=models.CharField(blank=True, db_default="", max_length=32),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="xact",
            field=models.BigIntegerField(
                db_default=THIS_TRANSACTION,
                editable=False,
                help_text="The transaction that wrote it; the chain's order",
            ),
        ),
        migrations.AddIndex("auditevent", models.Index(fields=["xact"], name="audit_by_xact")),
        migrations.AddIndex(
            "auditevent",
            models.Index(
                fields=["episode", "at"],
                condition=models.Q(("user__isnull", False)),
                name="audit_by_episode",
            ),
        ),
        hold("auditevent", ["episode_id", "clinic_id"], "episode"),
        revoke("UPDATE, DELETE, TRUNCATE", "auditbatch"),
    ]
