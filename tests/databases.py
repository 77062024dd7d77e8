"""Databases for tests: one is migrated as production is, by the owner; the others are copies of it, made in a blink."""

import os
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from services.children import ROOT, environment
from services.provision import Plan, connect, make_database
from tests import schema
from tests.services_plugin import current

EVERY_CLINIC = "-c recovery.clinics=every"
"""An option of connections as the application's role, for what no session and no program asks."""

ONE_AT_A_TIME = 7_316_201  # an advisory lock: a template may have no visitors while it is copied


def make_clone(name: str) -> Plan:
    """A fresh database called after `name`, with all tables and nobody's rows."""
    plan = current().plan_for(name)
    with _template() as (admin, template):
        make_database(admin, plan, template=template.database)
    return plan


def fill(admin_url: str, plan: Plan) -> bool:
    """All tables into the empty database of another server. False where there is nothing to take them from."""
    if (tables := written_down()) is None:
        return False
    schema.read(in_database(admin_url, plan.app_url(admin_url)), tables)
    return True


def written_down() -> Path | None:
    """All tables, for servers whose two roles have their usual names. None where ours have others."""
    run = current()
    if (run.plan.get("owner"), run.plan.get("app")) != (Plan().owner, Plan().app):
        return None
    tables = Path(run.directory) / "schema.sql"
    with _template() as (_, template):
        if not tables.exists():
            schema.write(in_database(run.admin_url, template.app_url(run.admin_url)), tables)
    return tables


@contextmanager
def _template() -> Generator[tuple[psycopg.Connection, Plan]]:
    """While nobody else has it."""
    run = current()
    template = run.plan_for("template")
    with connect(run.admin_url) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not admin.execute(known, [template.database]).fetchone():
            _make_template(admin, run.plan_for("unfinished"), template.database)
        yield admin, template


def drop(plan: Plan) -> None:
    with connect(current().admin_url) as admin:
        admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(plan.database))
        )


def _make_template(admin: psycopg.Connection, unfinished: Plan, name: str) -> None:
    make_database(admin, unfinished)
    try:
        _make_tables(unfinished)
    except RuntimeError:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(unfinished.database)))
        raise
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    admin.execute(rename.format(sql.Identifier(unfinished.database), sql.Identifier(name)))


def _make_tables(plan: Plan) -> None:
    """By the migrations, as in production; or as these migrations made them in an earlier run."""
    run = current()
    by_admin = in_database(run.admin_url, plan.app_url(run.admin_url))
    ours = (plan.owner, plan.app) == (Plan().owner, Plan().app)
    if ours and (kept := schema.kept()) is not None and kept.exists():
        schema.read(by_admin, kept)
        return
    urls = {
        "DATABASE_URL": plan.app_url(run.admin_url),
        "DATABASE_OWNER_URL": plan.owner_url(run.admin_url),
    }
    migrate = [sys.executable, "manage.py", "migrate", "--database=owner", "--verbosity=0", "--skip-checks"]
    done = subprocess.run(migrate, cwd=ROOT, env=environment(**urls), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"migrate failed:\n{done.stdout}{done.stderr}")
    if ours:
        schema.keep(by_admin)


@cache
def tables_to_empty(owner_url: str) -> tuple[str, ...]:
    """All tables but those that migrations fill (content types and the like). Ask before the first test writes."""
    with psycopg.connect(owner_url) as owner:
        tables = [
            row[0] for row in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        filled = _with_rows(owner, tables)
    return tuple(name for name in tables if name not in filled)


def empty_tables() -> None:
    """What Django's `flush` would do, which the application's role may not. For tests that really commit.

    A superuser deletes the few rows there are (8 ms); without one, the owner truncates all tables (150 ms).
    """
    owner_url = os.environ["DATABASE_OWNER_URL"]
    tables = tables_to_empty(owner_url)
    with connect(in_database(current().admin_url, owner_url)) as admin:
        if admin.info.parameter_status("is_superuser") == "on":
            with admin.transaction():
                admin.execute(
                    "SET LOCAL session_replication_role = replica"
                )  # foreign keys: all or nothing here
                for name in _with_rows(admin, tables):
                    admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            return
    with psycopg.connect(owner_url) as owner:
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        owner.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))


def in_database(admin_url: str, url: str) -> str:
    """The administrator's URL, for the database of another URL."""
    return urlsplit(admin_url)._replace(path=urlsplit(url).path).geturl()


def _with_rows(connection: psycopg.Connection, tables: Iterable[str]) -> set[str]:
    one = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    each = [one.format(sql.Literal(name), sql.Identifier(name)) for name in tables]
    return {row[0] for row in connection.execute(sql.SQL(" UNION ALL ").join(each))}
