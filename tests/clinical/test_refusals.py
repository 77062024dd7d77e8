"""The loader refuses what could not be carried out, and says where and why."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.clinical.protocol import ProtocolError, build, load
from tests.clinical.documents import PATH, document, problems_of, rule


def test_the_signed_document_is_taken():
    assert problems_of(document()) == []


def when(rule_id: str, condition: Any) -> list[str]:
    raw = document()
    rule(raw, rule_id)["when"] = condition
    return problems_of(raw)


PAIN = {"fact": "pain", "ge": 4}

# (condition, place below rules[X].when, part of the reason)
CONDITIONS: list[tuple[Any, str, str]] = [
    ({"all": [PAIN, {"fact": "pian", "ge": 4}]}, ".all[1].fact", "no fact 'pian'"),
    ({"coughing": "new"}, ".coughing", "neither a question"),
    ({"cough": "newish"}, ".cough.eq", "no value 'newish'"),
    ({"cough": ["new", "bloody"]}, ".cough.in", "no value 'bloody'"),
    ({"wound": {"has": ["redness", "pus"]}}, ".wound.has", "no value 'pus'"),
    ({"wound": "redness"}, ".wound", "is a list"),
    ({"wound": {"has": ["redness"], "at_least": 2}}, ".wound.at_least", "1 to 1"),
    ({"risk": "diabetes"}, ".risk", "no risk factor 'diabetes'"),
    ({"rule": "NO-SUCH"}, ".rule", "no rule 'NO-SUCH'"),
    ({"rule": "WOUND-WATCH"}, ".rule", "not earlier in the document"),
    ({"rule": "CHEST"}, ".rule", "not earlier in the document"),
    ({"is": "soreness"}, ".is", "no condition 'soreness'"),
    ({"known": "pain_then"}, ".known", "no fact and no question"),
    ({"known": "hours"}, ".known", "always known"),
    ({"hours": {"ge": "walk_until_h"}}, ".hours.ge", "neither a number nor a setting"),
    ({"hours": {"ge": "brace_text"}}, ".hours.ge", "neither a number nor a setting"),
    ({"hours": 48}, ".hours", "needs a comparison"),
    ({"fact": "pain", "ge": "four"}, ".ge", "neither a number"),
    ({"fact": "pain", "ge": True}, ".ge", "not a number"),
    ({"fact": "pain", "ge": 4.5}, ".ge", "whole number"),
    ({"fact": "pain", "has": [4]}, ".has", "is a number: it cannot be compared like this"),
    ({"fact": "pain"}, "", "compares with nothing"),
    ({"fact": "pain", "at_most": 4}, ".at_most", "is not a comparison"),
    ({"fact": "temperature", "ge": 38.0}, ".ge", "pair of limits"),
    ({"fact": "temperature", "eq": "fever"}, ".eq", "is a temperature"),
    ({"fact": "completed", "eq": "yes"}, ".eq", "is true or false"),
    ({"fact": "resolved_bowel", "eq": "worse"}, ".eq", "no value 'worse'"),
    ({"fact": "resolved_bowel", "ge": 1}, ".ge", "is one of several words"),
    ({"fact": "missed_slots", "ge": 1}, ".fact", "no fact 'missed_slots'"),
    ({"not": {"cough": "new"}}, ".not", "holds when cough is missing"),
    ({"not": {"cough": "new"}, "missing": "fails"}, "", "nothing but `missing: holds`"),
    ({"all": []}, ".all", "needs a list"),
    ({"cough": "new", "fall": "yes"}, "", "one thing per condition"),
    ("cough", "", "a condition is a mapping"),
    ({"any": [{"risk": {}}, {"rule": ["X"]}, {"is": {}}, {"known": []}]}, ".any[1].rule", "no rule"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "place", "reason"), CONDITIONS, ids=[c[2] for c in CONDITIONS])
def test_condition_is_refused(condition, place, reason):
    found = when("CHEST", condition)
    assert any(line.startswith(f"rules[CHEST].when{place}: ") and reason in line for line in found), found


HAS_TWO = {"wound": {"has": ["redness", "warmth"], "at_least": 2}}

IMPOSSIBLE: list[tuple[Any, str]] = [
    ({"fact": "pain", "gt": 10}, ""),
    ({"fact": "pain", "lt": 0}, ""),
    ({"fact": "rise_since_previous", "gt": 10}, ""),
    ({"all": [{"fact": "pain", "ge": 8}, {"fact": "pain", "lt": 4}]}, ".all"),
    ({"fact": "pain", "ge": 8, "lt": 4}, ""),
    ({"fact": "pain", "gt": 4, "lt": 5}, ""),
    ({"all": [{"hours": {"lt": 10}}, {"hours": {"ge": 48}}]}, ".all"),
    ({"hours": {"ge": 48, "lt": 48}}, ".hours"),
    ({"all": [{"hours": {"ge": "bandage_h"}}, {"hours": {"lt": 24}}]}, ".all"),
    ({"all": [{"cough": "new"}, {"cough": "blood"}]}, ".all"),
    ({"all": [{"cough": ["new", "same"]}, {"cough": "blood"}]}, ".all"),
    ({"all": [{"fall": "yes"}, {"not": {"fall": "yes"}, "missing": "holds"}]}, ".all"),
    ({"all": [{"risk": "tumour"}, {"not": {"risk": "tumour"}}]}, ".all"),
    ({"all": [{"known": "pain"}, {"not": {"known": "pain"}}]}, ".all"),
    ({"all": [PAIN, {"not": {"known": "pain"}}]}, ".all"),
    ({"all": [{"wound": {"only": ["redness"]}}, HAS_TWO]}, ".all"),
    ({"all": [{"fact": "temperature", "ge": "fever"}, {"fact": "temperature", "lt": "fever_low"}]}, ".all"),
    ({"all": [{"rule": "NEURO-MOVE"}, {"not": {"rule": "NEURO-MOVE"}}]}, ".all"),
    ({"all": [{"rule": "NEURO-MOVE"}, {"cannot_move": "no"}]}, ".all"),
    ({"all": [{"is": "soreness_exempt"}, {"hours": {"ge": 72}}]}, ".all"),
    ({"any": [{"cough": "new"}, {"fact": "pain", "gt": 10}]}, ".any[1]"),
    ({"all": [{"fact": "pain", "lt": 4}, {"any": [{"fact": "pain", "ge": 8}, {"fall": "yes"}]}]}, ".all[1].any[0]"),
    ({"all": [{"any": [{"cough": "new"}, {"cough": "blood"}]}, {"cough": "same"}]}, ".all"),
    ({"not": {"any": [{"cough": "new"}, {"not": {"cough": "new"}, "missing": "holds"}]}, "missing": "holds"}, ".not"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "place"), IMPOSSIBLE, ids=[str(i) for i, _ in enumerate(IMPOSSIBLE)])
def test_condition_that_can_never_hold_is_refused(condition, place):
    found = when("CHEST", condition)
    assert any(f"rules[CHEST].when{place}: " in line and "can never hold" in line for line in found), found


POSSIBLE: list[Any] = [
    {"all": [{"fact": "pain", "ge": 4}, {"fact": "pain", "lt": 5}]},
    {"all": [{"hours": {"ge": 47}}, {"hours": {"lt": 47.01}}]},
    {"all": [{"any": [{"cough": "new"}, {"fall": "yes"}]}, {"any": [{"cough": "blood"}, {"fact": "pain", "lt": 1}]}]},
    {"not": {"cough": ["no", "same", "new", "blood"]}, "missing": "holds"},
    {"all": [{"wound": {"has": ["redness"]}}, {"not": HAS_TWO, "missing": "holds"}]},
]  # fmt: skip


@pytest.mark.parametrize("condition", POSSIBLE, ids=[str(i) for i, _ in enumerate(POSSIBLE)])
def test_condition_that_can_hold_is_taken(condition):
    assert when("CHEST", condition) == []


TIERS: list[tuple[Any, str, str]] = [
    ("urgent", "", "'urgent' is not a tier"),
    ("none", "", "'none' is not a tier"),
    ([{"emergency": {"fall": "yes"}}], "[0]", "stands without a condition"),
    (["same_day", "routine"], "[0]", "stands without a condition"),
    ([{"emergency": {"fact": "pain", "gt": 10}}, "routine"], "[0].emergency", "can never hold"),
    ([{"emergency": {"chest_pain": "no"}}, "routine"], "[0].emergency", "when the rule holds"),
    (
        [{"emergency": {"fact": "pain", "ge": 4}}, {"same_day": {"fact": "pain", "ge": 6}}, "routine"],
        "[1].same_day",
        "never reached",
    ),
    ([{"emergency": {"chest_pain": "yes"}}, "routine"], "[1]", "never reached"),
    ([{"emergency": {"fact": "pian", "ge": 4}}, "routine"], "[0].emergency.fact", "no fact"),
    ([{"now": {"fall": "yes"}}, "routine"], "[0]", "'now' is not a tier"),
]


@pytest.mark.parametrize(("tier", "place", "reason"), TIERS, ids=[str(i) for i, _ in enumerate(TIERS)])
def test_tier_is_refused(tier, place, reason):
    raw = document()
    rule(raw, "CHEST")["tier"] = tier
    found = problems_of(raw)
    assert any(line.startswith(f"rules[CHEST].tier{place}: ") and reason in line for line in found), found


def spoiled(change: Any) -> list[str]:
    raw = document()
    change(raw)
    return problems_of(raw)


def _chest(**changes: Any):
    return lambda raw: rule(raw, "CHEST").update(changes)


def _without(*path: str):
    def change(raw: Any) -> None:
        for key in path[:-1]:
            raw = rule({"rules": raw}, key) if isinstance(raw, list) else raw[key]
        del raw[path[-1]]

    return change


def _slot(name: str, window: Any):
    return lambda raw: raw["slots"].update({name: window})


def _phase(index: int, **changes: Any):
    return lambda raw: raw["phases"][index].update(changes)


def _setting(name: str, **changes: Any):
    return lambda raw: raw["settings"][name].update(changes)


def _item(page: int, index: int, **changes: Any):
    return lambda raw: raw["questionnaire"][page]["items"][index].update(changes)


DOCUMENTS: list[tuple[str, Any, str, str]] = [
    ("unknown part", lambda raw: raw.update(extra=1), "extra", "not a part"),
    ("missing part", _without("footer"), "footer", "is missing"),
    ("no words for a report that was not taken", _without("not_taken", "unseen"), "not_taken.unseen", "is missing"),
    ("an emergency without words", _without("call_now_if", "cough"), "call_now_if.cough", "emergency screen asks it"),
    ("words for what is none", lambda raw: raw["call_now_if"].update(fall="you fall"), "call_now_if.fall",
     "no question of the emergency screen"),
    ("a number in what has none", lambda raw: raw["call_now_if"].update(cough="call {team_phone}"),
     "call_now_if.cough", "no number is filled in here"),
    ("unknown key of a rule", _chest(urgency=1), "rules[CHEST].urgency", "is not known here"),
    ("rule without source", _chest(sources=[]), "rules[CHEST].sources", "at least one source"),
    ("unknown source", _chest(sources=["Wikipedia"]), "rules[CHEST].sources[0]", "no source"),
    ("unknown fact", _chest(facts=["F99"]), "rules[CHEST].facts", "no fact 'F99'"),
    ("unused fact", lambda raw: raw["facts"].update(F99=raw["facts"]["F1"]), "facts.F99", "used nowhere"),
    ("unknown leaflet", lambda raw: raw["facts"]["F1"].update(leaflets=["009"]), "facts.F1.leaflets", "009"),
    ("no patient text", _without("rules", "CHEST", "patient"), "rules[CHEST].patient", "is missing"),
    ("empty patient text", _chest(patient=" "), "rules[CHEST].patient", "needs a text"),
    ("no team text", _without("rules", "CHEST", "team"), "rules[CHEST].team", "is missing"),
    ("text for a tier it never has", _chest(patient={"routine": "Hm.", "otherwise": "Oh."}),
     "rules[CHEST].patient.routine", "never has this tier"),
    ("tier without a text", lambda raw: rule(raw, "TIRED").update(patient={"routine": "Hm."}),
     "rules[TIRED].patient.otherwise", "some tiers have no text"),
    ("placeholder nobody fills", _chest(patient="Call {mother}."), "rules[CHEST].patient", "nobody fills {mother}"),
    ("placeholder of an unknown form", _chest(patient="For {lifting_h:years}."), "rules[CHEST].patient", "like this"),
    ("stray brace", _chest(patient="Call {team phone}."), "rules[CHEST].patient", "a brace"),
    ("number in a team text", _chest(team="Call {team_phone}."), "rules[CHEST].team", "no number is filled in"),
    ("step up that never holds", _chest(step_up={"chest_pain": "no"}), "rules[CHEST].step_up", "when the rule holds"),
    ("unknown clearing policy", _chest(clears="C5"), "rules[CHEST].clears", "'C1', 'C2', 'C3' or 'C4'"),
    ("duplicate rule", lambda raw: raw["rules"].append(rule(raw, "CHEST")), "rules[CHEST]", "same id twice"),
    ("duplicate question", lambda raw: raw["questionnaire"][5]["items"].append(raw["questionnaire"][0]["items"][0]),
     "questionnaire[moving].items[cannot_move]", "same id twice"),
    ("duplicate page item", lambda raw: raw["questionnaire"][0]["items"].append(raw["questionnaire"][0]["items"][0]),
     "questionnaire[nerves].items[cannot_move]", "same id twice"),
    ("question named like a fact", lambda raw: raw["questionnaire"][5]["items"].append(
        {**raw["questionnaire"][5]["items"][1], "id": "pain"}), "questionnaire.pain", "name of a fact"),
    ("question a fact needs", lambda raw: raw["questionnaire"][2]["items"].pop(0), "questionnaire.pain_now",
     "is missing"),
    ("question of another kind", _item(0, 0, kind="integer"), "questionnaire[nerves].items[cannot_move].range",
     "is missing"),
    ("symptom with other codes", lambda raw: raw["questionnaire"][0]["items"][1]["values"].pop("same"),
     "questionnaire.weakness.values", "must be no, same, new_or_worse"),
    ("temperature of another range", lambda raw: raw["questionnaire"][3]["items"][0].update(
        ranges={"C": [30.0, 43.0], "F": [93.2, 109.4]}), "questionnaire.temp.ranges", "34.0 to 43.0"),
    ("show when an unknown answer", _item(0, 2, show_when={"weakness": ["bad"]}),
     "questionnaire[weakness_where].show_when", "no such answer"),
    ("one-sided requirement", _item(3, 1, required_with=None), "questionnaire.temp.required_with", "in return"),
    ("baseline like nothing", lambda raw: raw["baseline_form"][0].update(like="ache"), "baseline_form[pain_now].like",
     "no question"),
    ("gap in the phases", _phase(2, hours=[25, 72]), "phases[phase-2].hours", "leaves a gap"),
    ("overlap of phases", _phase(2, hours=[23, 72]), "phases[phase-2].hours", "overlaps"),
    ("phase that ends too early", _phase(5, hours=[1008, 1000]), "phases[phase-5].hours", "ends before"),
    ("overlap of slots", _slot("S1", [11, 36]), "slots.S1", "overlaps S0"),
    ("slot that closes first", _slot("S1", [36, 12]), "slots.S1", "closes before"),
    ("slot of one hour", _slot("S1", [36]), "slots.S1", "[open, close]"),
    ("setting out of range", _setting("walk_by_h", value=49), "settings.walk_by_h.value", "outside 6 to 48"),
    ("default out of range", _setting("walk_by_h", default=5), "settings.walk_by_h.default", "outside 6 to 48"),
    ("fever limit raised", _setting("fever_c", value=38.1), "settings.fever_c.value", "outside 37 to 38"),
    ("setting not a choice", _setting("blood_thinner_restart_h", value=12), "settings.blood_thinner_restart_h.value",
     "not one of 0, 24"),
    ("setting of the wrong type", _setting("walk_by_h", value="soon"), "settings.walk_by_h.value", "not a number"),
    ("setting a fact needs", _without("settings", "blood_thinner_restart_h"), "settings.blood_thinner_restart_h",
     "is missing"),
    ("pair that does not match", _setting("fever_c", value=37.9), "limits.fever", "100.4 F is not 37.9 C"),
    ("lowest pair not lowest", lambda raw: raw["limits"].update(fever_low={"c": 37.9, "f": 100.2}), "limits.fever_low",
     "higher than fever_older"),
    ("limit of no setting", lambda raw: raw["limits"].update(fever={"c": "hot", "f": 100.4}), "limits.fever.c",
     "no setting 'hot'"),
    ("screen that asks the hour", lambda raw: raw.update(emergency_screen={"hours": {"lt": 2}}),
     "emergency_screen.hours", "not known here"),
    ("screen that asks a fact", lambda raw: raw.update(emergency_screen=PAIN), "emergency_screen.fact", "no fact"),
    ("word in capitals", lambda raw: raw["word_lists"]["worry"].append("Pus"), "word_lists.worry[7]", "lower case"),
    ("unknown status", lambda raw: raw.update(status="final"), "status", "one of draft"),
    ("no date", lambda raw: raw.update(review_on="soon"), "review_on", "a date"),
    ("odd version", lambda raw: raw.update(version="1"), "version", "vk-default/1"),
    ("alert named like a rule", lambda raw: raw["service_alerts"][0].update(id="CHEST"), "service_alerts[CHEST]",
     "the id of a rule"),
    ("alert of no tier", lambda raw: raw["service_alerts"][0].update(tier="none"), "service_alerts[UNASSESSED].tier",
     "above none"),
    ("rules as a mapping", lambda raw: raw.update(rules={}), "rules", "needs a list"),
    ("timer that asks answers", lambda raw: rule(raw, "MISSED-1").update(when={"cough": "new"}),
     "rules[MISSED-1].when.cough", "neither a question"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "place", "reason"), DOCUMENTS, ids=[d[0] for d in DOCUMENTS])
def test_document_is_refused(name, change, place, reason):
    found = spoiled(change)
    assert any(line.startswith(place) and reason in line for line in found), found


def test_every_problem_is_told_at_once():
    def change(raw: Any) -> None:
        raw["extra"] = 1
        raw["settings"]["walk_by_h"]["value"] = 100
        rule(raw, "CHEST")["when"] = {"any": [{"fact": "pian", "ge": 4}, {"cough": "newish"}]}
        rule(raw, "FEVER")["sources"] = []

    found = spoiled(change)
    assert [line.split(":")[0] for line in found] == [
        "extra",
        "settings.walk_by_h.value",
        "rules[CHEST].when.any[0].fact",
        "rules[CHEST].when.any[1].cough.eq",
        "rules[FEVER].sources",
    ]


def text_with(old: str, new: str) -> list[str]:
    text = PATH.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ProtocolError) as refusal:
        load(text.replace(old, new, 1))
    return [str(problem) for problem in refusal.value.problems]


def test_duplicate_key_is_refused():
    found = text_with("    clears: C1\n", "    clears: C1\n    clears: C2\n")
    assert any(line.startswith("rules[0].clears: duplicate key (line") for line in found)


def test_duplicate_part_is_refused():
    assert any(
        line.startswith("footer: duplicate key") for line in text_with("footer:", "footer: x\nfooter:")
    )


def test_alias_is_refused():
    found = text_with("title: Recovery", "title: &a Recovery\nstatus: *a\nold: Recovery")
    assert "aliases" in found[0]


def test_text_that_is_no_yaml_is_refused_with_its_line():
    assert "line" in text_with("footer:", "footer: [")[0]


@pytest.mark.parametrize("text", ["", "just words", "- a list", "42", "{}"])
def test_what_is_no_document_is_refused(text):
    with pytest.raises(ProtocolError):
        load(text)


def test_words_that_look_like_booleans_stay_words():
    protocol = load(PATH)
    assert protocol.questionnaire.items["bandage"].codes == ("on_dry", "wet", "off")
    assert protocol.questionnaire.items["fall"].codes == ("no", "yes")


def test_name_of_a_document_goes_before_each_place():
    with pytest.raises(ProtocolError, match=r"^north\.yaml: document: "):
        load("", name="north.yaml")


def test_document_that_is_not_a_mapping_is_refused():
    with pytest.raises(ProtocolError):
        build([1, 2])
