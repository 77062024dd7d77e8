"""A defect that nobody can mend any more is accepted by an operator with a reason: its alarm ends, that is remembered,
and it comes back when what it is about changes."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from recovery import owed
from recovery.auditor.accepting import DefectRefused, accept
from recovery.models import Alert, AuditEvent, Defect, Oversight, User
from tests import factories
from tests.auditor import ward
from tests.auditor.ward import Ward
from tests.factories import PASSWORD, T0, at
from tests.signing_in import give_app, shown_code

WHY = "Written by hand on 3 March, with the care team's knowledge."


@pytest.fixture
def oda(db: None) -> User:
    """Operates the service."""
    user = User.objects.create_user(email="oda@example.org", name="Oda Berg", password=PASSWORD)
    give_app(user)
    Oversight.objects.create(user=user, role=Oversight.Role.OPERATOR, started_at=at(0))
    return user


@pytest.fixture
def found(healthy: Ward) -> Defect:
    """Somebody has lowered the tier of an alert that has ended."""
    Alert.objects.filter(status="closed").update(tier=2)
    assert look_twice(0) == {"alert-tier-changed"}
    return Defect.objects.get(gone_at=None)


def look_twice(seconds: float) -> set[str]:
    ward.look(seconds=seconds)
    return ward.look(seconds=seconds + 20).kinds


def test_what_is_accepted_ends_its_alarm_and_is_remembered_with_name_and_reason(found: Defect, oda: User):
    accept(defect_id=found.pk, because=WHY, by=oda, now=at(100))

    look = ward.look(seconds=40)
    assert look.is_well
    assert not look.suspected
    assert owed.service().defects == []
    event = AuditEvent.objects.get(what="accepted defect")
    assert (event.user, event.detail["because"], event.detail["kind"]) == (oda, WHY, found.kind)
    assert Defect.objects.get().gone_at is None


def test_it_comes_back_when_what_it_is_about_changes(found: Defect, oda: User):
    accept(defect_id=found.pk, because=WHY, by=oda, now=at(100))
    assert look_twice(40) == set()

    Alert.objects.filter(pk=found.place).update(tier=1)
    assert look_twice(80) == {"alert-tier-changed"}
    assert Defect.objects.filter(gone_at=None).get().accepted_at is None


def test_it_comes_back_when_it_was_mended_and_is_so_again(found: Defect, oda: User):
    was = Alert.objects.get(pk=found.place).events.order_by("-tier").first()
    assert was
    accept(defect_id=found.pk, because=WHY, by=oda, now=at(100))
    Alert.objects.filter(pk=found.place).update(tier=was.tier)
    assert look_twice(40) == set()
    Alert.objects.filter(pk=found.place).update(tier=2)
    assert look_twice(80) == {"alert-tier-changed"}


def test_another_one_of_its_kind_is_an_alarm(found: Defect, oda: User):
    accept(defect_id=found.pk, because=WHY, by=oda, now=at(100))
    Alert.objects.filter(status="acknowledged").update(tier=2)
    assert look_twice(40) == {"alert-tier-changed"}


@pytest.mark.parametrize("kind", ["program-silent", "message-overdue", "wall-down", "told-nobody"])
def test_what_lives_or_is_owed_is_mended_and_not_accepted(oda: User, kind: str):
    defect = Defect.objects.create(kind=kind, place=1, found_at=T0, seen_at=T0)
    with pytest.raises(DefectRefused, match="it has to be mended"):
        accept(defect_id=defect.pk, because=WHY, by=oda, now=at(100))


def test_a_red_flag_of_a_running_recovery_is_not_accepted(healthy: Ward, oda: User):
    place = Alert.objects.filter(episode__status="active").earliest("pk").first_assessment_id
    defect = Defect.objects.create(kind="red-flag-without-alert", place=place, found_at=T0, seen_at=T0)
    with pytest.raises(DefectRefused, match="it has to be mended"):
        accept(defect_id=defect.pk, because=WHY, by=oda, now=at(100))


@pytest.mark.parametrize("why", ["", "known", "x" * 501])
def test_without_a_reason_nothing_is_accepted(found: Defect, oda: User, why: str):
    with pytest.raises(DefectRefused, match="Write why it is accepted"):
        accept(defect_id=found.pk, because=why, by=oda, now=at(100))


def test_nobody_else_accepts_it(found: Defect):
    dee = factories.member(Alert.objects.get(pk=found.place).team, "Dee Lund", "admin")
    with pytest.raises(DefectRefused, match="Only whoever operates the service"):
        accept(defect_id=found.pk, because=WHY, by=dee, now=at(100))


def test_the_command_lists_and_accepts(found: Defect, oda: User, monkeypatch: pytest.MonkeyPatch):
    types(monkeypatch, PASSWORD, shown_code())
    said = StringIO()
    call_command("defects", accept=found.pk, because=WHY, by=oda.email, stdout=said)
    assert f"{found.pk}  alert-tier-changed at {found.place}" in said.getvalue()
    assert f"accepted by Oda Berg on {Defect.objects.get().accepted_at:%F}: {WHY}" in said.getvalue()
    with pytest.raises(CommandError, match="Say who you are"):
        call_command("defects", accept=found.pk, because=WHY)


@pytest.mark.parametrize(
    ("email", "typed", "is_active"),
    [
        ("oda@example.org", ("wrong", ""), True),
        ("oda@example.org", (PASSWORD, "wrong"), True),
        ("oda@example.org", (PASSWORD, ""), False),
        ("nobody@example.org", (PASSWORD, ""), True),
    ],
)
def test_in_somebodys_name_who_gives_not_both_factors_accepts_nothing(
    found: Defect,
    oda: User,
    monkeypatch: pytest.MonkeyPatch,
    email: str,
    typed: tuple[str, str],
    is_active: bool,
):
    User.objects.filter(pk=oda.pk).update(is_active=is_active)
    types(monkeypatch, typed[0], typed[1] or shown_code())

    with pytest.raises(CommandError, match="Password or code is wrong"):
        call_command("defects", accept=found.pk, because=WHY, by=email)
    assert Defect.objects.get(pk=found.pk).accepted_at is None
    event = AuditEvent.objects.get(what="failed to prove who it is")
    assert (event.user, event.detail) == (None, {"command": "defects"})
    assert event.subject_id == (oda.uuid if email == oda.email else None)


def types(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """What is typed when the command asks."""
    left = iter(words)
    monkeypatch.setattr("recovery.management.oneself.getpass", lambda _: next(left))
