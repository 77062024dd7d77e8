"""The two roles and the database, on any PostgreSQL 18 or newer: our own, or one given by an administrator's URL.

The owner owns the database and migrates; the application's role owns nothing, so that row security and append-only
tables bind it. Neither is a superuser. What the application's role may do in the tables is said by the migrations.
"""

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

LEAST_VERSION = 18


class NotUsable(RuntimeError):
    """The given server cannot serve; the message says what to give instead."""


@dataclass(frozen=True)
class Plan:
    database: str = "recovery"
    owner: str = "recovery_owner"
    app: str = "recovery_app"
    owner_password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    app_password: str = field(default_factory=secrets.token_urlsafe, repr=False)

    def owner_url(self, admin_url: str) -> str:
        """For migrations."""
        return _with(admin_url, self.owner, self.owner_password, self.database)

    def app_url(self, admin_url: str) -> str:
        """For everything else."""
        return _with(admin_url, self.app, self.app_password, self.database)


def provision(admin_url: str, plan: Plan) -> None:
    """Makes roles and database where missing and sets the passwords. Idempotent.

    Refuses (NotUsable) a server that is not there or too old, and an account that may not make roles and databases.
    """
    with connect(admin_url) as admin:
        _check(admin)
        make_roles(admin, plan)
        make_database(admin, plan)


def connect(admin_url: str) -> "psycopg.Connection":
    """As administrator, each statement for itself."""
    import psycopg

    try:
        return psycopg.connect(admin_url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise NotUsable(f"PostgreSQL does not answer at {_without_password(admin_url)}: {error}") from None


def make_roles(admin: "psycopg.Connection", plan: Plan) -> None:
    from psycopg import sql

    for role, password in ((plan.owner, plan.owner_password), (plan.app, plan.app_password)):
        exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        command = "ALTER ROLE {} LOGIN PASSWORD {}" if exists else "CREATE ROLE {} LOGIN PASSWORD {}"
        admin.execute(sql.SQL(command).format(sql.Identifier(role), sql.Literal(password)))
        strong = "SELECT 1 FROM pg_roles WHERE rolname = %s AND (rolsuper OR rolbypassrls)"
        if admin.execute(strong, [role]).fetchone():
            raise NotUsable(
                f"Role {role} is a superuser or bypasses row security: it must be an ordinary one."
            )


def make_database(admin: "psycopg.Connection", plan: Plan, *, template: str | None = None) -> None:
    """Owned by the owner; open to the two roles alone. Left as it is where it exists."""
    from psycopg import sql

    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [plan.database]).fetchone():
        return
    names = {
        "database": plan.database,
        "owner": plan.owner,
        "app": plan.app,
        "template": template or "template1",
    }
    identifiers = {key: sql.Identifier(name) for key, name in names.items()}

    def run(command: "sql.SQL") -> None:
        admin.execute(command.format(**identifiers))

    if admin.execute("SELECT pg_has_role(current_user, %s, 'SET')", [plan.owner]).fetchone() != (True,):
        run(sql.SQL("GRANT {owner} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"))
    run(sql.SQL("CREATE DATABASE {database} OWNER {owner} TEMPLATE {template}"))
    run(sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC"))
    run(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {app}"))


def _check(admin: "psycopg.Connection") -> None:
    version = admin.info.server_version // 10_000
    if version < LEAST_VERSION:
        raise NotUsable(
            f"This is PostgreSQL {version}; {LEAST_VERSION} or newer is needed. "
            "Without DATABASE_URL, one of our own is started."
        )
    may = admin.execute(
        "SELECT rolsuper OR (rolcreaterole AND rolcreatedb) FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if may != (True,):
        raise NotUsable(
            f"User {admin.info.user} in DATABASE_URL may not create roles and databases: "
            "give an administrator's URL here (ALTER ROLE ... CREATEROLE CREATEDB)."
        )


def _with(url: str, user: str, password: str, database: str) -> str:
    """The same server and options, another login. A password in the options would win over ours, hence goes."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    options = "&".join(
        option
        for option in parts.query.split("&")
        if option and not option.startswith(("user=", "password=", "dbname="))
    )
    netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"
    return urlunsplit(("postgresql", netloc, f"/{quote(database, safe='')}", options, ""))


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
