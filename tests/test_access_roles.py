"""Who is outside stays outside, in every role and by every door: paths, query filters, form fields and bodies that name
what is somebody else's. The routes are those of the matrix (tests/test_access_matrix.py): a new one is tried at once.
"""

import json
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from recovery import alerts, clock
from recovery.models import (
    Alert,
    Assessment,
    CareTeam,
    Clinic,
    Episode,
    Membership,
    Oversight,
    Quarantine,
    User,
)
from services.children import ROOT
from tests import factories, kept
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in
from tests.dashboard.test_care import KNOWN
from tests.dashboard.test_enrol import TYPED
from tests.dashboard.test_rota import override, shift
from tests.factories import at
from tests.rota import scenes as rotas
from tests.test_access_matrix import BEN, MATRIX, Scene, bare

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

INSIDERS = ("nurse", "doctor", "coordinator", "admin")
OUTSIDERS = (
    "auditor", "operator", "left", "other team", "other team's admin", "other clinic", "other clinic's admin",
)  # fmt: skip
"""Of Ana's clinic, or of none: who reads the audit; who runs the service; a nurse who left yesterday; of another team
of the clinic, and of another clinic: a nurse, and an administrator."""

CAREGIVERS = ("tom", "una")
"""Who help Ana: he may send check-ins alone, she may read Ana's too."""

OWN = (
    "<uuid:contact_id>",
    "<uuid:letter_id>",
    "<uuid:session_id>",
    "<uuid:key_id>",
    "<uuid:invitation_id>",
    "<uuid:erasure_id>",
)
"""Of one colleague, or made up: nobody else in the matrix has any."""

EXAMPLE = "enrol/list/example"
"""The same file for everybody, whose made-up patient has a name like Ana's."""


@dataclass
class Elsewhere:
    """The same as Ana's, of another clinic: Eve, and her team."""

    clinic: Clinic
    team: CareTeam
    episode: Episode
    nurse: User
    admin: User
    phone: Phone
    objects: dict[str, Any]


def elsewhere() -> Elsewhere:
    team = factories.team(factories.clinic("Quayside Clinic"), "Harbour team")
    episode = factories.episode(team, name="Eve Marlow")
    nurse, admin = factories.member(team, "Cleo Marsh"), factories.member(team, "Dana Reyes", "admin")
    token = factories.phone(episode)[1]
    phone = Phone(token, Client())
    sent = check_in(20, bleeding="oozing")
    phone.post(CHECK_INS, sent)
    phone.post(CHECK_INS, check_in(20, mood="low"))
    mine = Assessment.objects.filter(episode=episode, flagged_at=None)
    for pk in mine.values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="watch", now=at(20))
    return Elsewhere(
        team.clinic, team, episode, nurse, admin, phone,
        {
            "<client_id:client_id>": sent["id"],
            "<uuid:check_in_id>": sent["id"],
            "<uuid:alert_id>": Alert.objects.get(episode=episode, rule="BLEED-OOZE").uuid,
            "<uuid:report_id>": Quarantine.objects.get(episode=episode).uuid,
            "<uuid:episode_id>": episode.uuid,
            "<uuid:device_id>": factories.reload_phone(token).uuid,
            "<uuid:user_id>": nurse.uuid,
            "<uuid:team_id>": team.uuid,
            "<uuid:shift_id>": rotas.shifts(team, nurse, by=admin)[0].uuid,
            "<uuid:override_id>": rotas.override(team, nurse, at(30), 12, by=admin).uuid,
        },
    )  # fmt: skip


class Roles(Scene):
    def __init__(self) -> None:
        super().__init__()
        self.episode = Episode.objects.get(patient__name="Ana Whitfield")
        self.team, self.clinic = self.episode.team, self.episode.clinic
        self.there = elsewhere()
        beside = factories.team(self.clinic, "Evening team")
        left = factories.member(self.team, "Lou Hale")
        Membership.objects.filter(user=left).update(ended_at=clock.now() - timedelta(days=1))
        people = {
            "nurse": User.objects.get(name="Ben Okafor"),
            "doctor": factories.member(self.team, "Dora Klein", "doctor"),
            "coordinator": factories.member(self.team, "Cora Finch", "coordinator"),
            "admin": User.objects.get(name="Dee Lund"),
            "auditor": self._overseer("Aude Roy", "auditor", self.clinic),
            "operator": self._overseer("Opal Reed", "operator", None),
            "left": left,
            "other team": factories.member(beside, "Nia Boyd"),
            "other team's admin": factories.member(beside, "Abe Lowe", "admin"),
            "other clinic": self.there.nurse,
            "other clinic's admin": self.there.admin,
        }
        for name, user in people.items():
            self.callers[name] = Client()
            self.callers[name].force_login(user)
        patient = self.episode.patient
        self.words = [patient.name, patient.hospital_number, "Ben Okafor", "Dee Lund", self.clinic.name]

    def _overseer(self, name: str, role: str, clinic: Clinic | None) -> User:
        user = User.objects.create_user(
            email=f"{role}@clinic.example", name=name, password=factories.PASSWORD
        )
        Oversight.objects.create(user=user, role=role, clinic=clinic, started_at=at(0))
        return user

    def stands(self) -> dict[str, Any]:
        """All rows of Ana's clinic but what is remembered of who asked."""
        return {
            model._meta.label: list(model._default_manager.filter(clinic=self.clinic).order_by("pk").values())
            for model in apps.get_app_config("recovery").get_models()
            if model._meta.model_name != "auditevent" and any(f.name == "clinic" for f in model._meta.fields)
        }

    def shown(self, answered: Any, *sent: str) -> list[str]:
        """Words of Ana's in an answer, beyond those that were sent."""
        text = b"".join(answered).decode() if answered.streaming else answered.content.decode()
        return [word for word in self.words if word in text and word not in sent]


@pytest.fixture(scope="module")
def roles_of_the_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[Roles]:
    with kept.made_once(django_db_blocker, Roles, hour=20) as made:
        yield made


@pytest.fixture
def roles(roles_of_the_module: Roles, db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Roles:
    settings.ACCOUNT_RATE_LIMITS = False
    monkeypatch.setattr(clock, "now", lambda: at(20))
    return kept.copy_of(roles_of_the_module, roles_of_the_module.callers.values())


def doors() -> Iterator[tuple[str, str]]:
    """Each route and method of staff that names an object of Ana's in its path."""
    for route, row in MATRIX.items():
        if not re.search(r"<(uuid|client_id):", route) or any(own in route for own in OWN):
            continue
        if route.startswith(("api/", "accounts/", "provider/")):
            continue
        yield from (
            (route, method) for method, said in row.items() if not said.split()[BEN].startswith("405")
        )


def test_there_are_doors_to_try() -> None:
    assert len(list(doors())) > 60


@pytest.mark.hazard("HZ4.5")
@pytest.mark.parametrize("caller", OUTSIDERS)
def test_s1_s2_for_who_is_outside_nothing_is_there_by_whatever_door(roles: Roles, caller: str) -> None:
    differ = []
    for route, method in doors():
        missing = {name: uuid4() for name in roles.objects if not name.startswith("<slug:")}
        foreign = roles.ask(caller, method, roles.path(route))
        none = roles.ask(caller, method, roles.path(route, **missing))
        if foreign.status_code != none.status_code or bare(foreign) != bare(none) or roles.shown(foreign):
            differ.append(f"{method} {route}: {foreign.status_code}, missing {none.status_code}")
        if none.status_code not in (403, 404):
            differ.append(f"{method} {route}: {none.status_code} for what is not there")

    assert differ == []


@pytest.mark.parametrize("caller", [*INSIDERS, *OUTSIDERS, *CAREGIVERS])
def test_s5_no_role_makes_a_door_fail(roles: Roles, caller: str) -> None:
    """Every route and every method, also those that are in no path of the role's."""
    failed = [
        f"{method} {route}"
        for route, row in MATRIX.items()
        for method in row
        if roles.ask(caller, method, roles.path(route)).status_code >= 500
    ]

    assert failed == []


def filters() -> set[str]:
    """Every name that a view reads of a query."""
    views = [path.read_text() for path in (Path(ROOT) / "recovery/dashboard").rglob("*.py")]
    found = {name for text in views for name in re.findall(r"request\.GET(?:\.get\(|\[)\"(\w+)\"", text)}
    return found | {
        "team",
        "owner",
        "tier",
        "status",
        "rule",
        "patient",
        "episode",
        "alert",
        "sort",
        "q",
        "page",
    }


@pytest.mark.parametrize(
    "caller", ["other team", "other clinic", "other clinic's admin", "auditor", "operator"]
)
def test_s3_no_filter_leads_to_what_is_somebody_elses(roles: Roles, caller: str) -> None:
    """Each name that a query may have, with each id of Ana's; on pages that are the caller's own."""
    assert {"team", "seen", "alert"} <= filters()
    shown, readers = [], set()
    at_home = roles.there.objects if "clinic" in caller else {}
    pages = [route for route, row in MATRIX.items() if not row["GET"].split()[BEN].startswith(("405", "4"))]
    names = sorted(filters())
    for route in pages:
        if route.startswith(("accounts/", "api/", EXAMPLE)) or any(own in route for own in OWN):
            continue
        if re.search(r"<uuid:", route) and not at_home:
            continue
        for value in {
            str(value) for name, value in roles.objects.items() if "uuid" in name or "client" in name
        }:
            query = "&".join(f"{name}={value}" for name in names)
            with noticing() as readings:
                answered = roles.ask(caller, "GET", f"{roles.path(route, **at_home)}?{query}")
            if answered.status_code >= 500 or _beyond_the_clinic(roles, caller, answered):
                shown.append(f"{route}?{value}: {answered.status_code}")
            if not readings:
                break  # what is not read changes nothing, whatever its value
            readers.add(route)

    assert shown == []
    assert len(readers) > 1


@contextmanager
def noticing() -> Iterator[list[str]]:
    """Each time that somebody takes up the query of a request."""
    readings: list[str] = []
    usual = WSGIRequest.__dict__["GET"].func

    def noticed(request: WSGIRequest) -> Any:
        readings.append(request.path)
        return usual(request)

    with patch.object(WSGIRequest, "GET", property(noticed)):
        yield readings


def _beyond_the_clinic(roles: Roles, caller: str, answered: Any) -> list[str]:
    """The name of one's own clinic is nothing foreign; neither are its people, to who audits it."""
    own = {"other team": {roles.clinic.name}, "auditor": {roles.clinic.name, "Ben Okafor", "Dee Lund"}}
    return [word for word in roles.shown(answered) if word not in own.get(caller, set())]


Sent = dict[str, Any]


def forms(ana: dict[str, Any], at_home: Elsewhere) -> dict[str, tuple[str, Sent]]:
    """Forms on pages of Eve's team, each whole but for one field that names something of Ana's."""
    own = at_home.objects
    alert, patient = f"/alerts/{own['<uuid:alert_id>']}", f"/patients/{own['<uuid:episode_id>']}"
    rota, team = f"/rota/{own['<uuid:team_id>']}", f"/team/{own['<uuid:team_id>']}"
    theirs = {name.partition(":")[2][:-1]: str(value) for name, value in ana.items()}
    ben = User.objects.get(name="Ben Okafor")
    spoke = {"reached": "yes", "by_what": "phone"}
    return {
        "a call that was about Ana's alert, too": (f"{alert}/contact", spoke | {"also": theirs["alert_id"]}),
        "to take on what Ana's page led to": (f"{alert}/acknowledge", {"from": theirs["alert_id"]}),
        "to ask Ben": (f"{alert}/ask", {"to": str(ben.uuid)}),
        "to mute Ana's rule": (f"{patient}/mute", KNOWN | {"alert": theirs["alert_id"]}),
        "to end her mute": (f"{patient}/mute/{theirs['alert_id']}/end", {}),
        "to sign her phone out": (f"{patient}/phones/{theirs['device_id']}/revoke", {"reason": "Lost."}),
        "to enrol into her team": ("/enrol", TYPED | {"team": theirs["team_id"]}),
        "to print her sheet": ("/enrol/sheets", {"patients": [theirs["episode_id"]]}),
        "to plan Ben": (f"{rota}/shifts", shift(at_home.team, ben)),
        "to let Ben stand in": (f"{rota}/overrides", override(ben)),
        "to make Ben the lead": (f"{rota}/lead", {"lead": str(ben.uuid), "was": ""}),
        "to remove his shift": (f"{rota}/shifts/{theirs['shift_id']}/remove", {}),
        "to remove what is planned instead": (f"{rota}/overrides/{theirs['override_id']}/remove", {}),
        "to change his role": (f"{team}/members/{ben.uuid}/role", {"role": "admin"}),
        "to end his membership": (f"{team}/members/{ben.uuid}/end", {}),
        "to give him another password": (f"{team}/members/{ben.uuid}/renew", {}),
        "to be told by her clinic": (
            "/contacts/add", {"channel": "email", "address": "c@home.example", "clinic": str(ben.pk)},
        ),
        "to read his contact": (f"/contacts/{theirs['contact_id']}/code", {"code": "123456"}),
    }  # fmt: skip


CASES = (
    "a call that was about Ana's alert, too", "to take on what Ana's page led to", "to ask Ben", "to mute Ana's rule",
    "to end her mute", "to sign her phone out", "to enrol into her team", "to print her sheet", "to plan Ben",
    "to let Ben stand in", "to make Ben the lead", "to remove his shift", "to remove what is planned instead",
    "to change his role", "to end his membership", "to give him another password", "to be told by her clinic",
    "to read his contact",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_s2_a_form_that_names_what_is_somebody_elses_changes_and_shows_nothing_of_it(
    roles: Roles, case: str
) -> None:
    path, sent = forms(roles.objects, roles.there)[case]
    before = roles.stands()
    for caller in ("other clinic", "other clinic's admin"):
        with transaction.atomic():
            answered = roles.callers[caller].post(path, sent, follow=True)
            assert answered.status_code < 500
            assert roles.stands() == before
            assert roles.shown(answered) == []
            transaction.set_rollback(True)


def test_s2_every_case_is_tried(roles: Roles) -> None:
    assert set(forms(roles.objects, roles.there)) == set(CASES)


def test_s2_a_phone_that_names_the_check_in_of_another_writes_its_own(roles: Roles) -> None:
    """The id is made on the phone, so two phones may make the same one; each means its own."""
    before, theirs = roles.stands(), str(roles.objects["<client_id:client_id>"])
    body = check_in(20, free_text="not Ana's") | {"id": theirs}

    sent = roles.there.phone.post(CHECK_INS, body)
    again = roles.there.phone.post(BATCH, {"check_ins": [body]})
    changed = roles.callers["eve"].put(
        f"{CHECK_INS}/{theirs}", json.dumps(body | {"base_revision": 1}), content_type="application/json"
    )

    assert (sent.status_code, again.status_code) == (201, 200)
    assert changed.status_code < 500
    assert roles.stands() == before


@pytest.mark.parametrize("caller", INSIDERS)
def test_s5_each_role_of_the_team_sees_its_patient(roles: Roles, caller: str) -> None:
    """Else the walls would hold against everybody."""
    answered = roles.ask(caller, "GET", roles.path("patients/<uuid:episode_id>"))

    assert answered.status_code == 200
    assert roles.episode.patient.name in roles.shown(answered)


def test_an_id_of_each_kind_is_known(roles: Roles) -> None:
    assert all(isinstance(value, UUID | str) for value in roles.there.objects.values())
    assert set(roles.there.objects) <= set(roles.objects)
