"""What is stored of a clinic, as fingerprints: to see that others leave it as it is.

That somebody tried is remembered where they tried it. Of the audit, these rows of theirs are left out, and no others:
what was refused, what was shown or pressed without being about a recovery, and what they did with their own account.
"""

import psycopg
from psycopg import sql

from tests.fuzz.people import People

TABLES = "SELECT table_name FROM information_schema.columns WHERE column_name = 'clinic_id' AND table_schema = 'public'"
ROWS = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t WHERE clinic_id = %(clinic)s"
BUT_TRIED = """
    AND (user_id = %(user)s AND (what LIKE 'refused: %%' OR episode_id IS NULL
         AND split_part(what, ': ', 1) IN ('looked', 'printed', 'changed nothing'))
         OR subject = 'user' AND subject_id = (SELECT uuid FROM recovery_user WHERE id = %(user)s)
            AND coalesce(user_id, %(user)s) = %(user)s) IS NOT TRUE
"""


def of_clinic(database: psycopg.Connection, people: People, patient: str, *, caller: str) -> dict[str, str]:
    """By table, of the clinic of a patient, but for what `caller` tried."""
    (clinic,) = database.execute(
        "SELECT clinic_id FROM recovery_patient WHERE hospital_number = %s", [people.words[patient][1]]
    ).fetchone() or (None,)
    assert clinic
    prints, values = {}, {"clinic": clinic, "user": people.users.get(caller)}
    for (table,) in database.execute(TABLES).fetchall():
        is_audit = table == "recovery_auditevent"
        rows = sql.SQL(ROWS + BUT_TRIED if is_audit else ROWS).format(table=sql.Identifier(table))
        prints[table] = str((database.execute(rows, values).fetchone() or ("",))[0])
    return prints
