"""What a team means to work on; and the alerts of a period are found by an index, however many came before."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("recovery", "0016_handed_over_and_noise")]

    operations = [
        migrations.AddField(
            "careteam",
            "alert_budget",
            models.PositiveSmallIntegerField(
                db_default=30,
                help_text="Alerts for each 100 check-ins that the team means to work on (ADR 17)",
            ),
        ),
        migrations.AddConstraint(
            "careteam",
            models.CheckConstraint(condition=Q(alert_budget__range=(1, 300)), name="alert_budget_in_range"),
        ),
        migrations.AddIndex("alert", models.Index(fields=["team", "opened_at"], name="alert_by_opening")),
    ]
