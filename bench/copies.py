"""Whole populations out of one patient: rows are copied inside the database, in the order in which they would arrive.

Foreign keys are not checked while rows are copied (session_replication_role, which bench/stage.py lets the owner set);
everything else is, and every column is carried over, whichever there are.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def copying(owner_url: str) -> Iterator[psycopg.Connection]:
    """A connection as owner on which foreign keys are not checked, each statement for itself."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("SET maintenance_work_mem = '512MB'")
        yield owner


def copy(owner: psycopg.Connection, table: str, *, where: str, many: str, **instead: str) -> int:
    """Copy the rows of `table` that fit `where`, once for each row of `many` (an SQL source named `n`).

    `instead` gives an SQL expression per column; it may use `n.i` and the original as `it`.
    """
    columns = _columns(owner, table)
    unknown = set(instead) - set(columns)
    if unknown:
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
    values = [sql.SQL(instead[name]) if name in instead else sql.Identifier("it", name) for name in columns]
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} it, {many} WHERE {where}"
    )
    done = owner.execute(
        statement.format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(values),
            many=sql.SQL(many),
            where=sql.SQL(where),
        )
    )
    return done.rowcount


def settle(owner: psycopg.Connection, *tables: str) -> None:
    """After a fill: statistics are true, and no vacuum is due in a measurement."""
    go_on_behind(owner, *tables)
    for table in tables:
        owner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


def go_on_behind(owner: psycopg.Connection, *tables: str) -> None:
    """Sequences go on behind the last id that was given."""
    behind = "SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))"
    for table in tables:
        owner.execute(sql.SQL(behind).format(sql.Literal(table), sql.Identifier(table)))


@contextmanager
def without_indexes(owner: psycopg.Connection, *tables: str) -> Iterator[None]:
    """Takes the indexes of large tables away while they are filled, but for those that other tables rest on."""
    dropped = [row for table in tables for row in owner.execute(_DROPPABLE, {"table": table}).fetchall()]
    for table, name, is_constraint, _ in dropped:
        drop = "ALTER TABLE {table} DROP CONSTRAINT {name}" if is_constraint else "DROP INDEX {name}"
        owner.execute(sql.SQL(drop).format(table=sql.Identifier(table), name=sql.Identifier(name)))
    yield
    for table, name, is_constraint, definition in dropped:
        if is_constraint:
            add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
            owner.execute(add.format(sql.Identifier(table), sql.Identifier(name), sql.SQL(definition)))
        else:
            owner.execute(sql.SQL(definition))


_DROPPABLE = """
    SELECT tables.relname, names.relname, uniques.oid IS NOT NULL,
           COALESCE(pg_get_constraintdef(uniques.oid), pg_get_indexdef(names.oid))
    FROM pg_index
    JOIN pg_class tables ON tables.oid = indrelid
    JOIN pg_class names ON names.oid = indexrelid
    LEFT JOIN pg_constraint uniques ON uniques.conindid = indexrelid AND uniques.contype IN ('u', 'x')
    WHERE indrelid = %(table)s::regclass AND NOT indisprimary
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'f')
"""


def _columns(owner: psycopg.Connection, table: str) -> list[str]:
    stored = """
        SELECT column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
    """
    return [name for (name,) in owner.execute(stored, [table]).fetchall()]
