"""What tests stand on: roles as in production, and nothing left by the test before."""

import re
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.db.utils import ProgrammingError
from django.utils import timezone

from services.children import ROOT
from services.provision import NotUsable, Plan, connect, provision
from tests import databases, schema
from tests.services_plugin import current


def _who(alias: str) -> tuple[str, bool, bool]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        return cursor.fetchone()


@pytest.mark.django_db(databases=["default", "owner"])
def test_nobody_who_works_on_the_data_is_a_superuser() -> None:
    plan = Plan(**current().plan)
    assert _who("default") == (plan.app, False, False)
    assert _who("owner") == (plan.owner, False, False)


@pytest.mark.parametrize("forbidden", ["CREATE TABLE mine ()", "TRUNCATE django_session"])
@pytest.mark.django_db
def test_the_application_may_not_make_or_empty_tables(forbidden: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(forbidden)


@pytest.mark.parametrize("turn", ["first", "second"])
@pytest.mark.django_db(transaction=True)
def test_what_a_test_commits_is_gone_in_the_next(turn: str) -> None:
    assert Session.objects.count() == 0
    Session.objects.create(session_key=turn, session_data="", expire_date=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_the_owner_can_clear_up_where_there_is_no_superuser(monkeypatch: pytest.MonkeyPatch) -> None:
    Session.objects.create(session_key="kept", session_data="", expire_date=timezone.now())
    monkeypatch.setattr(databases, "in_database", lambda admin_url, url: url)
    databases.empty_tables()
    assert Session.objects.count() == 0


def test_letters_with_accents_have_a_lower_case() -> None:
    with connect(current().admin_url) as admin:
        assert admin.execute("SELECT lower('ÉŁ'), 'É' ILIKE 'é'").fetchone() == ("éł", True)


def test_an_account_that_may_not_make_databases_is_told_so() -> None:
    run = current()
    with pytest.raises(NotUsable, match="may not create roles and databases"):
        provision(Plan(**(run.plan | {"database": "postgres"})).app_url(run.admin_url), Plan())


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(NotUsable, match=r"//127\.0\.0\.1:1/x") as caught:
        provision("postgresql://somebody:hidden@127.0.0.1:1/x", Plan())
    assert "hidden" not in str(caught.value)


def test_an_administrator_who_is_no_superuser_can_provision() -> None:
    run, plan = current(), Plan(database="test_other", owner="test_other_owner", app="test_other_app")
    admin_plan = Plan(database="postgres", app="test_admin")
    with connect(run.admin_url) as admin:
        try:
            admin.execute(
                psycopg.sql.SQL("CREATE ROLE test_admin LOGIN CREATEROLE CREATEDB PASSWORD {}").format(
                    psycopg.sql.Literal(admin_plan.app_password)
                )
            )
            url = admin_plan.app_url(run.admin_url)
            provision(url, plan)
            provision(url, plan)
            with psycopg.connect(plan.owner_url(url)) as owner:
                owner.execute("CREATE TABLE public.thing (id int)")
            with (
                psycopg.connect(plan.app_url(url)) as app,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                app.execute("CREATE TABLE public.other (id int)")
        finally:
            with connect(admin_plan.app_url(run.admin_url)) as made:
                made.execute("DROP DATABASE IF EXISTS test_other WITH (FORCE)")
                made.execute("DROP ROLE IF EXISTS test_other_owner, test_other_app")
            admin.execute("DROP ROLE test_admin")


def test_what_a_migration_reads_is_part_of_what_its_tables_are_kept_under() -> None:
    """Else the tables of an earlier run would be taken for those of now."""
    read = {path for pattern in schema.MADE_OF for path in ROOT.glob(pattern)}
    migrations = sorted(ROOT.glob("recovery/migrations/*.py"))
    ours = r"^\s*(?:from|import) ((?:recovery|config|services)[\w.]*)(?: import ([\w, ]+))?"

    named = {
        f"{module}.{name.strip()}"
        for path in migrations
        for module, names in re.findall(ours, path.read_text(), re.MULTILINE)
        for name in (names or "").split(",")
    }

    assert {"recovery.clinical.tiers."} <= named
    assert set(migrations) < read
    assert [each for each in named if not _files(each) & read] == []


def _files(dotted: str) -> set[Path]:
    """Where a name may lie: in a module, or it is one."""
    parts = dotted.rstrip(".").split(".")
    return {ROOT.joinpath(*parts[:length]).with_suffix(".py") for length in (len(parts), len(parts) - 1)}
