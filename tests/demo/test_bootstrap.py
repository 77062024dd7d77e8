"""The first clinic of a real installation."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from recovery import access
from recovery.models import AuditEvent, Clinic, User

pytestmark = pytest.mark.django_db

OPTIONS = {
    "clinic": "Hillside Spine Clinic",
    "time_zone": "Europe/London",
    "team_phone": "020 7946 0101",
    "urgent_line": "020 7946 0102",
    "emergency_number": "999",
    "crisis_line": "116 123",
    "night_cover": True,
    "team": "Spine team",
    "admin_name": "Dee Marlowe",
    "admin_email": "dee@hillside.example",
}


def bootstrap(**changes):
    told = StringIO()
    call_command("bootstrap", **(OPTIONS | {"random_password": True} | changes), stdout=told)
    return told.getvalue()


def test_clinic_team_and_administrator_are_there_afterwards():
    told = bootstrap()
    admin = User.objects.get(email="dee@hillside.example")
    assert access.membership_roles(admin) == {"admin"}
    assert [team.clinic.name for team in access.teams(admin)] == ["Hillside Spine Clinic"]
    password = told.split("shown this once: ")[1].strip()
    assert admin.check_password(password)
    assert AuditEvent.objects.get().what == "set up clinic"


def test_it_refuses_to_run_twice_for_the_same_address_and_changes_nothing():
    bootstrap()
    before = User.objects.get().password
    with pytest.raises(CommandError, match="has an account already"):
        bootstrap(clinic="Another Clinic", admin_email="DEE@hillside.example")
    assert Clinic.objects.count() == 1
    assert User.objects.get().password == before


def test_it_refuses_a_clinic_that_is_there_already():
    bootstrap()
    with pytest.raises(CommandError, match="already"):
        bootstrap(admin_email="other@hillside.example")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("time_zone", "London", "Europe/London"),
        ("urgent_line", "the switchboard", "number that can be called"),
        ("clinic", "  ", "empty"),
        ("admin_email", "dee", "address"),
    ],
)
def test_what_will_not_do_is_refused_before_any_change(option, value, says):
    with pytest.raises(CommandError, match=says):
        bootstrap(**{option: value})
    assert not Clinic.objects.exists()


def test_without_a_terminal_a_missing_option_is_named(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match="--crisis-line"):
        bootstrap(crisis_line=None)


def test_in_a_terminal_it_asks_until_the_answer_will_do_and_hides_the_password(monkeypatch):
    class Terminal(StringIO):
        def isatty(self):
            return True

    answers = iter(["Nowhere/Land", "Europe/Paris"])
    typed = iter(["short", "a long enough phrase", "a long enough phrase"])
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    monkeypatch.setattr("getpass.getpass", lambda question: next(typed))
    told = bootstrap(time_zone=None, random_password=False)
    assert Clinic.objects.get().time_zone == "Europe/Paris"
    assert User.objects.get().check_password("a long enough phrase")
    assert "a long enough phrase" not in told
