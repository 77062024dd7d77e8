"""Everything that is held about one person, and nothing of anybody else (S49)."""

import errno
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from recovery import persons
from recovery.models import AuditEvent, Clinic, Patient, User
from recovery.persons.shape import every
from tests.factories import at
from tests.persons.scenes import ADDRESS, ANA, EVE, WORDS

pytestmark = pytest.mark.django_db


def text_of(patient: Patient) -> str:
    return persons.as_json(persons.export(patient, by=None, now=at(100)))


def rows(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """All of a part, wherever it stands."""
    found: list[dict[str, Any]] = []
    for key, value in document.items():
        for each in value if isinstance(value, list) else []:
            if isinstance(each, dict):
                found += [each, *rows(each, name)] if key == name else rows(each, name)
    return found


def test_s49_it_is_complete(ana: Patient) -> None:
    """Each table gives a row at least, and each of its columns stands there or is left out with a reason."""
    document = json.loads(text_of(ana))

    assert document["person"]["hospital_number"] == ana.hospital_number
    for part in every():
        found = rows(document, part.name)
        assert found, f"the scene leaves nothing in {part.name}"
        expected = {
            field.name.removeprefix("sealed_")
            for field in part.model._meta.concrete_fields
            if (part.model, field.name) not in persons.LEFT_OUT
            and field.name not in {"id", "clinic", "patient", part.by}
        }
        assert expected <= set(found[0]), part.name


def test_s49_what_was_written_and_told_is_in_it(ana: Patient) -> None:
    document = json.loads(text_of(ana))

    assert json.dumps(document).count(WORDS[ANA]) >= 8
    assert [row["address"] for row in rows(document, "wishes_for_reminders")] == [ADDRESS[ANA]]
    assert any(row["answers"].get("bleeding") == "oozing" for row in rows(document, "check_ins"))
    told = [row["advice_shown"] for row in rows(document, "verdicts") if row["advice_shown"]]
    assert any("bleeding" in line for advice in told for line in advice["lines"])
    assert {row["kind"] for row in rows(document, "history")} >= {"opened", "told", "acknowledged", "closed"}
    looks = [row["what"] for row in rows(document, "who_looked_and_did_what")]
    assert "looked: patient" in looks


def test_s49_nobody_else_is_in_it(ana: Patient, eve: Patient) -> None:
    text = text_of(ana)

    for stranger in (eve.name, eve.hospital_number, str(eve.uuid), WORDS[EVE], ADDRESS[EVE]):
        assert stranger not in text
        assert stranger in text_of(eve)
    assert str(eve.episodes.get().uuid) not in text


def test_no_number_of_ours_and_no_key_is_in_it(ana: Patient) -> None:
    document = json.loads(text_of(ana))
    device = ana.devices.get(caregiver=None)

    assert device.token_hash not in json.dumps(document)
    assert not [row for part in every() for row in rows(document, part.name) if "id" in row]


def test_who_did_it_is_told_by_role_and_by_name_only_where_the_clinic_wants_it(
    ana: Patient, ben: User
) -> None:
    anonymous = text_of(ana)
    Clinic.objects.update(names_staff=True)
    named = text_of(ana)

    assert ben.name not in anonymous
    assert '"role": "Doctor"' in anonymous
    assert ben.name in named
    assert ben.email not in named


def test_that_it_was_made_is_remembered(ana: Patient, ben: User) -> None:
    persons.export(ana, by=ben, now=at(100))

    event = AuditEvent.objects.get(what="exported person")
    assert (event.user, event.subject_id, event.clinic_id) == (ben, ana.uuid, ana.clinic_id)


@pytest.mark.parametrize("by_number", [True, False])
def test_the_operator_writes_it_into_a_file_of_their_own(
    ana: Patient, tmp_path: Path, by_number: bool
) -> None:
    to = tmp_path / "ana.json"
    whose = (
        {"clinic": ana.clinic.name, "number": ana.hospital_number.lower()}
        if by_number
        else {"uuid": ana.uuid}
    )

    call_command("export_person", to=to, **whose)

    assert json.loads(to.read_text())["person"]["uuid"] == str(ana.uuid)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_person", to=to, **whose)


def test_an_export_that_comes_to_no_end_leaves_no_file(
    ana: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(document: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(persons, "as_json", fails)

    with pytest.raises(OSError, match="No space left"):
        call_command("export_person", to=tmp_path / "ana", uuid=ana.uuid)
    assert list(tmp_path.iterdir()) == []


def test_the_page_to_read_holds_the_same_and_runs_nothing(ana: Patient, tmp_path: Path) -> None:
    Patient.objects.filter(pk=ana.pk).update(caregiver_name="<script>alert(1)</script>")
    to = tmp_path / "ana.html"

    call_command("export_person", to=to, uuid=ana.uuid, html=True)

    page = to.read_text()
    assert WORDS[ANA] in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_nobody_of_that_number_is_told_apart_from_nobody_at_all(ana: Patient, tmp_path: Path) -> None:
    for whose in ({"clinic": ana.clinic.name, "number": "H999999"}, {"clinic": "Nowhere", "number": "H1"}):
        with pytest.raises(CommandError, match="Nobody of this clinic"):
            call_command("export_person", to=tmp_path / "x", **whose)
    with pytest.raises(CommandError, match="Name the person"):
        call_command("export_person", to=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_whoever_is_named_in_two_ways_is_not_handed_out(ana: Patient, eve: Patient, tmp_path: Path) -> None:
    """They may be two people."""
    for given in (
        {"number": eve.hospital_number},
        {"clinic": eve.clinic.name, "number": eve.hospital_number},
    ):
        with pytest.raises(CommandError, match="in one way"):
            call_command("export_person", to=tmp_path / "x", uuid=ana.uuid, **given)

    assert not (tmp_path / "x").exists()


def test_of_two_with_one_number_in_large_and_small_letters_neither_is_handed_out(
    ana: Patient, eve: Patient
) -> None:
    Patient.objects.filter(pk=eve.pk).update(hospital_number=ana.hospital_number.lower())
    clinic = ana.clinic.name

    with pytest.raises(persons.NoSuchPerson, match="Two have this number"):
        persons.find(clinic=clinic, hospital_number=ana.hospital_number)
    assert persons.find(uuid=eve.uuid) == eve
