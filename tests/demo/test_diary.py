"""Lives with a phone: valid answers, everything a phone can do, and a board that is neither empty nor crying wolf."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from demo import diary, world
from demo.diary import Deed
from demo.troubles import TROUBLES
from demo.world import Person
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import answers_model, baseline_model
from recovery.clinical.assessment import Assessment, assess
from recovery.clinical.facts import Baseline, Earlier, Procedure, Report
from recovery.clinical.tiers import Tier

PROTOCOL = protocols.get("vk-default/1")
NOON = datetime(2026, 9, 16, 12, tzinfo=UTC)

TELLING = {
    "wound infection": "WOUND-INFECT",
    "cement leak": "NEURO-NUMB",
    "cement in the lung": "BREATH",
    "urinary retention": "BLADDER",
    "bleeding on a blood thinner": "BLEED-OOZE",
    "allergy": "ALLERGY-MILD",
    "clot in the calf": "LEG-CLOT",
    "fever": "FEVER",
    "too drowsy": "DROWSY",
    "fall": "FALL",
    "dark thoughts": "TEXT",
}
"""The rule that each trouble of the body sets off."""


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return list(world.people(seed=1, since=NOON - timedelta(days=140), until=NOON))


@pytest.fixture(scope="module")
def lives(people) -> list[tuple[Person, list[Deed]]]:
    return [(person, diary.write(person)) for person in people]


@pytest.fixture(scope="module")
def verdicts(lives) -> list[tuple[Person, Assessment]]:
    return [(person, verdict) for person, deeds in lives for verdict in judged(person, deeds)]


def judged(person, deeds):
    procedure = Procedure(
        kind=person.procedure,
        at=person.procedure_at,
        risk_factors=frozenset(person.risk_factors),
        blood_thinner_restart_h=person.restart_h,
    )
    baseline = Baseline(person.at(-2), person.baseline)
    history: list[Earlier] = []
    for deed in deeds:
        for note in deed.notes:
            if deed.verb in {"send", "send kept"} and note.status == diary.FULL and not note.unknown:
                report = Report(note.observed_at, note.answers, received_at=deed.at, id=str(note.id))
                yield assess(
                    protocol=PROTOCOL, procedure=procedure, baseline=baseline, history=history, report=report
                )
                history.append(Earlier.of(report, procedure))


def test_a_life_is_the_same_whenever_it_is_written_down(people):
    for person in people[:20]:
        assert diary.write(person) == diary.write(person)


def test_every_answer_fits_the_questionnaire(lives):
    form, baseline_form = answers_model(PROTOCOL), baseline_model(PROTOCOL)
    for person, deeds in lives:
        baseline_form.model_validate(person.baseline)
        for deed in deeds:
            for note in deed.notes:
                form.model_validate(dict(note.answers))


def test_nothing_is_sent_before_it_is_felt_or_without_a_phone(lives):
    for person, deeds in lives:
        assert [deed.verb for deed in deeds[:2]] == ["enrol", "redeem"]
        assert deeds[0].at > person.procedure_at
        assert all(note.observed_at <= deed.at for deed in deeds for note in deed.notes)


def test_reports_kept_offline_leave_in_the_order_kept_hours_later(lives):
    kept = [deed for _, deeds in lives for deed in deeds if deed.verb == "send kept"]
    assert len(kept) > 10
    assert any(len(deed.notes) > 1 for deed in kept)
    for deed in kept:
        felt = [note.observed_at for note in deed.notes]
        assert felt == sorted(felt)
        assert deed.at - felt[0] >= timedelta(hours=5)


def test_phones_do_everything_that_a_phone_can_do(lives):
    deeds = [deed for _, of_one in lives for deed in of_one]
    verbs = Counter(deed.verb for deed in deeds)
    assert min(verbs[verb] for verb in ("enrol", "redeem", "send", "send kept", "correct", "withdraw")) > 0
    notes = [note for deed in deeds for note in deed.notes]
    assert any(note.status == diary.HALF for note in notes)
    assert any(note.unknown for note in notes)
    assert any(note.by_carer for note in notes)
    temperatures = [note.answers["temp"]["unit"] for note in notes if "temp" in note.answers]
    assert {"C", "F"} == set(temperatures)


def test_some_check_ins_are_missed_and_most_are_not(lives):
    slots = [slot for slot in PROTOCOL.slots if slot.close_h < 800]
    due = filled = 0
    for person, deeds in lives:
        hours = [person.hours_at(note.observed_at) for deed in deeds for note in deed.notes]
        due += len(slots)
        filled += sum(any(slot.open_h <= at < slot.close_h for at in hours) for slot in slots)
    assert 0.85 < filled / due < 0.98


def test_8_to_34_of_100_check_ins_set_something_off(verdicts):
    tiers = Counter(verdict.tier for _, verdict in verdicts)
    assert 0.08 < 1 - tiers[Tier.NONE] / len(verdicts) < 0.34
    assert tiers[Tier.EMERGENCY] < tiers[Tier.SAME_DAY] < tiers[Tier.NONE] / 4


@pytest.mark.parametrize(("trouble", "rule"), TELLING.items())
def test_every_trouble_sets_off_its_rule(verdicts, trouble, rule):
    tiers = {
        max((finding.tier for finding in verdict.findings if finding.rule == rule), default=Tier.NONE)
        for person, verdict in verdicts
        if person.story == trouble
    }
    assert max(tiers) >= Tier.SAME_DAY, tiers


def test_a_new_fracture_is_found_as_pain_that_came_back(verdicts):
    broken = {person.hospital_number for person, _ in verdicts if person.story == "new fracture"}
    found = {
        person.hospital_number
        for person, verdict in verdicts
        if person.story == "new fracture"
        and any(finding.rule in {"PAIN-RECUR", "PAIN-NEWSITE"} for finding in verdict.findings)
    }
    assert len(broken) >= 10
    assert len(found) >= 0.8 * len(broken)


def test_every_trouble_is_told_of_here_or_is_one_of_the_phone():
    assert set(TROUBLES) - set(TELLING) == {"old app", "late start", "falls silent"}
