from django.db import migrations, models


class Migration(migrations.Migration):
    """How a patient wishes to be called."""

    dependencies = [("recovery", "0017_alert_budget")]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="call_first",
            field=models.CharField(
                choices=[("patient", "The patient"), ("caregiver", "The caregiver")],
                db_default="patient",
                default="patient",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="call_notes",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="When and how to call: after ten, hard of hearing, needs an interpreter",
                max_length=200,
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("call_first", "patient"))
                | models.Q(("call_first", "caregiver"), models.Q(("caregiver_phone", ""), _negated=True)),
                name="who_is_called_first_has_a_number",
            ),
        ),
    ]
