"""Who gets what: every route, every method, every kind of caller, in one table.

The routes come from the URL resolver. A route or a method that is not in the table fails, so that nothing can be put up
without a decision on who may see it.
"""

import re
from collections.abc import Generator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker, Settings

from recovery import alerts, clock, contacts, enrolment, reminders
from recovery.models import Alert, Assessment, Clinic, Contact, Quarantine, Reminder, User
from tests import factories, kept
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.factories import at
from tests.rota import scenes as rotas

CALLERS = ("anonymous", "ana", "eve", "tom", "una", "ben", "cleo", "revoked")
"""Nobody; patient Ana's phone; the phone of a patient of another clinic; Ana's caregivers' phones: Tom may only send
check-ins, Una may read Ana's; a nurse of Ana's team; a nurse of another clinic; a phone of Ana's that the team signed
out. Objects in paths are Ana's; of caregivers, it is Tom."""

BEN = CALLERS.index("ben")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

Row = dict[str, str]
"""Method to the status of each caller."""


def phones(**allowed: str) -> Row:
    """For phones: what Ana's, Eve's, Tom's and Una's is answered. A session says nothing here."""
    return {method: f"401 {allowed.get(method, '405 405 405 405')} 401 401 401" for method in METHODS}


def patients_phones(**allowed: str) -> Row:
    """For the phones of patients alone: what Ana's and what Eve's is answered."""
    return {method: f"401 {allowed.get(method, '405 405')} 403 403 401 401 401" for method in METHODS}


def staff(**allowed: str) -> Row:
    """For staff: what Ben and what Cleo is answered; anybody else goes to the sign-in page. A token says nothing."""
    return {method: f"302 302 302 302 302 {allowed.get(method, '405 405')} 302" for method in METHODS}


def staff_api(**allowed: str) -> Row:
    """The same for their programs, which are sent nowhere."""
    return {method: f"403 403 403 403 403 {allowed.get(method, '405 405')} 403" for method in METHODS}


def anybody(**allowed: str) -> Row:
    """The same for all, or one status for each caller."""
    answered = {method: allowed.get(method, "405") for method in METHODS}
    return {
        method: text if " " in text else " ".join([text] * len(CALLERS)) for method, text in answered.items()
    }


OUT, IN = "200 200 200 200 200 302 302 200", "302 302 302 302 302 200 200 302"
"""For those who are signed out, and for those who are signed in; the others are sent on."""

RESET_LINK = r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"


def signing_in(answered: str, *, but: tuple[str, ...] = ()) -> Row:
    """A page of the sign-in. `but` are the methods that it does not have."""
    return anybody(
        **{method: answered.replace("200", "405") if method in but else answered for method in METHODS}
    )


MATRIX: dict[str, Row] = {
    "livez": anybody(GET="200", HEAD="200"),
    "readyz": anybody(GET="200", HEAD="200"),
    "metrics": anybody(**dict.fromkeys(METHODS, "404")),  # for who holds the token of its own
    "provider/sms/<uuid:key>": anybody(POST="401"),  # signed by the provider, or refused
    # The phone's API
    "api/v1/enrolments/redeem": anybody(POST="400"),
    "api/v1/me": phones(GET="200 200 200 200", HEAD="200 200 200 200"),
    "api/v1/me/device": phones(DELETE="204 204 204 204"),
    "api/v1/me/phones": phones(GET="200 200 200 200", HEAD="200 200 200 200"),
    "api/v1/me/phones/<client_id:device_id>": phones(DELETE="204 404 404 404"),
    "api/v1/me/caregivers": patients_phones(GET="200 200", HEAD="200 200", POST="400 400"),
    "api/v1/me/caregivers/<client_id:caregiver_id>": phones(PUT="400 400 400 400", DELETE="204 404 204 404"),
    "api/v1/me/caregivers/<client_id:caregiver_id>/code": patients_phones(POST="201 404"),
    "api/v1/me/looks": patients_phones(GET="200 200", HEAD="200 200"),
    "api/v1/me/preferences": patients_phones(GET="200 200", HEAD="200 200", PUT="400 400"),
    "api/v1/me/reminders": patients_phones(GET="200 200", HEAD="200 200"),
    "api/v1/me/reminders/<client_id:reminder_id>": patients_phones(PUT="400 400"),
    "api/v1/me/form": phones(PUT="400 400 400 400"),
    "api/v1/questionnaire": phones(GET="200 200 200 200", HEAD="200 200 200 200"),
    "api/v1/check-ins": phones(GET="200 200 200 200", HEAD="200 200 200 200", POST="400 400 400 400"),
    "api/v1/check-ins/batch": phones(POST="400 400 400 400"),
    "api/v1/check-ins/<client_id:client_id>": phones(
        GET="200 404 404 200",
        HEAD="200 404 404 200",
        PUT="400 400 400 400",
        DELETE="204 404 404 404",
    ),
    "api/v1/alerts": phones(
        **dict.fromkeys(METHODS, "405 405 403 405") | dict.fromkeys(("GET", "HEAD"), "200 200 403 200")
    ),
    "api/v1/care/on-call": staff_api(GET="200 200", HEAD="200 200"),
    "api/v1/problems/<slug:code>": anybody(GET="200", HEAD="200"),
    "api/v1/schema": anybody(GET="200", HEAD="200"),
    "api/v1/docs": anybody(GET="200", HEAD="200"),
    # The phone's page: the same two documents for everybody
    "phone": anybody(GET="200", HEAD="200", OPTIONS="200"),
    "phone/worker.js": anybody(GET="200", HEAD="200", OPTIONS="200"),
    # Signing in: pages of django-allauth, which answer PUT like POST
    "accounts/second-factor/": signing_in(
        "302"
    ),  # of whoever gave their password a moment ago, and nobody else
    "accounts/invitation/": anybody(
        GET="410", HEAD="410", POST="410"
    ),  # without a link there is nothing to join
    "accounts/invitation/<slug:token>/": anybody(GET="302", HEAD="302"),
    "accounts/login/": signing_in(OUT, but=("PATCH", "DELETE", "TRACE")),
    "accounts/signup/": signing_in(OUT),  # closed: says whom to ask
    "accounts/logout/": anybody(GET=IN, HEAD=IN, POST="302", OPTIONS="200"),
    "accounts/reauthenticate/": signing_in(IN, but=("PATCH", "DELETE", "TRACE")),
    "accounts/password/change/": signing_in(IN, but=("PATCH", "DELETE", "TRACE")),
    "accounts/password/reset/": signing_in("200", but=("PATCH", "DELETE", "TRACE")),
    "accounts/password/reset/done/": anybody(GET="200", HEAD="200", OPTIONS="200"),
    "accounts/password/reset/key/done/": anybody(GET="200", HEAD="200", OPTIONS="200"),
    "accounts/inactive/": anybody(GET="200", HEAD="200", OPTIONS="200"),
    RESET_LINK: signing_in("200"),  # with a key that never was: says so
    # One's own account, and the people of a team: Ben is a nurse, so the latter is not there for him
    "account/security": staff(GET="200 200", HEAD="200 200"),
    "account/second-factor": staff(GET="200 200", HEAD="200 200", POST="200 200"),  # neither has one yet
    "account/passkeys/new": staff(GET="200 200", HEAD="200 200", POST="422 422"),
    "account/passkeys/<uuid:key_id>/remove": staff(POST="404 404"),  # neither has one
    "account/recovery-codes": staff(POST="200 200"),
    "account/sessions/end": staff(POST="303 303"),
    "account/sessions/<uuid:session_id>/end": staff(POST="303 303"),
    "team": staff(GET="404 404", HEAD="404 404"),
    "team/<uuid:team_id>/invite": staff(POST="404 404"),
    "team/<uuid:team_id>/invitations/<uuid:invitation_id>/withdraw": staff(POST="404 404"),
    "team/<uuid:team_id>/members/<uuid:user_id>/role": staff(POST="404 404"),
    "team/<uuid:team_id>/members/<uuid:user_id>/end": staff(POST="404 404"),
    "team/<uuid:team_id>/members/<uuid:user_id>/renew": staff(POST="404 404"),
    "team/<uuid:team_id>/auditors/<uuid:user_id>/end": staff(POST="404 404"),
    # The care team's pages
    "": staff(GET="200 200", HEAD="200 200"),
    "board/list": staff(GET="200 200", HEAD="200 200"),
    "audit": staff(GET="404 404", HEAD="404 404"),  # neither audits a clinic
    "audit.csv": staff(GET="404 404", HEAD="404 404"),
    "owed": staff(GET="200 200", HEAD="200 200"),
    "review": staff(GET="200 200", HEAD="200 200"),
    "reports": staff(GET="200 200", HEAD="200 200"),
    "reports/<uuid:report_id>": staff(GET="200 404", HEAD="200 404"),
    "reports/<uuid:report_id>/judge": staff(POST="422 404"),
    "reports/<uuid:report_id>/dismiss": staff(POST="422 404"),
    "handover": staff(GET="200 200", HEAD="200 200"),
    "rota": staff(GET="200 200", HEAD="200 200"),
    "rota/on-call": staff(GET="200 200", HEAD="200 200"),
    "rota/<uuid:team_id>/shifts": staff(POST="422 404"),
    "rota/<uuid:team_id>/shifts/<uuid:shift_id>/remove": staff(POST="409 404"),
    "rota/<uuid:team_id>/overrides": staff(POST="422 404"),
    "rota/<uuid:team_id>/overrides/<uuid:override_id>/remove": staff(POST="409 404"),
    "rota/<uuid:team_id>/lead": staff(POST="409 404"),
    "rota/<uuid:team_id>/zone": staff(POST="409 404"),
    "escalation": staff(GET="200 200", HEAD="200 200"),
    "escalation/<uuid:team_id>": staff(POST="422 404"),
    "figures": staff(GET="200 200", HEAD="200 200"),
    "figures/<slug:figure>.csv": staff(GET="200 200", HEAD="200 200"),  # each of their own team
    "figures/<uuid:team_id>/budget": staff(POST="422 404"),
    "patients": staff(GET="200 200", HEAD="200 200", POST="422 422"),
    "patients/<uuid:episode_id>": staff(GET="200 404", HEAD="200 404"),
    "patients/<uuid:episode_id>/state": staff(GET="200 404", HEAD="200 404"),
    "patients/<uuid:episode_id>/check-in": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/check-in/<uuid:check_in_id>": staff(GET="200 404", HEAD="200 404"),
    "patients/<uuid:episode_id>/baseline": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/risk-factors": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/procedure": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/note": staff(POST="422 404"),
    "patients/<uuid:episode_id>/mute": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/mute/<uuid:alert_id>/end": staff(POST="303 404"),
    "patients/<uuid:episode_id>/pause": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/resume": staff(POST="422 404"),
    "patients/<uuid:episode_id>/end": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/extend": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/summary": staff(GET="200 404", HEAD="200 404"),
    "patients/<uuid:episode_id>/phones": staff(GET="200 404", HEAD="200 404"),
    "patients/<uuid:episode_id>/phones/<uuid:device_id>/revoke": staff(POST="422 404"),
    "patients/<uuid:episode_id>/caregivers": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/caregivers/<uuid:caregiver_id>/code": staff(POST="200 404"),
    "patients/<uuid:episode_id>/caregivers/<uuid:caregiver_id>/scope": staff(POST="422 404"),
    "patients/<uuid:episode_id>/caregivers/<uuid:caregiver_id>/end": staff(POST="422 404"),
    "patients/<uuid:episode_id>/contacts": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/reminders": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    "patients/<uuid:episode_id>/identity": staff(GET="200 404", HEAD="200 404", POST="422 404"),
    # What is held about a person: for administrators and doctors. Ben is a nurse, so nothing of it is there for him.
    "patients/<uuid:episode_id>/person": staff(GET="404 404", HEAD="404 404"),
    "patients/<uuid:episode_id>/person/export": staff(POST="404 404"),
    "patients/<uuid:episode_id>/person/erase": staff(POST="404 404"),
    "patients/<uuid:episode_id>/person/erase/<uuid:erasure_id>/confirm": staff(POST="404 404"),
    "patients/<uuid:episode_id>/person/erase/<uuid:erasure_id>/withdraw": staff(POST="404 404"),
    "patients/<uuid:episode_id>/person/hold": staff(POST="404 404"),
    "patients/<uuid:episode_id>/person/hold/lift": staff(POST="404 404"),
    "patients/<uuid:episode_id>/sheet": staff(GET="200 404", HEAD="200 404", POST="200 404"),
    "enrol": staff(GET="200 200", HEAD="200 200", POST="422 422"),
    "enrol/waiting": staff(GET="200 200", HEAD="200 200"),
    "enrol/sheets": staff(POST="422 422"),
    "enrol/list": staff(GET="200 200", HEAD="200 200", POST="422 422"),
    "enrol/list/take": staff(POST="422 422"),
    "enrol/list/example": staff(GET="200 200", HEAD="200 200"),
    "contacts": staff(GET="200 200", HEAD="200 200"),
    "contacts/add": staff(POST="422 422"),
    "contacts/<uuid:contact_id>/send-code": staff(POST="409 404"),
    "contacts/<uuid:contact_id>/code": staff(POST="422 404"),
    "contacts/<uuid:contact_id>/test": staff(POST="303 404"),
    "contacts/<uuid:contact_id>/secret": staff(POST="409 404"),
    "contacts/<uuid:contact_id>/end": staff(POST="303 404"),
    "contacts/tests/<uuid:letter_id>": staff(GET="200 404", HEAD="200 404", POST="303 404"),
    "alerts/<uuid:alert_id>": staff(GET="200 404", HEAD="200 404"),
    "alerts/<uuid:alert_id>/state": staff(GET="200 404", HEAD="200 404"),
    "alerts/<uuid:alert_id>/acknowledge": staff(POST="303 404"),
    "alerts/<uuid:alert_id>/take-over": staff(POST="409 404"),
    "alerts/<uuid:alert_id>/ask": staff(POST="422 404"),
    "alerts/<uuid:alert_id>/contact": staff(POST="422 404"),
    "alerts/<uuid:alert_id>/note": staff(POST="422 404"),
    "alerts/<uuid:alert_id>/noise": staff(POST="422 404"),
    "alerts/<uuid:alert_id>/close": staff(POST="422 404"),
}


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Every route there is, as it is written."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield here


ROUTES = sorted(set(routes()))


class Scene:
    """Ana has sent a check-in that opened an alert. One client for each caller."""

    def __init__(self) -> None:
        episode = factories.episode()
        elsewhere = factories.team(factories.clinic("Northgate Clinic"))
        dee = factories.member(episode.team, "Dee Lund", "admin")
        helper, helpers_token = factories.caregiver(episode, by=dee)
        gone = factories.phone(episode)[1]
        enrolment.revoke(device=factories.reload_phone(gone), now=at(19))
        tokens = {
            "ana": factories.phone(episode)[1],
            "eve": factories.phone(factories.episode(elsewhere, name="Eve Marlow"))[1],
            "tom": helpers_token,
            "una": factories.caregiver(episode, "Una Whitfield", scope="read", by=dee)[1],
            "revoked": gone,
        }
        self.callers = {
            name: Client(headers={"Authorization": f"Bearer {tokens[name]}"} if name in tokens else {})
            for name in CALLERS
        }
        self.callers["ben"].force_login(factories.member(episode.team))
        self.callers["cleo"].force_login(factories.member(elsewhere, "Cleo Hart"))
        self.contact = self._tested_contact(User.objects.get(name="Ben Okafor"), episode.clinic)
        sent = check_in(20, bleeding="oozing")
        Phone(tokens["ana"], Client()).post(CHECK_INS, sent)
        alerts.flag(assessment_id=Assessment.objects.get().pk, by="watch", now=at(20))
        Phone(tokens["ana"], Client()).post(CHECK_INS, check_in(20, mood="low"))
        reminders.send_due(limit=10, now=at(48))
        self.objects = {
            "<client_id:client_id>": sent["id"],
            "<client_id:reminder_id>": Reminder.objects.get(episode=episode).uuid,
            "<uuid:check_in_id>": sent["id"],
            "<uuid:alert_id>": Alert.objects.get().uuid,
            "<uuid:report_id>": Quarantine.objects.get().uuid,
            "<uuid:episode_id>": episode.uuid,
            "<uuid:device_id>": factories.reload_phone(tokens["ana"]).uuid,
            "<client_id:device_id>": factories.reload_phone(tokens["ana"]).uuid,
            "<uuid:caregiver_id>": helper.uuid,
            "<client_id:caregiver_id>": helper.uuid,
            "<uuid:key>": uuid4(),
            "<uuid:session_id>": uuid4(),
            "<uuid:key_id>": uuid4(),
            "<uuid:invitation_id>": uuid4(),
            "<uuid:erasure_id>": uuid4(),
            "<uuid:user_id>": dee.uuid,
            "<slug:token>": "no-such-link",
            "<uuid:contact_id>": self.contact.uuid,
            "<uuid:letter_id>": self.contact.letters.get().uuid,
            "<slug:code>": "not_found",
            "<slug:figure>": "alerts-by-rule",
            "<uuid:team_id>": episode.team.uuid,
            "<uuid:shift_id>": rotas.shifts(episode.team, dee, by=dee)[0].uuid,
            "<uuid:override_id>": rotas.override(episode.team, dee, at(30), 12, by=dee).uuid,
            RESET_LINK: "accounts/password/reset/key/1-no-such-key/",
        }

    def _tested_contact(self, ben: User, clinic: Clinic) -> Contact:
        """Verified, and tested not too long ago."""
        contact = contacts.add_email(user=ben, clinic=clinic, address="ben@home.example", now=at(10))
        contacts.verify(contact=contact, now=at(10))
        contacts.send_test(contact=contact, by=ben, now=at(11))
        return contact

    def path(self, route: str, **others: UUID) -> str:
        for name, value in (self.objects | others).items():
            route = route.replace(name, str(value))
        assert "<" not in route, f"say which object stands for {route}"
        return f"/{route}"

    def ask(self, caller: str, method: str, path: str) -> Any:
        """The answer, of which nothing stays in the database."""
        with transaction.atomic():
            answered = self.callers[caller].generic(method, path, content_type="application/json")
            transaction.set_rollback(True)
        return answered


@pytest.fixture(scope="module")
def scene_of_the_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[Scene]:
    with kept.made_once(django_db_blocker, Scene, hour=20) as made:
        yield made


@pytest.fixture
def scene(scene_of_the_module: Scene, db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Scene:
    settings.ACCOUNT_RATE_LIMITS = False  # every cell is asked for in a moment
    monkeypatch.setattr(clock, "now", lambda: at(20))
    return kept.copy_of(scene_of_the_module, scene_of_the_module.callers.values())


@pytest.fixture
def scene_of_its_own(db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Scene:
    """For modules whose other tests make rows of theirs."""
    settings.ACCOUNT_RATE_LIMITS = False
    monkeypatch.setattr(clock, "now", lambda: at(20))
    return Scene()


def test_every_route_is_in_the_table() -> None:
    assert sorted(MATRIX) == ROUTES


@pytest.mark.parametrize("route", MATRIX)
def test_every_method_is_decided(route: str) -> None:
    assert tuple(MATRIX[route]) == METHODS
    assert all(len(statuses.split()) == len(CALLERS) for statuses in MATRIX[route].values())


@pytest.mark.parametrize("route", MATRIX)
def test_every_caller_is_answered_as_the_table_says(scene: Scene, route: str) -> None:
    answered = {
        method: " ".join(str(scene.ask(caller, method, scene.path(route)).status_code) for caller in CALLERS)
        for method in METHODS
    }

    assert answered == MATRIX[route]


FOREIGN = [
    (route, method, caller)
    for route, row in MATRIX.items()
    for method, statuses in row.items()
    for caller, status in zip(CALLERS, statuses.split(), strict=True)
    if status == "404" and method != "HEAD"
]


@pytest.mark.hazard("HZ4.5")
@pytest.mark.parametrize(("route", "method", "caller"), FOREIGN)
def test_what_is_somebody_elses_looks_as_if_it_were_not_there(
    scene: Scene, route: str, method: str, caller: str
) -> None:
    missing = {name: uuid4() for name in scene.objects if not name.startswith("<slug:")}

    foreign = scene.ask(caller, method, scene.path(route))
    none = scene.ask(caller, method, scene.path(route, **missing))

    assert none.status_code == 404
    assert bare(foreign) == bare(none)


def bare(answered: Any) -> Any:
    """The body without what differs from request to request."""
    if answered.headers["Content-Type"] == "application/problem+json":
        return answered.json() | {"request_id": ""}
    return re.sub(rb"[A-Za-z0-9]{64}", b"", answered.content)  # the form's token against forgery
