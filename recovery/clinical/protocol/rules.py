"""Rules, named conditions, information and the emergency screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as AnyValue

from recovery.clinical.conditions import (
    Condition,
    Fired,
    Named,
    Node,
    Parser,
    Vocabulary,
    never_holds,
    satisfiable,
)
from recovery.clinical.facts import CHECK_IN_FACTS, SILENCE_FACTS
from recovery.clinical.protocol.model import Information, Item, RiskFactor, Rule, ServiceAlert, Texts
from recovery.clinical.protocol.reading import Reading
from recovery.clinical.protocol.shape import (
    ConditionShape,
    InformationShape,
    RuleShape,
    ServiceAlertShape,
    entries,
    named,
    shaped,
)
from recovery.clinical.protocol.subjects import subject_of_item, subjects_of_facts, subjects_of_risks
from recovery.clinical.protocol.tiering import read_branches, read_patient_texts
from recovery.clinical.tiers import Tier


class RuleReader:
    """Reads everything that holds conditions, in the order of the document."""

    def __init__(
        self,
        reading: Reading,
        items: Mapping[str, Item],
        risks: Mapping[str, RiskFactor],
        limits: Vocabulary,
    ) -> None:
        risk_subjects = subjects_of_risks(risks)
        self.reading = reading
        self.check_in = Vocabulary(
            answers={item.link_id: subject for item in items.values() if (subject := subject_of_item(item))},
            facts=subjects_of_facts(CHECK_IN_FACTS),
            risks=risk_subjects,
            numbers=limits.numbers,
            pairs=limits.pairs,
        )
        self.silence = Vocabulary(
            facts=subjects_of_facts(SILENCE_FACTS), risks=risk_subjects, numbers=limits.numbers
        )
        self.on_phone = Vocabulary(answers=self.check_in.answers)
        for name in self.check_in.answers.keys() & self.check_in.facts.keys():
            reading.note(f"questionnaire.{name}", "has the name of a fact")

    # Conditions

    def _condition(self, raw: AnyValue, place: str, vocabulary: Vocabulary) -> Node | None:
        node = Parser(vocabulary, self.reading.problems).parse(raw, place)
        if node is not None and (problems := never_holds(node)):
            self.reading.problems += problems
            return None
        return node

    def read_conditions(self, raw: AnyValue) -> None:
        for name, place, entry in named(raw, "conditions", self.reading.problems):
            if (shape := shaped(ConditionShape, entry, place, self.reading.problems)) is None:
                continue
            node = self._condition(shape.when, f"{place}.when", self.check_in)
            if node is None:
                self.check_in.refused.add(name)
            else:
                self.check_in.named[name] = Named(name, shape.words, node, place)

    def read_emergency_screen(self, raw: AnyValue) -> Node | None:
        """Answers only: a phone knows neither the hour of the procedure for certain nor the history."""
        return self._condition(raw, "emergency_screen", self.on_phone)

    def read_information(self, raw: AnyValue) -> dict[str, Information]:
        found: dict[str, Information] = {}
        for place, entry in entries(raw, "information", self.reading.problems):
            if (shape := shaped(InformationShape, entry, place, self.reading.problems)) is None:
                continue
            node = self._condition(shape.when, f"{place}.when", self.check_in)
            text = self.reading.text(shape.patient, f"{place}.patient")
            if node is not None:
                found[shape.id] = Information(shape.id, Condition(node), text)
        return found

    # Rules

    def read_rules(self, raw: AnyValue) -> dict[str, Rule]:
        listed = list(entries(raw, "rules", self.reading.problems))
        ids = frozenset(entry["id"] for _, entry in listed)
        rules: dict[str, Rule] = {}
        for place, entry in listed:
            self.check_in.later_rules = self.silence.later_rules = ids - rules.keys()
            if rule := self._rule(entry, place):
                rules[rule.id] = rule
                vocabulary = self.silence if rule.timer else self.check_in
                vocabulary.rules[rule.id] = Fired(rule.id, rule.name, rule.when.node, place)
            else:
                self.check_in.refused.add(entry["id"])
                self.silence.refused.add(entry["id"])
        return rules

    def _rule(self, raw: AnyValue, place: str) -> Rule | None:
        before = len(self.reading.problems)
        shape = shaped(RuleShape, raw, place, self.reading.problems)
        if shape is None:
            return None
        vocabulary = self.silence if shape.timer else self.check_in
        when = self._condition(shape.when, f"{place}.when", vocabulary)
        branches = read_branches(shape.tier, when, f"{place}.tier", vocabulary, self.reading)
        step_up = None
        if shape.step_up is not None:
            step_up = self._condition(shape.step_up, f"{place}.step_up", vocabulary)
            if step_up and when and not satisfiable([(when, True), (step_up, True)]):
                self.reading.note(f"{place}.step_up", "can never hold when the rule holds")
        tiers = {branch.tier for branch in branches}
        patient = read_patient_texts(
            shape.patient, tiers, step_up is not None, f"{place}.patient", self.reading
        )
        name = self.reading.text(shape.name, f"{place}.name", shown=False)
        team = self.reading.text(shape.team, f"{place}.team", shown=False)
        sources = self.reading.cite(shape.sources, place)
        facts = self.reading.use_facts(shape.facts, place)
        if when is None or len(self.reading.problems) > before:
            return None
        return Rule(
            id=shape.id,
            name=name,
            when=Condition(when),
            branches=tuple(branches),
            step_up=Condition(step_up) if step_up else None,
            clears=shape.clears,
            patient=patient,
            action_line=shape.action_line,
            team=team,
            sources=sources,
            facts=facts,
            note=shape.note,
            timer=shape.timer,
        )

    def read_service_alerts(self, raw: AnyValue, rules: Mapping[str, Rule]) -> dict[str, ServiceAlert]:
        found: dict[str, ServiceAlert] = {}
        for place, entry in entries(raw, "service_alerts", self.reading.problems):
            if (shape := shaped(ServiceAlertShape, entry, place, self.reading.problems)) is None:
                continue
            if shape.id in rules:
                self.reading.note(place, "is the id of a rule")
            if shape.tier == "none":
                self.reading.note(f"{place}.tier", "an alert needs a tier above none")
            found[shape.id] = ServiceAlert(
                id=shape.id,
                name=shape.name,
                tier=Tier.of(shape.tier),
                clears=shape.clears,
                patient=Texts({}, self.reading.text(shape.patient, f"{place}.patient")),
                team=self.reading.text(shape.team, f"{place}.team", shown=False),
                sources=self.reading.cite(shape.sources, place),
                note=shape.note,
            )
        return found
