"""The rules of the database that keep wrong rows out: each that the models name is there, is valid, and is not for the
application to take away. Asked of the catalogue, so that it holds whatever the migrations say they did."""

from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.db import connection

from recovery.auditor.findings import Found
from recovery.models.tenancy import UNFENCED

APPEND_ONLY = {
    "recovery_assessment": ("DELETE", "TRUNCATE"),
    "recovery_checkin": ("DELETE", "TRUNCATE"),
    "recovery_checkinrevision": ("UPDATE", "DELETE", "TRUNCATE"),
    "recovery_alert": ("DELETE", "TRUNCATE"),
    "recovery_alertevent": ("UPDATE", "DELETE", "TRUNCATE"),
    "recovery_notification": ("DELETE", "TRUNCATE"),
    "recovery_auditevent": ("UPDATE", "DELETE", "TRUNCATE"),
    "recovery_auditbatch": ("UPDATE", "DELETE", "TRUNCATE"),
    "recovery_episodeevent": ("UPDATE", "DELETE", "TRUNCATE"),
}
"""What the application may not do to what has happened."""

_THERE = """
    SELECT conname FROM pg_constraint WHERE convalidated AND connamespace = 'public'::regnamespace
     UNION ALL
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indisvalid AND c.relnamespace = 'public'::regnamespace
"""
_UNFENCED = """
    SELECT c.relname FROM pg_class c
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT c.relname = ANY(%s)
       AND NOT (c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
       AND EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND NOT a.attisdropped
                      AND (a.attname = 'clinic_id' OR c.relname = 'recovery_clinic'))
    UNION ALL
    SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
"""
_MAY = """
    SELECT asked.name || ' ' || asked.privilege FROM unnest(%s::text[], %s::text[]) AS asked (name, privilege)
     WHERE has_table_privilege(asked.name, asked.privilege)
"""


def look() -> Iterator[Found]:
    with connection.cursor() as cursor:
        cursor.execute(_THERE)
        there = {name for (name,) in cursor.fetchall()}
        for name in sorted(_wanted() - there):
            yield Found("wall-down", 0, None, name)
        cursor.execute(_UNFENCED, [list(UNFENCED)])
        for (name,) in cursor.fetchall():
            yield Found("wall-down", 0, None, f"row security of {name}")
        asked = [(table, privilege) for table, all_of in APPEND_ONLY.items() for privilege in all_of]
        cursor.execute(_MAY, [[table for table, _ in asked], [privilege for _, privilege in asked]])
        for (what,) in cursor.fetchall():
            yield Found("wall-down", 0, None, what)


@cache
def _wanted() -> frozenset[str]:
    """Constraints and indexes by name, as the models have them."""
    return frozenset(
        rule.name
        for model in apps.get_app_config("recovery").get_models()
        for rule in (*model._meta.constraints, *model._meta.indexes)
    )
