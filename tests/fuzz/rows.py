"""What is stored of a clinic, as fingerprints: to see that others leave it as it is."""

import psycopg
from psycopg import sql

from tests.fuzz.people import People

TABLES = "SELECT table_name FROM information_schema.columns WHERE column_name = 'clinic_id' AND table_schema = 'public'"
ROWS = (
    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t WHERE clinic_id = %s"
)


def of_clinic(database: psycopg.Connection, people: People, patient: str) -> dict[str, str]:
    """By table, of the clinic of a patient."""
    (clinic,) = database.execute(
        "SELECT clinic_id FROM recovery_patient WHERE hospital_number = %s", [people.words[patient][1]]
    ).fetchone() or (None,)
    assert clinic
    prints = {}
    for (table,) in database.execute(TABLES).fetchall():
        rows = sql.SQL(ROWS).format(table=sql.Identifier(table))
        prints[table] = str((database.execute(rows, [clinic]).fetchone() or ("",))[0])
    return prints
