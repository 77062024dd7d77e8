"""A copy of the database has no session in it that could be used (recovery/dashboard/sessions.py); and a session opens
clinics at the second wall only once both factors were given (ADR 31)."""

from importlib import import_module

from django.db import migrations, models

from recovery.migrations._walls import execute

BEFORE = import_module("recovery.migrations.0036_the_second_wall")

# What is in the cookie of whoever is signed in opens their session further on: its name is made of it. Which of those
# that began before gave both factors is sealed in them; the pages have asked for the second as ever.
BY_NAME = """
    UPDATE recovery_staffsession SET is_whole = true,
           session_key = left(encode(sha256(convert_to(session_key, 'UTF8')), 'hex'), 40)
     WHERE length(session_key) = 32
"""

SESSION = "session(key text)"
# The release before, while it still runs, begins sessions under their keys, and says of none that it is whole.
OF_WHOLE = BEFORE.WAYS[SESSION].replace(
    "s.session_key = $1", "s.session_key = $1 AND (s.is_whole OR length(s.session_key) = 32)"
)

# Who gave one factor reaches none of their clinics; what they look at is remembered in each of them.
ACCOUNT = "account(number bigint)"
OF_ACCOUNT = """
    SELECT t.clinic_id FROM recovery_membership m JOIN recovery_careteam t ON t.id = m.team_id
     WHERE m.user_id = $1 AND m.ended_at IS NULL
     UNION
    SELECT o.clinic_id FROM recovery_oversight o
     WHERE o.user_id = $1 AND o.ended_at IS NULL AND o.clinic_id IS NOT NULL
"""


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
        migrations.RunSQL(BEFORE.way(ACCOUNT, OF_ACCOUNT), "DROP FUNCTION recovery_clinics_of_account(bigint)"),
        execute(
            "REVOKE ALL ON FUNCTION recovery_clinics_of_account FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION recovery_clinics_of_account TO {app}",
        ),
    ]
