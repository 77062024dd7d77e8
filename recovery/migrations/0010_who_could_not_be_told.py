from django.db import migrations, models


class Migration(migrations.Migration):
    """The history of an alert says, too, who could not be told. In the database nothing changes."""

    dependencies = [("recovery", "0009_tries_at_signing_in")]

    operations = [
        migrations.AlterField(
            model_name="alertevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("opened", "Opened"),
                    ("joined", "Reported again"),
                    ("raised", "Raised"),
                    ("changed", "Patient changed the answer"),
                    ("told", "Team told"),
                    ("untold", "Could not be told"),
                    ("acknowledged", "Taken on"),
                    ("contacted", "Contact recorded"),
                    ("noted", "Note"),
                    ("muted", "Muted until a date"),
                    ("closed", "Closed"),
                    ("resolved", "Resolved itself"),
                ],
                max_length=16,
            ),
        ),
    ]
