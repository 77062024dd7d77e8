"""The first page of an auditor, and of who operates the service."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from recovery import audit, clock
from recovery.models import AuditEvent, CareTeam, Clinic, Episode, Oversight, User
from tests import factories
from tests.audit.conftest import Administrator
from tests.audit.test_looks import BROKEN, MENDED
from tests.dashboard.scenes import said
from tests.factories import T0, at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("the_day_after")]


@pytest.fixture
def ana(team: CareTeam) -> Episode:
    return factories.episode(team)


def overseer(role: str, clinic: Clinic | None) -> Client:
    user = User.objects.create_user(f"{role}.{clinic.pk if clinic else 0}@example.org", "x", name="Una Frost")
    Oversight.objects.create(user=user, role=role, clinic=clinic, started_at=T0)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def una(team: CareTeam) -> Client:
    return overseer("auditor", team.clinic)


def test_the_audit_is_the_first_page_of_its_auditor(una: Client, desk: Client, ana: Episode) -> None:
    desk.get(f"/patients/{ana.uuid}")

    page = said(una.get("/", follow=True))

    assert "looked: patient" in page
    assert str(ana.uuid) in page
    assert "Ben Okafor" in page
    assert "Ana Whitfield" not in page
    assert [una.get(path).status_code for path in (f"/patients/{ana.uuid}", "/team")] == [404, 404]


def test_an_auditor_reads_one_clinic_alone(una: Client, desk: Client) -> None:
    harbour = factories.clinic("Harbour Clinic")
    stranger = overseer("auditor", harbour)
    desk.get("/patients")

    assert "looked: patients" not in said(stranger.get("/audit"))
    assert (
        stranger.get(f"/audit?clinic={Clinic.objects.get(name='Hillside Spine Clinic').uuid}").status_code
        == 404
    )
    assert una.get(f"/audit?clinic={harbour.uuid}").status_code == 404


@pytest.mark.parametrize("path", ["/audit", "/audit.csv"])
def test_it_is_there_for_auditors_alone(desk: Client, team: CareTeam, path: str) -> None:
    dee = Client()
    dee.force_login(factories.member(team, "Dee Lund", "admin"))

    assert [client.get(path).status_code for client in (desk, dee)] == [404, 404]
    clinic = f"{path}?clinic={team.clinic.uuid}"
    assert [client.get(clinic).status_code for client in (desk, dee, overseer("operator", None))] == [404] * 3


def test_s50_what_is_of_no_clinic_is_read_by_who_operates_the_service(
    desk: Client, una: Client, ana: Episode
) -> None:
    """Nothing of any clinic, nothing that is about a patient; and who reads it is remembered."""
    Client().post("/accounts/login/", {"login": "nobody@example.org", "password": "x"})
    audit.record(what="deed of no clinic", now=at(20), subject=("episode", ana.uuid, ana.pk))
    desk.get(f"/patients/{ana.uuid}")
    opal = overseer("operator", None)

    assert "What is remembered of no clinic" in said(opal.get("/owed"))
    page = opal.get("/audit?clinic=none")

    assert [row.what for row in page.context["rows"]] == [
        "read audit",
        "looked: owed",
        "signed in",
        "failed to sign in",
    ]
    account = opal.get("/audit?clinic=none&kind=account").context["rows"]
    assert [row.what for row in account] == ["signed in", "failed to sign in"]
    assert "Audit of the service" in said(page)
    assert str(ana.uuid) not in said(page)
    assert (
        opal.get("/audit").context["rows"][0].what == "read audit"
    )  # there is nothing else that they could mean
    read = AuditEvent.objects.filter(what="read audit").latest("pk")
    assert (read.clinic_id, read.user.name, read.subject) == (None, "Una Frost", "")
    assert una.get("/audit?clinic=none").status_code == 404
    assert desk.get("/audit?clinic=none").status_code == 404
    lines = opal.get("/audit.csv?clinic=none").content.decode("utf-8-sig")
    assert "failed to sign in" in lines
    assert str(ana.uuid) not in lines


def test_whoever_audits_a_clinic_and_operates_the_service_chooses(team: CareTeam) -> None:
    both = overseer("auditor", team.clinic)
    user = User.objects.get(email__startswith="auditor")
    Oversight.objects.create(user=user, role="operator", clinic=None, started_at=T0)

    page = both.get("/audit")

    assert "Audit of Hillside Spine Clinic" in said(page)
    assert [name for _, name in page.context["form"]["clinic"].field.choices] == [
        "Hillside Spine Clinic",
        "None: the service itself",
    ]
    assert "Audit of the service" in said(both.get("/audit?clinic=none"))


def test_who_audits_no_more_reads_nothing_at_the_next_request(una: Client) -> None:
    Oversight.objects.update(ended_at=T0)

    assert una.get("/audit").status_code == 404


def test_it_is_looked_through_by_who_what_object_time_and_request(
    una: Client, desk: Client, ana: Episode, ben: User
) -> None:
    shown = desk.get(f"/patients/{ana.uuid}")
    desk.get("/patients/6f1c0000-0000-4000-8000-000000000000")
    desk.get("/patients")

    def found(**asked: object) -> list[str]:
        rows = una.get("/audit", asked).context["rows"]
        return [row.what for row in rows if row.user_id == ben.pk]

    assert found(object=ana.uuid) == ["looked: patient"]
    assert found(request=shown["X-Request-Id"]) == ["looked: patient"]
    assert found(kind="refused") == ["refused: patient"]
    assert found(kind="account") == ["signed in"]
    assert len(found(who=ben.uuid)) == 4
    assert found(first="2026-01-01", last="2026-01-02") == []
    assert una.get("/audit?first=2026-03-04&last=2026-03-01").status_code == 422
    assert una.get("/audit?object=ana").status_code == 422


def test_page_by_page_nothing_is_lost(una: Client, team: CareTeam) -> None:
    for number in range(120):
        audit.record(what=f"deed {number}", now=at(number // 50), clinic=team.clinic)

    seen, address = [], "/audit?kind=done"
    while address:
        context = una.get(address).context
        seen += [row.what for row in context["rows"] if row.what.startswith("deed")]
        address = f"/audit?{context['earlier']}" if "earlier" in context else ""

    assert len(seen) == len(set(seen)) == 120


def test_much_takes_as_many_queries_as_little(
    una: Client, desk: Client, ana: Episode, django_assert_max_num_queries
) -> None:
    for _ in range(20):
        desk.get(f"/patients/{ana.uuid}")

    with django_assert_max_num_queries(14):
        una.get("/audit")


def test_the_file_is_remembered_and_runs_nothing(una: Client, team: CareTeam, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(name="=cmd|' /C calc'!A0")
    audit.record(what="+deed", now=at(20), clinic=team.clinic, user=ben, note="@x")

    answer = una.get("/audit.csv?kind=done")

    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0][0] == "at_utc"
    cells = [cell for line in lines[1:] for cell in line]
    assert "'=cmd|' /C calc'!A0" in cells
    assert not any(cell.startswith(("=", "+", "@", "-")) for cell in cells)
    exported = AuditEvent.objects.get(what="exported audit")
    assert exported.clinic_id == team.clinic_id
    assert exported.detail == {"first": "2026-02-24", "last": "2026-03-03", "kind": "done"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/audit", "/audit.csv", "/figures/alerts-by-rule.csv"])
def test_s52_what_leaves_the_house_or_can_wait_is_not_shown_unremembered(
    una: Client, desk: Client, administrator: Administrator, path: str
) -> None:
    client = desk if path.startswith("/figures") else una
    assert client.get(path).status_code == 200
    client.raise_request_exception = False
    administrator(BROKEN)
    try:
        assert client.get(path).status_code == 500
    finally:
        administrator(MENDED)


def test_the_page_says_how_far_it_was_verified(una: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Not verified yet" in said(una.get("/audit"))


def test_who_operates_the_service_begins_with_what_is_owed_in_numbers(ana: Episode) -> None:
    page = overseer("operator", None).get("/", follow=True)

    assert page.redirect_chain[-1][0] == "/owed"
    assert "Of all clinics, in numbers." in said(page)
    assert "Ana Whitfield" not in said(page)


def test_a_superuser_is_no_operator_by_that(ben: User, desk: Client) -> None:
    User.objects.filter(pk=ben.pk).update(is_superuser=True)

    assert "Of your teams." in said(desk.get("/owed"))
    assert clock.now() - T0 > timedelta(0)
