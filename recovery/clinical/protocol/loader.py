"""From a document to a protocol, or to the list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from recovery.clinical.conditions import Condition, Vocabulary
from recovery.clinical.problems import Problem
from recovery.clinical.protocol import ground, questions, telling
from recovery.clinical.protocol.document import read_yaml
from recovery.clinical.protocol.model import Protocol
from recovery.clinical.protocol.reading import Reading, unknown_keys
from recovery.clinical.protocol.rules import RuleReader
from recovery.clinical.protocol.shape import WordsShape, shaped
from recovery.clinical.protocol.subjects import facts_used
from recovery.clinical.words import WordScreen

PARTS = (
    "version", "title", "status", "review_on", "sources", "facts", "settings", "limits", "phases", "slots",
    "ends_h", "questionnaire", "baseline_form", "emergency_screen", "call_now_if", "risk_factors", "enrolment",
    "education", "actions", "not_taken", "footer", "information", "word_lists", "conditions", "rules", "service_alerts",
)  # fmt: skip
STATUSES = ("draft", "signed", "withdrawn")


class ProtocolError(Exception):
    """The document is refused; `problems` holds everything that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def load(text_or_path: str | Path, name: str | None = None) -> Protocol:
    """Read a document from its text or its file. Raises ProtocolError. `name` goes before each place."""
    problems: list[Problem] = []
    text = text_or_path.read_text(encoding="utf-8") if isinstance(text_or_path, Path) else text_or_path
    raw = read_yaml(text, problems)
    try:
        protocol = build(raw, problems)
    except ProtocolError as error:
        if name is None:
            raise
        raise ProtocolError(Problem(f"{name}: {p.place}", p.reason) for p in error.problems) from None
    return protocol


def build(raw: Any, found_before: Iterable[Problem] = ()) -> Protocol:
    """The protocol of a document's plain data. Raises ProtocolError with every problem."""
    reading = Reading()
    reading.problems += found_before
    if not isinstance(raw, dict):
        raise ProtocolError(reading.problems or [Problem("document", "is not a mapping of parts")])
    unknown_keys(raw, PARTS, reading)
    reading.read_sources(raw.get("sources"))
    reading.read_facts(raw.get("facts"))
    settings = ground.read_settings(raw.get("settings"), reading)
    limits = Vocabulary(
        numbers={name: s.value for name, s in settings.items() if not isinstance(s.value, str)},
        pairs=ground.read_limits(raw.get("limits"), reading),
    )
    phases = ground.read_phases(raw.get("phases"), reading)
    slots = ground.read_slots(raw.get("slots"), reading)
    questionnaire = questions.read_questionnaire(raw.get("questionnaire"), reading)
    baseline_form = questions.read_baseline_form(raw.get("baseline_form"), questionnaire, reading)
    risks = ground.read_risk_factors(raw.get("risk_factors"), reading)
    enrolment = ground.read_articles(raw.get("enrolment"), "enrolment", reading)
    education = ground.read_articles(raw.get("education"), "education", reading)
    rule_reader = RuleReader(reading, questionnaire.items, risks, limits)
    rule_reader.read_conditions(raw.get("conditions"))
    screen = rule_reader.read_emergency_screen(raw.get("emergency_screen"))
    information = rule_reader.read_information(raw.get("information"))
    rules = rule_reader.read_rules(raw.get("rules"))
    service_alerts = rule_reader.read_service_alerts(raw.get("service_alerts"), rules)
    call_now_if = telling.read_call_now_if(raw.get("call_now_if"), screen, questionnaire.items, reading)
    actions = telling.read_actions(raw.get("actions"), reading)
    not_taken = telling.read_not_taken(raw.get("not_taken"), reading)
    footer = reading.text(raw.get("footer"), "footer")
    word_screen = _word_screen(raw.get("word_lists"), reading)
    facts = reading.facts()
    version, title, status, review_on, ends_h = _head(raw, reading)
    if reading.problems or screen is None or word_screen is None or not_taken is None:
        raise ProtocolError(reading.problems)
    check_in_rules = tuple(rule for rule in rules.values() if not rule.timer)
    return Protocol(
        version=version,
        title=title,
        status=status,
        review_on=review_on,
        phases=phases,
        slots=slots,
        ends_h=ends_h,
        settings=settings,
        questionnaire=questionnaire,
        baseline_form=baseline_form,
        risk_factors=risks,
        rules=rules,
        service_alerts=service_alerts,
        information=information,
        emergency_screen=Condition(screen),
        emergency_screen_document=raw["emergency_screen"],
        call_now_if=call_now_if,
        actions=actions,
        not_taken=not_taken,
        footer=footer,
        word_screen=word_screen,
        enrolment=enrolment,
        education=education,
        sources=reading.sources,
        facts=facts,
        numbers_needed=frozenset(reading.numbers_needed),
        check_in_rules=check_in_rules,
        timer_rules=tuple(rule for rule in rules.values() if rule.timer),
        check_in_facts=facts_used(
            [
                condition.node
                for rule in check_in_rules
                for condition in (rule.when, rule.step_up, *(branch.when for branch in rule.branches))
                if condition is not None
            ]
            + [entry.when.node for entry in information.values()]
        ),
    )


def _head(raw: dict[str, Any], reading: Reading) -> tuple[str, str, str, date, float]:
    version, title, status = (raw.get(key) for key in ("version", "title", "status"))
    if not isinstance(version, str) or version.count("/") != 1:
        reading.note("version", "is written like vk-default/1")
    if not isinstance(title, str) or not title:
        reading.note("title", "needs a text")
    if status not in STATUSES:
        reading.note("status", f"is one of {', '.join(STATUSES)}")
    try:
        review_on = date.fromisoformat(str(raw.get("review_on")))
    except ValueError:
        reading.note("review_on", "is a date such as 2027-11-30")
        review_on = date.max
    ends_h = raw.get("ends_h")
    if type(ends_h) not in (int, float) or ends_h is None or ends_h <= 0:
        reading.note("ends_h", "is a number of hours")
        ends_h = 0
    return str(version), str(title), str(status), review_on, ends_h


def _word_screen(raw: Any, reading: Reading) -> WordScreen | None:
    shape = shaped(WordsShape, raw, "word_lists", reading.problems)
    if shape is None:
        return None
    for level in ("self_harm", "alarm", "worry"):
        for index, phrase in enumerate(getattr(shape, level)):
            if phrase != phrase.lower() or phrase != " ".join(phrase.split()) or "\u2019" in phrase:
                reading.note(
                    f"word_lists.{level}[{index}]",
                    "must be in lower case, single spaces, straight apostrophe",
                )
    return WordScreen(shape.self_harm, shape.alarm, shape.worry)
