"""Written cases: what may be left out, what may be added, and what is refused with its place."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from recovery.clinical.cases import CaseError, judge, parse, read_cases
from recovery.clinical.protocol import get
from tests.clinical.documents import PATH
from tests.clinical.scenes import ALL_CLEAR, BEFORE

PROTOCOL = get()
ROOT = Path(__file__).parents[2]
SCENARIOS = Path(__file__).parent / "scenarios.json"
AT = "2026-03-02T10:00:00+00:00"


def case(at: str = "2026-03-03T16:00:00Z", **changes: Any) -> dict[str, Any]:
    """A bare case: nothing that may be left out is there."""
    return {"procedure": {"type": "kyphoplasty", "at": AT}, "check_in": {"observed_at": at, **changes}}


def rules(raw: dict[str, Any]) -> list[str]:
    found: list[str] = judge(raw, PROTOCOL, "case")[0]["rules"]
    return found


def test_bare_case_is_judged():
    result, remarks = judge(case(cannot_move="yes"), PROTOCOL, "case")
    assert result == {
        "id": None,
        "rules": ["NEURO-MOVE"],
        "tiers": {"NEURO-MOVE": "emergency"},
        "urgency": "emergency",
    }
    assert remarks == ()


def test_without_a_status_a_check_in_is_half_finished():
    assert rules(case()) == []
    assert rules(case(status="completed")) == ["INCOMPLETE"]
    assert rules({**case(**ALL_CLEAR, status="completed"), "history": None}) == []


def test_invalid_answers_are_left_out_and_the_rest_is_half_finished():
    raw = case(status="completed", pain_now=11, cough="bloody", chest_pain="yes")
    result, remarks = judge(raw, PROTOCOL, "cases[P]")
    assert result["rules"] == ["CHEST"]
    assert [remark.place for remark in remarks] == ["cases[P].check_in.pain_now", "cases[P].check_in.cough"]


def test_unknown_field_is_named_but_takes_nothing_away():
    result, remarks = judge(case(status="completed", weather="fine"), PROTOCOL, "case")
    assert result["rules"] == ["INCOMPLETE"]
    assert [str(remark) for remark in remarks] == ["case.check_in.weather: is not a question"]


def test_latest_of_several_baselines_counts():
    forms = [
        {"phase": "baseline", "observed_at": "2026-03-02T08:00:00Z", **BEFORE, "bladder": "present"},
        {"phase": "baseline", "observed_at": "2026-03-01T23:30:00-08:00", **BEFORE, "bladder": "no"},
        {"phase": "baseline", "observed_at": "2026-03-01T08:00:00Z", **BEFORE, "bladder": "no"},
    ]
    raw = case(**{**ALL_CLEAR, "bladder": "same"})
    assert rules({**raw, "history": forms}) == []
    assert rules({**raw, "history": forms[1:]}) == ["BASELINE-UNKNOWN"]


def test_history_may_hold_revisions_later_entries_and_the_check_in_itself():
    raw = case(**ALL_CLEAR, id="c")
    past = {**ALL_CLEAR, "phase": "post", "observed_at": "2026-03-02T20:00:00Z"}
    history = [
        {**past, "id": "a", "revision": 2, "bladder": "new_or_worse"},
        {**past, "id": "a", "revision": 1, "bladder": "no"},
        {**past, "id": "b", "status": "entered-in-error", "bowel": "new_or_worse"},
        {**past, "id": "c", "observed_at": "2026-03-02T21:00:00Z", "breathing": "new_or_worse"},
        {**past, "id": "d", "observed_at": "2026-04-02T21:00:00Z", "numbness": "new_or_worse"},
    ]
    raw["check_in"] |= {"bladder": "same", "bowel": "same", "breathing": "same", "numbness": "same"}
    found, _ = judge({**raw, "history": history}, PROTOCOL, "case")
    assert found["rules"] == ["BASELINE-UNKNOWN", "SYMPTOM-ONGOING"]
    asked = parse({**raw, "history": history}, PROTOCOL, "case")
    assert sorted(report.id for report in asked.history) == ["a", "d"]


def thinner(restart: Any, felt: str, **procedure: Any) -> bool:
    raw = case(felt, blood_thinner="not_restarted", status="in-progress")
    raw["procedure"] |= {"risk_factors": ["anticoagulant"], "blood_thinner_restart_h": restart, **procedure}
    return "THINNER" in rules(raw)


def test_restart_may_be_hours_a_date_or_an_instant():
    assert thinner(0, "2026-03-03T10:00:00Z")
    assert not thinner(None, "2026-03-04T09:59:59Z")
    assert thinner(None, "2026-03-04T10:00:00Z")
    assert not thinner("2026-03-03", "2026-03-03T23:59:59Z")
    assert thinner("2026-03-03", "2026-03-04T00:00:00Z")
    assert thinner("2026-03-02T22:00:00-05:00", "2026-03-04T03:00:00Z")
    assert not thinner("2026-03-02T22:00:00-05:00", "2026-03-04T02:59:59Z")


def test_restart_date_counts_from_midnight_in_the_zone_of_the_patient():
    assert not thinner("2026-03-03", "2026-03-04T04:59:59Z", timezone="America/New_York")
    assert thinner("2026-03-03", "2026-03-04T05:00:00Z", timezone="America/New_York")
    assert not thinner("2026-03-03", "2026-03-04T04:59:59Z", at="2026-03-02T10:00:00-05:00")
    assert thinner("2026-03-03", "2026-03-04T05:00:00Z", at="2026-03-02T10:00:00-05:00")


@pytest.mark.parametrize("key", ["date", "at"])
def test_procedure_with_only_a_date_is_taken_at_both_ends_of_it(key):
    def found(at: str) -> list[str]:
        raw = case(at, status="in-progress", bandage="off", bleeding="spot")
        raw["procedure"] = {"type": "kyphoplasty", key: "2026-03-02", "timezone": "Asia/Tokyo"}
        result, _ = judge(raw, PROTOCOL, "case")
        return [f"{rule} {tier}" for rule, tier in result["tiers"].items()]

    assert found("2026-03-03T23:59:59+09:00") == ["BANDAGE routine", "BLEED-SPOT routine"]
    assert found("2026-03-04T00:00:00+09:00") == ["BANDAGE routine", "BLEED-SPOT within_24h"]
    assert found("2026-03-04T23:58:59+09:00") == ["BANDAGE routine", "BLEED-SPOT within_24h"]
    assert found("2026-03-04T23:59:00+09:00") == ["BLEED-SPOT within_24h"]


def silent(**changes: Any) -> list[str]:
    return rules(
        {"procedure": {"at": AT}, "history": [], "check_in": None, "now": "2026-03-04T10:00:00Z", **changes}
    )


def test_pause_and_end_silence_the_timer():
    assert silent() == ["NEVER-STARTED"]
    assert silent(paused=True) == silent(ended=True) == silent(ended="2026-03-04T10:00:00Z") == []
    assert silent(paused={"from": "2026-03-03T10:00:00Z"}) == []
    assert silent(paused=[["2026-03-03T10:00:00Z", "2026-03-04T11:00:00Z"]]) == []
    assert silent(paused=["2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z"]) == ["NEVER-STARTED"]
    assert silent(paused=False, ended=False, ended_at=None) == ["NEVER-STARTED"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"procedure": None}, "case.procedure: is missing"),
        ({"procedure": {"type": "kyphoplasty"}}, "case.procedure.at: is missing"),
        ({"procedure": {"date": "soon"}}, "case.procedure.date: 'soon' is not a date"),
        ({"procedure": {"at": AT, "timezone": "Mars"}}, "case.procedure.timezone: 'Mars'"),
        ({"procedure": {"at": AT, "risk_factors": "tumour"}}, "case.procedure.risk_factors: "),
        ({"procedure": {"at": AT, "blood_thinner_restart_h": "24"}}, "case.procedure.blood_thinner_restart_h: "),
        ({"procedure": {"at": AT, "blood_thinner_restart_h": True}}, "case.procedure.blood_thinner_restart_h: "),
        ({"procedure": {"at": "2026-03-02T10:00:00"}}, "case.procedure.at: '2026-03-02T10:00:00' has no offset"),
        ({"procedure": {"at": 5}}, "case.procedure.at: is not an instant"),
        ({"check_in": None}, "case.now: is missing"),
        ({"check_in": []}, "case.check_in: is not an object"),
        ({"check_in": {}}, "case.check_in.observed_at: is missing"),
        ({"check_in": {"observed_at": "9999-01-01T00:00:00Z"}}, "case.check_in.observed_at: '9999"),
        ({"check_in": {"observed_at": AT, "status": "done"}}, "case.check_in.status: 'done'"),
        ({"check_in": {"observed_at": AT, "received_at": "today"}}, "case.check_in.received_at: 'today'"),
        ({"history": {}}, "case.history: is not a list"),
        ({"history": [7]}, "case.history[0]: is not an object"),
        ({"history": [{"phase": "baseline"}]}, "case.history[0].observed_at: is missing"),
        ({"history": [{"observed_at": AT, "revision": "2"}]}, "case.history[0].revision: "),
        ({"paused": [7]}, "case.paused[0]: is not a pause"),
        ({"ended": 7}, "case.ended: is not an instant"),
    ],
)  # fmt: skip
def test_malformed_case_is_refused_with_its_place(change, place):
    with pytest.raises(CaseError) as refusal:
        judge({**case(), **change}, PROTOCOL, "case")
    assert str(refusal.value).startswith(place)


@pytest.mark.parametrize("raw", [7, "case", None, []])
def test_what_is_no_case_is_refused(raw):
    with pytest.raises(CaseError, match=r"^cases\[3\]: "):
        judge(raw, PROTOCOL, "cases[3]")


def test_file_may_hold_a_list_one_case_or_named_cases():
    one = case()
    for text in (json.dumps(x) for x in ([one], one, {"scenarios": [one]}, {"cases": [one], "title": "x"})):
        assert read_cases(text) == [one]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "line 1"), ('{"a": 1, "a": 2}', "duplicate key 'a'"), ("[NaN]", "NaN is not a number"),
     ("7", "neither a list"), ('{"cases": 7}', "neither a list"), ("[" * 100_000, "file: ")],
    ids=["syntax", "duplicate", "NaN", "number", "cases", "deep"],
)  # fmt: skip
def test_malformed_file_is_refused(text, reason):
    with pytest.raises(CaseError, match=reason):
        read_cases(text)


# The command


def run(*arguments: str) -> tuple[list[dict[str, Any]], str, int]:
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("judge", *arguments, stdout=out, stderr=err)
    except SystemExit as left:
        code = int(left.code or 0)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue(), code


def test_command_judges_the_scenarios_line_by_line():
    results, errors, code = run(str(SCENARIOS))
    expected = [
        {"id": scenario["id"], **scenario["expect"]}
        for scenario in json.loads(SCENARIOS.read_text(encoding="utf-8"))
    ]
    assert results == expected
    assert (errors, code) == ("", 0)


def test_command_needs_no_database(tmp_path):
    file = tmp_path / "one.json"
    file.write_text(json.dumps(case(cannot_move="yes")), encoding="utf-8")
    program = (
        "import os, sys; sys.argv = ['manage.py', 'judge', sys.argv[1]];"
        "os.environ['DATABASE_URL'] = 'postgresql://nobody@127.0.0.1:1/none';"
        "import manage; manage.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert json.loads(done.stdout)["rules"] == ["NEURO-MOVE"]


def test_command_names_a_malformed_case_and_judges_the_others(tmp_path):
    file = tmp_path / "some.json"
    file.write_text(
        json.dumps([case(wants_call="yes"), {"id": "X", "procedure": {}}, case(fall="often")]),
        encoding="utf-8",
    )
    results, errors, code = run(str(file))
    assert [result["rules"] for result in results] == [["CALL-ME"], []]
    assert "cases[X].procedure.at: is missing" in errors
    assert "cases[2].check_in.fall: " in errors
    assert code == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["nowhere.json"], "nowhere.json"), ([str(ROOT / "manage.py")], "file: "),
     ([str(SCENARIOS), "--protocol", "vk-default/9"], "vk-default/9"),
     ([str(SCENARIOS), "--protocol", "nowhere.yaml"], "nowhere.yaml")],
)  # fmt: skip
def test_command_leaves_with_2_when_it_cannot_start(arguments, reason):
    results, errors, code = run(*arguments)
    assert results == []
    assert reason in errors
    assert code == 2


def test_command_takes_another_document(tmp_path):
    longer = tmp_path / "other.yaml"
    text = PATH.read_text(encoding="utf-8").replace("NEURO-MOVE\n", "NEURO-STUCK\n")
    longer.write_text(text, encoding="utf-8")
    file = tmp_path / "one.json"
    file.write_text(json.dumps(case(cannot_move="yes", status="in-progress")), encoding="utf-8")
    assert run(str(file), "--protocol", str(longer))[0][0]["rules"] == ["NEURO-STUCK"]
    longer.write_text(text.replace("cannot_move: yes", "cannot_move: perhaps"), encoding="utf-8")
    _, errors, code = run(str(file), "--protocol", str(longer))
    assert "rules[NEURO-STUCK].when.cannot_move.eq: cannot_move has no value 'perhaps'" in errors
    assert code == 2
