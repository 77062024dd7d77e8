"""Alerts whose owner has left are found by an index, owner by owner."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0014_untold_by_index")]

    operations = [
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=models.Q(status="acknowledged", tier__gte=3),
                fields=["team", "owner"],
                name="alert_taken_on",
            ),
        ),
    ]
