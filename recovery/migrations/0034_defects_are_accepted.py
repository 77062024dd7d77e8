"""What the auditor found and nobody can mend any more is accepted by an operator, with a reason."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("recovery", "0033_protocols_are_signed_off")]

    operations = [
        migrations.AddField(
            model_name="defect",
            name="accepted_at",
            field=models.DateTimeField(blank=True, help_text="From then on no alarm; another one is", null=True),
        ),
        migrations.AddField(
            model_name="defect",
            name="accepted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="defect",
            name="accepted_because",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.AddField(
            model_name="defect",
            name="accepted_as",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="A word for the rows that it is about",
                max_length=32,
            ),
        ),
        migrations.AddConstraint(
            model_name="defect",
            constraint=models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_because="", accepted_by=None)
                | (Q(accepted_at__isnull=False, accepted_by__isnull=False) & ~Q(accepted_because="")),
                name="a_defect_is_accepted_by_somebody_for_a_reason",
            ),
        ),
    ]
