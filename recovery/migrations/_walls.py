"""Building stones of the migrations that put up walls (0002 and later ones with new tables)."""

from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql


def hold(table: str, columns: list[str], parent: str) -> migrations.RunSQL:
    """A composite foreign key: the first column with the others must exist as id with them in the parent."""
    name = f"{table}_within_{'_'.join(column.removesuffix('_id') for column in columns)}"
    target = ["id", *columns[1:]]
    return migrations.RunSQL(
        f"ALTER TABLE recovery_{table} ADD CONSTRAINT {name} FOREIGN KEY ({', '.join(columns)}) "
        f"REFERENCES recovery_{parent} ({', '.join(target)})",
        f"ALTER TABLE recovery_{table} DROP CONSTRAINT {name}",
    )


def revoke(privileges: str, table: str) -> migrations.RunPython:
    """Take privileges on a table from the application's role."""
    return _as_owner(f"REVOKE {privileges} ON recovery_{table} FROM {{app}}")


def allow_only(columns: list[str], table: str) -> migrations.RunPython:
    """Let the application's role change these columns of a table and no others."""
    return _as_owner(
        f"REVOKE UPDATE ON recovery_{table} FROM {{app}}",
        f"GRANT UPDATE ({', '.join(columns)}) ON recovery_{table} TO {{app}}",
    )


def execute(*statements: str) -> migrations.RunPython:
    """Statements of the owner's, in which {app} stands for the application's role."""
    return _as_owner(*statements)


FENCE = "within_clinic"
"""The name of the policy, on every table."""


def fence(table: str, column: str = "clinic_id", *, or_none: bool = False) -> migrations.RunSQL:
    """The second wall (ADR 31): rows of clinics that are not in context are not there, and cannot be written. With
    `or_none`, rows of no clinic are everybody's."""
    return migrations.RunSQL(
        [*policy(table, column, or_none=or_none), f"ALTER TABLE recovery_{table} ENABLE ROW LEVEL SECURITY"],
        [
            f"ALTER TABLE recovery_{table} DISABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS {FENCE} ON recovery_{table}",
        ],
    )


def policy(table: str, column: str = "clinic_id", *, or_none: bool = False) -> list[Any]:
    """What the fence stands by. Each SELECT is evaluated once for a statement, not for each row."""
    none = f"{column} IS NULL OR " if or_none else ""
    within = f"(SELECT recovery_every_clinic()) OR {column} = ANY ((SELECT recovery_clinics())::bigint[])"
    return [
        f"DROP POLICY IF EXISTS {FENCE} ON recovery_{table}",
        f"CREATE POLICY {FENCE} ON recovery_{table} USING ({none}{within})",
    ]


def _as_owner(*statements: str) -> migrations.RunPython:
    def run(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
        app = sql.Identifier(settings.DATABASE_APP_ROLE)
        with schema_editor.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(sql.SQL(statement).format(app=app))

    return migrations.RunPython(run, migrations.RunPython.noop)
