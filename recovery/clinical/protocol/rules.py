"""Rules, named conditions, information and the emergency screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any as AnyValue

from recovery.clinical.conditions import (
    Condition,
    Fired,
    Named,
    Node,
    Parser,
    Subject,
    Vocabulary,
    leaves_of,
    never_holds,
    satisfiable,
)
from recovery.clinical.facts import (
    CHECK_IN_FACTS,
    SILENCE_FACTS,
    Choice,
    Degrees,
    Fact,
    Kind,
    Number,
    Several,
)
from recovery.clinical.problems import Problem
from recovery.clinical.protocol.model import Branch, Information, Item, RiskFactor, Rule, ServiceAlert, Texts
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
        risk_kind = Choice(("yes", "no"))
        risk_subjects = {r.id: Subject("risk", r.id, risk_kind, r.label) for r in risks.values()}
        self.reading = reading
        self.check_in = Vocabulary(
            answers={item.link_id: subject for item in items.values() if (subject := _of_item(item))},
            facts=_subjects(CHECK_IN_FACTS),
            risks=risk_subjects,
            numbers=limits.numbers,
            pairs=limits.pairs,
        )
        self.silence = Vocabulary(facts=_subjects(SILENCE_FACTS), risks=risk_subjects, numbers=limits.numbers)
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
        branches = self._branches(shape.tier, when, f"{place}.tier", vocabulary)
        step_up = None
        if shape.step_up is not None:
            step_up = self._condition(shape.step_up, f"{place}.step_up", vocabulary)
        tiers = {branch.tier for branch in branches}
        patient = self._patient(shape.patient, tiers, step_up is not None, f"{place}.patient")
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

    # Tiers

    def _branches(self, raw: AnyValue, when: Node | None, place: str, vocabulary: Vocabulary) -> list[Branch]:
        """`same_day`, or a list of `tier: condition` that ends with a plain tier."""
        steps = raw if isinstance(raw, list) else [raw]
        branches: list[Branch] = []
        passed: list[tuple[Node, bool]] = [] if when is None else [(when, True)]
        for index, step in enumerate(steps):
            here = f"{place}[{index}]" if isinstance(raw, list) else place
            code, condition = (
                next(iter(step.items())) if isinstance(step, dict) and len(step) == 1 else (step, None)
            )
            if not isinstance(code, str) or code not in _TIERS:
                self.reading.note(here, f"{code!r} is not a tier of a finding")
                continue
            last = index == len(steps) - 1
            if last != (condition is None):
                self.reading.note(here, "the last one, and no other, stands without a condition")
                continue
            node = None
            if condition is not None:
                node = Parser(vocabulary, self.reading.problems).parse(condition, f"{here}.{code}")
                if node is None:
                    continue
                self._check_reached(node, passed, f"{here}.{code}")
                passed.append((node, False))
            elif not satisfiable(passed):
                self.reading.note(here, "is never reached: the tiers before it take every case")
            branches.append(Branch(Tier.of(code), Condition(node) if node else None))
        return branches

    def _check_reached(self, node: Node, passed: Sequence[tuple[Node, bool]], place: str) -> None:
        problems: list[Problem] = never_holds(node)
        if problems:
            self.reading.problems += problems
        elif not satisfiable([*passed[:1], (node, True)]):
            self.reading.note(place, "can never hold when the rule holds")
        elif not satisfiable([*passed, (node, True)]):
            self.reading.note(place, "is never reached: a tier before it takes every such case")

    # Texts

    def _patient(self, raw: AnyValue, tiers: set[Tier], stepped: bool, place: str) -> Texts:
        """One text, or one for each of some tiers and one `otherwise`."""
        if not isinstance(raw, dict):
            return Texts({}, self.reading.text(raw, place))
        possible = tiers | ({tier.one_step_higher for tier in tiers} if stepped else set())
        by_tier: dict[Tier, str] = {}
        for code, text in raw.items():
            if code == "otherwise":
                continue
            if code not in _TIERS or Tier.of(code) not in possible:
                self.reading.note(f"{place}.{code}", "the rule never has this tier")
                continue
            by_tier[Tier.of(code)] = self.reading.text(text, f"{place}.{code}")
        if not raw.get("otherwise") and possible - by_tier.keys():
            self.reading.note(f"{place}.otherwise", "is missing, and some tiers have no text")
            return Texts(by_tier, "")
        return Texts(
            by_tier, self.reading.text(raw["otherwise"], f"{place}.otherwise") if "otherwise" in raw else ""
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


_TIERS = frozenset(tier.code for tier in Tier) - {"none"}


def facts_used(nodes: Sequence[Node]) -> tuple[Fact, ...]:
    """The facts that these conditions ask for; no others need to be computed."""
    names = {test.subject.name for node in nodes for test in leaves_of(node) if test.subject.source == "fact"}
    return tuple(fact for name, fact in CHECK_IN_FACTS.items() if name in names)


def _subjects(facts: Mapping[str, Fact]) -> dict[str, Subject]:
    return {f.name: Subject("fact", f.name, f.kind, f.words, always=f.always) for f in facts.values()}


def _of_item(item: Item) -> Subject | None:
    kinds: dict[str, Kind] = {
        "choice": Choice(item.codes),
        "choices": Several(item.codes),
        "integer": Number(item.low, item.high),
        "temperature": Degrees(),
    }
    if item.kind not in kinds:
        return None
    labels = {value.code: value.label.lower() for value in item.values}
    return Subject("answer", item.link_id, kinds[item.kind], item.short.lower(), labels)
