"""What nobody was told of is found by an index, however many alerts are open."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0013_silence_in_batches")]

    operations = [
        migrations.AddField(
            "notification",
            "followed_up_at",
            models.DateTimeField(
                blank=True, help_text="When nothing more was owed for one that failed or was dropped", null=True
            ),
        ),
        migrations.AddIndex(
            "notification",
            models.Index(
                condition=models.Q(status__in=["failed", "dropped"], followed_up_at=None),
                fields=["id"],
                name="notification_fallen_away",
            ),
        ),
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=models.Q(status="open", told_at=None, tier__gte=3), fields=["id"], name="alert_untold"
            ),
        ),
    ]
