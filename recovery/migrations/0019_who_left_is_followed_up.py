"""What only somebody who has left was told of is found by an index, once for each who leaves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0018_how_to_call")]

    operations = [
        migrations.AddField(
            "membership",
            "followed_up_at",
            models.DateTimeField(
                blank=True,
                help_text="When, after they left, nothing was owed any more that they alone were told",
                null=True,
            ),
        ),
        migrations.AddIndex(
            "membership",
            models.Index(
                condition=models.Q(ended_at__isnull=False, followed_up_at=None),
                fields=["team"],
                name="membership_left",
            ),
        ),
        migrations.AddIndex(
            "membership",
            models.Index(
                condition=models.Q(ended_at=None, followed_up_at__isnull=False),
                fields=["user"],
                name="membership_locked_out",
            ),
        ),
        migrations.AddIndex(
            "user",
            models.Index(condition=models.Q(is_active=False), fields=["id"], name="user_locked_out"),
        ),
    ]
