"""The board reads what lives from an index alone, and finds the few that could not be told without asking for each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0019_who_left_is_followed_up"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="alert",
            name="alert_board",
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("status__in", ["open", "acknowledged"])),
                fields=["team", "-tier", "tier_at"],
                include=("id", "status", "episode", "rule", "contacted_at", "owner", "asked", "changed_at"),
                name="alert_board",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("status", "failed")), fields=["alert"], name="notification_failed"
            ),
        ),
    ]
