"""O6: what a change of the rules changes is shown on real check-ins, and nothing is used that two have not signed."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from recovery import canary, checkins, clock, second_factor, sign_off
from recovery.clinical import protocol as protocols
from recovery.models import AuditEvent, CareTeam, DeviceToken, ProtocolApproval, ProtocolReplay, User
from recovery.sign_off import approving
from tests import factories
from tests.factories import PASSWORD, at, submission
from tests.hold.settled import as_next_request
from tests.signing_in import give_app

pytestmark = pytest.mark.django_db

OLD = protocols.PROTOCOLS / "vk-default-1.yaml"


@pytest.fixture
def new(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The same protocol, but bleeding that keeps coming is routine for everybody: as version 2, in the release."""
    document = OLD.read_text().replace("version: vk-default/1", "version: vk-default/2")
    begins = document.index("- id: BLEED-OOZE")
    ends = document.index("clears:", begins)
    rule = document[begins:ends]
    milder = rule[: rule.index("tier:")] + "tier: routine\n    "
    directory = tmp_path / "protocols"
    directory.mkdir()
    (directory / OLD.name).write_text(OLD.read_text())
    path = directory / "vk-default-2.yaml"
    path.write_text(document.replace(rule, milder))
    monkeypatch.setattr(protocols, "PROTOCOLS", directory)
    monkeypatch.setattr(approving, "PROTOCOLS", directory)
    yield path
    protocols.get.cache_clear()  # nobody else knows of version 2


@pytest.fixture
def team(db: None) -> CareTeam:
    return factories.team()


@pytest.fixture
def ana(team: CareTeam) -> DeviceToken:
    return factories.phone(factories.episode(team))[0]


@pytest.fixture
def doctors(team: CareTeam) -> list[User]:
    people = [factories.member(team, name, "doctor") for name in ("Dora Klein", "Una Reid")]
    for each in people:
        give_app(each)
    return people


def report(phone: DeviceToken, hours: float, **changes: object) -> None:
    checkins.submit(device=as_next_request(phone), submission=submission(hours, **changes), now=at(hours))


def replayed(new: Path) -> ProtocolReplay:
    return sign_off.compare(old="vk-default/1", new="vk-default/2", last=10_000, now=at(100))


def test_o06_the_difference_is_told_by_rule_and_tier(ana: DeviceToken, new: Path) -> None:
    for hours in (20.0, 26.0):
        report(ana, hours, bleeding="oozing")
    report(ana, 44, bladder="new_or_worse", bleeding="oozing")
    report(ana, 68)

    out = StringIO()
    call_command("replay_protocol", "vk-default/1", "vk-default/2", stdout=out)

    found = ProtocolReplay.objects.get().difference
    assert (found["judged"], found["the_same"], found["red_flags_lost"]) == (4, 1, 2)
    assert found["rules"] == {"BLEED-OOZE": {"same_day -> routine": 3}}
    assert found["tiers"] == {"same_day -> routine": 2}
    assert "BLEED-OOZE: same_day -> routine: 3" in out.getvalue()
    assert "Red flags lost or lowered: 2; new: 0." in out.getvalue()


def test_o06_the_last_so_many_are_replayed_with_the_history_that_was_known(
    ana: DeviceToken, new: Path
) -> None:
    for hours in (20.0, 26.0, 44.0):
        report(ana, hours, bleeding="oozing")

    assert sign_off.replay(protocols.load(OLD), protocols.load(new), last=2).judged == 2
    assert sign_off.replay(protocols.load(OLD), protocols.load(OLD)).document() == {
        "judged": 3, "the_same": 3, "tiers": {}, "rules": {}, "red_flags_lost": 0, "red_flags_new": 0,
    }  # fmt: skip


def test_o06_canaries_are_not_replayed(ana: DeviceToken, team: CareTeam) -> None:
    before = sign_off.replay(protocols.load(OLD), protocols.load(OLD)).judged
    bird = canary.renew(canary.ensure(team.clinic), now=at(30))
    phone = as_next_request(factories.phone(bird.episode, now=at(30))[0])
    sung = submission(30, observed_at=at(30), sent_at=at(30), **canary.ANSWERS)
    checkins.submit(device=phone, submission=sung, now=at(30))

    assert sign_off.replay(protocols.load(OLD), protocols.load(OLD)).judged == before


def test_o06_nobody_is_enrolled_under_what_two_have_not_signed(
    team: CareTeam, doctors: list[User], new: Path
) -> None:
    kept = replayed(new)

    for doctor in doctors:
        with pytest.raises(sign_off.NotSignedOff, match="not approved by two doctors"):
            factories.episode(team, protocol="vk-default/2")
        sign_off.approve(replay_id=kept.uuid, by=doctor, now=at(101))

    assert factories.episode(team, protocol="vk-default/2").protocol == "vk-default/2"


def test_o06_two_who_have_read_different_differences_have_not_signed_one(
    team: CareTeam, doctors: list[User], ana: DeviceToken, new: Path
) -> None:
    """The first read it before there was anything to find."""
    for doctor in doctors:
        sign_off.approve(replay_id=replayed(new).uuid, by=doctor, now=at(101))
        report(ana, 20, bleeding="oozing")

    with pytest.raises(sign_off.NotSignedOff):
        factories.episode(team, protocol="vk-default/2")


@pytest.mark.django_db(transaction=True)
def test_o06_while_it_is_judged_no_transaction_is_held(new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends one that is idle for ten seconds, and all that was judged would be lost."""
    held = []

    def judged(*of: object, **how: object) -> sign_off.Difference:
        held.append(connection.in_atomic_block)
        return sign_off.Difference()

    monkeypatch.setattr(approving, "replay", judged)
    replayed(new)

    assert held == [False]


@pytest.mark.parametrize("last", ["0", "-1"])
def test_o06_a_replay_of_nothing_is_refused(new: Path, db: None, last: str) -> None:
    with pytest.raises(CommandError, match="At least one"):
        call_command("replay_protocol", "vk-default/1", "vk-default/2", last=int(last))


def test_o06_one_person_is_not_two(doctors: list[User], new: Path) -> None:
    kept = replayed(new)
    sign_off.approve(replay_id=kept.uuid, by=doctors[0], now=at(101))

    with pytest.raises(sign_off.SignOffRefused, match="somebody else"):
        sign_off.approve(replay_id=kept.uuid, by=doctors[0], now=at(102))
    assert ProtocolApproval.objects.count() == 1


def test_o06_a_letter_changed_after_the_signatures_voids_them(
    team: CareTeam, doctors: list[User], new: Path
) -> None:
    kept = replayed(new)
    for doctor in doctors:
        sign_off.approve(replay_id=kept.uuid, by=doctor, now=at(101))
    sign_off.check_in_use("vk-default/2")

    new.write_text(new.read_text() + "\n# one more line\n")

    with pytest.raises(sign_off.NotSignedOff):
        factories.episode(team, protocol="vk-default/2")


def test_o06_what_is_in_use_today_is_as_it_was_reviewed(team: CareTeam) -> None:
    """An edit in place needs a new version instead: its digest stands in the code."""
    sign_off.check_in_use("vk-default/1")


def test_o06_a_nurse_cannot_stand_for_it(team: CareTeam, new: Path) -> None:
    nurse = factories.member(team, "Nia Boateng")

    with pytest.raises(sign_off.SignOffRefused, match="Only a doctor"):
        sign_off.approve(replay_id=replayed(new).uuid, by=nurse, now=at(101))


def test_o06_it_is_signed_with_both_factors_and_remembered(
    doctors: list[User], new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = replayed(new)
    said = StringIO()
    for doctor in doctors:
        typed = iter([PASSWORD, second_factor.code_at("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", clock.real())])
        monkeypatch.setattr("recovery.management.oneself.getpass", lambda _, typed=typed: next(typed))
        call_command("approve_protocol", kept.uuid, email=doctor.email, stdout=said)

    assert "It may be used." in said.getvalue()
    events = AuditEvent.objects.filter(what="approved protocol")
    assert {event.user for event in events} == set(doctors)
    assert {event.detail["document"] for event in events} == {kept.new_digest}


@pytest.mark.parametrize("typed", [("wrong", None), (PASSWORD, "000000")])
def test_o06_who_has_not_both_factors_signs_nothing_and_the_try_is_remembered(
    doctors: list[User], new: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, str | None]
) -> None:
    kept = replayed(new)
    right = second_factor.code_at("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", clock.real())
    answers = iter([typed[0], typed[1] or right])
    monkeypatch.setattr("recovery.management.oneself.getpass", lambda _: next(answers))

    with pytest.raises(CommandError, match="Password or code is wrong"):
        call_command("approve_protocol", kept.uuid, email=doctors[0].email.upper(), stdout=StringIO())
    assert not ProtocolApproval.objects.exists()
    event = AuditEvent.objects.get(what="failed to prove who it is")
    assert (event.user, event.subject_id) == (None, doctors[0].uuid)
    assert event.detail == {"command": "approve_protocol"}
    assert event.clinic_id is not None


@pytest.mark.parametrize("table", ["protocolreplay", "protocolapproval"])
@pytest.mark.parametrize(
    "verb", ["UPDATE recovery_{} SET id = id", "DELETE FROM recovery_{}", "TRUNCATE recovery_{}"]
)
def test_o06_a_signature_is_not_rewritten(table: str, verb: str) -> None:
    with pytest.raises(Error, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(table))


def test_what_is_no_protocol_or_the_same_is_refused(db: None, tmp_path: Path) -> None:
    for old, new in (("vk-default/1", "vk-default/9"), ("vk-default/1", "vk-default/1")):
        with pytest.raises(CommandError):
            call_command("replay_protocol", old, new, stdout=StringIO())
