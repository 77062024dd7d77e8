"""A copy of the database has no session in it that could be used (recovery/dashboard/sessions.py); and a session opens
clinics at the second wall only once both factors were given (ADR 31)."""

from importlib import import_module

from django.db import migrations, models

BEFORE = import_module("recovery.migrations.0036_the_second_wall")

# What is in the cookie of whoever is signed in opens their session further on: its name is made of it. Which of those
# that began before gave both factors is sealed in them; the pages have asked for the second as ever.
BY_NAME = """
    UPDATE recovery_staffsession SET is_whole = true,
           session_key = left(encode(sha256(convert_to(session_key, 'UTF8')), 'hex'), 40)
     WHERE length(session_key) = 32
"""

SESSION = "session(key text)"
OF_WHOLE = BEFORE.WAYS[SESSION].replace("s.session_key = $1", "s.session_key = $1 AND s.is_whole")


class Migration(migrations.Migration):
    dependencies = [("recovery", "0036_the_second_wall")]

    operations = [
        migrations.AddField(
            "staffsession",
            "is_whole",
            models.BooleanField(
                db_default=False, help_text="Both factors were given. What is not opens no clinic (ADR 31)"
            ),
        ),
        migrations.RunSQL(BY_NAME, reverse_sql="DELETE FROM recovery_staffsession"),
        migrations.RunSQL(BEFORE.way(SESSION, OF_WHOLE), BEFORE.way(SESSION, BEFORE.WAYS[SESSION])),
    ]
