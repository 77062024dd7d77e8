from django.db import migrations, models


class Migration(migrations.Migration):
    """Silence is judged anew when the record behind it is corrected: at most one current verdict for each slot."""

    dependencies = [("recovery", "0010_who_could_not_be_told")]

    operations = [
        migrations.RemoveConstraint(model_name="assessment", name="silence_once_per_slot"),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True), ("silent_slot__isnull", False)),
                fields=("episode", "silent_slot"),
                name="silence_once_per_slot",
            ),
        ),
    ]
