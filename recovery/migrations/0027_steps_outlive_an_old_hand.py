"""An older version of the service, while it is still running, ends an alert and knows nothing of its steps: that must not
fail. The watch clears what it leaves."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("recovery", "0026_staff")]

    operations = [
        migrations.RemoveConstraint("alert", "steps_while_it_lives"),
        migrations.AddConstraint(
            "alert",
            models.CheckConstraint(
                condition=Q(next_step_at=None) | Q(lap_at__isnull=False, tier__gte=2), name="steps_have_a_lap"
            ),
        ),
    ]
