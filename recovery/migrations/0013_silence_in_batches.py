"""What silence counts stands in an index alone, and a recovery can be extended past its last slot."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0012_contacts")]

    operations = [
        migrations.RemoveIndex("checkin", "check_in_history"),
        migrations.AddIndex(
            "checkin",
            models.Index(
                fields=["episode", "effective_at", "client_id"],
                include=["status", "withdrawn_at"],
                name="check_in_history",
            ),
        ),
        migrations.AddField(
            "episode",
            "extended_until",
            models.DateTimeField(
                null=True, blank=True, help_text="When it ends, if later than the last slot closes"
            ),
        ),
    ]
