"""Sealed, a note is longer than what it says."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0029_one_person")]

    operations = [
        migrations.AlterField(
            model_name="patient",
            name="call_notes",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="When and how to call: after ten, hard of hearing, needs an interpreter",
            ),
        ),
    ]
