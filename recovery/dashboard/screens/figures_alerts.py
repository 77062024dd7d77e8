"""The figures about alerts: how many, what came of them, and how soon somebody was there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.figure import (
    FEW_MEANS,
    Cell,
    Figure,
    Line,
    Raw,
    percent,
    raw_share,
    share_cell,
)
from recovery.dashboard.wording import NBSP, counted, span
from recovery.figures import (
    FEW,
    FEW_FOR_MEDIAN,
    FEW_FOR_P90,
    Figures,
    Raised,
    Share,
    Wait,
    per_100,
    total,
)

PER_100 = (
    "Per 100 check-ins",
    "alerts that were opened in the period, for each 100 completed check-ins that were felt in it. Alerts about"
    " silence and half-finished reports are counted as well.",
)
ACTED_ON = (
    "Acted on",
    "of the alerts that have ended, the share that was closed with advice for self-care, seen by a clinician, or"
    " sent to emergency care, and that nobody called noise. A call alone does not count: every urgent alert asks for"
    " one.",
)
NOISE = ("Noise", "of the alerts that have ended, the share that a colleague called noise.")
COLUMNS = ("Alerts", "Per 100 check-ins", "Acted on", "Noise")
RAW = (
    "alerts",
    "check_ins",
    "alerts_per_100_check_ins",
    "ended",
    "acted_on",
    "acted_on_percent",
    "noise",
    "noise_percent",
)
NO_ALERT = "No alert was opened in this period."


def by_tier(figures: Figures) -> Figure:
    check_ins = figures.reports.check_ins
    groups: dict[Tier, list[Raised]] = defaultdict(list)
    for each in figures.raised:
        groups[each.tier].append(each)
    loudest = max((total(group)[0] for group in groups.values()), default=0)
    lines = [
        Line(tier.label, _cells(group, check_ins, loudest), [tier.code, *_raw(group, check_ins)], tier=tier)
        for tier, group in groups.items()
    ]
    if lines:
        everything = Line(
            "All", _cells(figures.raised, check_ins), ["all", *_raw(figures.raised, check_ins)], is_sum=True
        )
        lines.append(everything)
    return Figure(
        slug="alerts-by-urgency",
        title="Alerts by urgency",
        definitions=(("Urgency", "the highest that an alert ever had."), PER_100, ACTED_ON, NOISE, FEW_MEANS),
        columns=("Urgency", *COLUMNS),
        raw_columns=("urgency", *RAW),
        lines=lines,
        empty=NO_ALERT,
        says=_too_few(check_ins) if lines else (),
    )


def by_rule(figures: Figures) -> Figure:
    """The loudest first."""
    check_ins = figures.reports.check_ins
    groups: dict[str, list[Raised]] = defaultdict(list)
    for each in figures.raised:
        groups[each.rule].append(each)
    names, over = rule_names(figures), set(figures.budget.over or ())
    loudest = max((total(group)[0] for group in groups.values()), default=0)
    in_order = sorted(groups.items(), key=lambda each: (-total(each[1])[0], each[0]))
    lines = [
        Line(
            names.get(rule, rule),
            _cells(group, check_ins, loudest),
            [rule, names.get(rule, rule), *_raw(group, check_ins), *_tiers_raw(group), _over(rule, figures)],
            small=f"{rule}: {', '.join(f'{each.alerts}{NBSP}{each.tier.label.lower()}' for each in group)}",
            remark="Breaks the alert budget" if rule in over else "",
        )
        for rule, group in in_order
    ]
    return Figure(
        slug="alerts-by-rule",
        title="Alerts by rule",
        definitions=(
            ("Rule", "what set the alert off, the loudest first."),
            PER_100,
            ACTED_ON,
            NOISE,
            FEW_MEANS,
        ),
        columns=("Rule", *COLUMNS),
        raw_columns=("rule", "name", *RAW, *(tier.code for tier in _TIERS), "breaks_the_alert_budget"),
        lines=lines,
        empty=NO_ALERT,
        says=_too_few(check_ins) if lines else (),
    )


def taken_on(figures: Figures) -> Figure:
    return Figure(
        slug="time-to-take-on",
        title="How soon alerts are taken on",
        definitions=(
            (
                "Time to take on",
                "from when an alert that was opened in the period reached its urgency until a colleague first took it"
                " on, or closed it at once. One that was in somebody's hands before it became so urgent is not timed.",
            ),
            _MEDIAN,
        ),
        columns=("Urgency", "Taken on", "Median", "9 in 10 within"),
        raw_columns=("urgency", *_WAIT_RAW),
        lines=[_waited(wait, "taken on") for wait in figures.waits.taken_on],
        empty=NO_ALERT,
        says=_faster(figures.waits.taken_on, "taken on"),
    )


def reached(figures: Figures) -> Figure:
    return Figure(
        slug="time-to-contact",
        title="How soon patients are reached",
        definitions=(
            (
                "Time to contact",
                "from when an alert that was opened in the period reached its urgency until the first contact in which"
                " the patient was reached, or until it was closed with the patient reached. One whose patient had been"
                " reached before it became so urgent is not timed.",
            ),
            _MEDIAN,
        ),
        columns=("Urgency", "Reached", "Median", "9 in 10 within"),
        raw_columns=("urgency", *_WAIT_RAW),
        lines=[_waited(wait, "reached") for wait in figures.waits.reached],
        empty=NO_ALERT,
        says=_faster(figures.waits.reached, "reached"),
    )


def rule_names(figures: Figures) -> Mapping[str, str]:
    """As the protocols of the team's recoveries have them."""
    names: dict[str, str] = {}
    for version in (protocols.DEFAULT, *figures.reports.protocols):
        document = protocols.get_or_default(version)
        names |= {rule: said.name for rule, said in document.service_alerts.items()}
        names |= {rule: said.name for rule, said in document.rules.items()}
    return names


_TIERS = (Tier.EMERGENCY, Tier.SAME_DAY, Tier.WITHIN_24H, Tier.ROUTINE)
_MEDIAN = (
    "Median",
    f"half were sooner (from {FEW_FOR_MEDIAN} timed alerts on); 9 in 10 within: nine of ten were sooner (from"
    f" {FEW_FOR_P90} on). Alerts that still wait are not in these times.",
)
_WAIT_RAW = (
    "alerts",
    "timed",
    "before_it_rose",
    "still_waiting",
    "ended_without",
    "median_minutes",
    "p90_minutes",
)


def _cells(group: Sequence[Raised], check_ins: int, loudest: int = 0) -> list[Cell]:
    alerts, ended, acted_on, noise = total(group)
    rate = per_100(alerts, check_ins)
    still = alerts - ended
    return [
        Cell(str(alerts), f"{still} not ended" if still else ""),
        Cell("–", "too few check-ins")
        if rate is None
        else Cell(f"{rate:.1f}", bar=100 * alerts / loudest if loudest else None),
        share_cell(Share(acted_on, ended)),
        share_cell(Share(noise, ended)),
    ]


def _raw(group: Sequence[Raised], check_ins: int) -> list[Raw]:
    alerts, ended, acted_on, noise = total(group)
    rate = per_100(alerts, check_ins)
    return [
        alerts, check_ins, None if rate is None else round(rate, 1), ended,
        acted_on, raw_share(Share(acted_on, ended)), noise, raw_share(Share(noise, ended)),
    ]  # fmt: skip


def _tiers_raw(group: Iterable[Raised]) -> list[Raw]:
    counts = {each.tier: each.alerts for each in group}
    return [counts.get(tier, 0) for tier in _TIERS]


def _over(rule: str, figures: Figures) -> Raw:
    if figures.budget.over is None:
        return None
    return "yes" if rule in figures.budget.over else "no"


def _too_few(check_ins: int) -> list[str]:
    if check_ins >= FEW:
        return []
    return [f"Only {counted(check_ins, 'check-in', 'check-ins')}: too few for a rate, which takes {FEW}."]


def _waited(wait: Wait, done: str) -> Line:
    others = [
        f"{number}{NBSP}{words}"
        for number, words in (
            (wait.waiting, "still waiting"),
            (wait.before, f"{done} before it rose"),
            (wait.without, "ended without"),
        )
        if number
    ]
    enough, many = wait.timed >= FEW_FOR_MEDIAN, wait.timed >= FEW_FOR_P90
    minutes = [
        round(time.total_seconds() / 60, 1) if time is not None and shown else None
        for time, shown in ((wait.median, enough), (wait.p90, many))
    ]
    return Line(
        wait.tier.label,
        [
            Cell(f"{wait.timed} of {wait.alerts}", ", ".join(others), 100 * wait.timed / wait.alerts),
            _time(wait.median, wait.timed, enough),
            _time(wait.p90, wait.timed, many),
        ],
        [wait.tier.code, wait.alerts, wait.timed, wait.before, wait.waiting, wait.without, *minutes],
        tier=wait.tier,
    )


def _time(time: timedelta | None, timed: int, enough: bool) -> Cell:
    if time is None:
        return Cell("–", "none to time")
    return Cell(span(time)) if enough else Cell("–", f"too few: {timed}")


def _faster(waits: Sequence[Wait], done: str) -> list[str]:
    """Whether the more urgent ones are sooner, in a sentence. The routine list waits for a quiet hour, so it is left
    out."""
    if not waits:
        return []
    asked = f"Are the more urgent alerts {done} sooner?"
    told = [
        (_SAID[wait.tier], wait.median)
        for wait in waits
        if wait.tier in _SAID and wait.median is not None and wait.timed >= FEW_FOR_MEDIAN
    ]
    if len(told) < 2:
        return [f"{asked} Too few were timed to say."]
    times = ", ".join(f"{tier} {span(median)}" for tier, median in told)
    for (tier, median), (milder, later) in pairwise(told):
        if median >= later:
            than = "as slowly as" if median == later else "more slowly than"
            return [f"{asked} No: {tier} alerts are {done} {than} {milder} alerts. Medians: {times}."]
    return [f"{asked} Yes. Medians: {times}."]


_SAID = {Tier.EMERGENCY: "emergency", Tier.SAME_DAY: "same-day", Tier.WITHIN_24H: "24-hour"}

__all__ = ["by_rule", "by_tier", "percent", "reached", "rule_names", "taken_on"]
