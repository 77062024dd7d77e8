"""The figures about check-ins that were due: answered by day, missed by who the patients are."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from django.utils.translation import get_language_info

from recovery.clinical import protocol as protocols
from recovery.dashboard.screens.figure import FEW_MEANS, Cell, Figure, Line, Raw, raw_share, share_cell
from recovery.enrolment import LANGUAGES
from recovery.figures import AGES, FEW, NO_RISK, Due, Figures, Share

DUE = (
    "Due",
    "check-ins whose time ended in the period. Not due is what ended before the patient was enrolled, after the"
    " recovery had ended, or in a pause, unless it was answered all the same.",
)
ANSWERED = ("Answered", "a completed check-in was felt within that time. A half-finished one does not count.")
MISSED = ("Missed", "no completed check-in was felt within that time.")
MOST_LANGUAGES = 12
NOTHING_DUE = "No check-in was due in this period."


def by_day(figures: Figures) -> Figure:
    lines = [
        Line(
            f"Day {day}",
            [*_counts(due), share_cell(Share(due.answered, due.due))],
            [day, *_raw(due), raw_share(Share(due.answered, due.due))],
        )
        for day, due in figures.due.day.items()
    ]
    return Figure(
        slug="answered-by-day",
        title="Check-ins answered, by day after the procedure",
        definitions=(
            ("Day", "days after the procedure that the check-in is about."),
            DUE,
            ANSWERED,
            FEW_MEANS,
        ),
        columns=("Day", "Due", "Answered"),
        raw_columns=("day", *_RAW, "answered_percent"),
        lines=lines,
        empty=NOTHING_DUE,
    )


def by_risk(figures: Figures) -> Figure:
    """In the order of the enrolment form; those without any last."""
    labels = _risk_labels(figures.reports.protocols)
    rank = {risk: place for place, risk in enumerate(labels)}
    in_order = sorted(figures.due.risk.items(), key=lambda each: (rank.get(each[0], len(rank)), each[0]))
    return _missed(
        "missed-by-risk",
        "Check-ins missed, by risk factor",
        ("Risk factor", "as it stands for the patient now. Who has several stands under each of them."),
        [(risk or "none", labels.get(risk, risk), due) for risk, due in in_order],
    )


def by_age(figures: Figures) -> Figure:
    return _missed(
        "missed-by-age",
        "Check-ins missed, by age",
        ("Age", "in years on the day of the procedure."),
        [(_AGES[group], _AGES[group], due) for group, due in figures.due.age.items()],
    )


def by_language(figures: Figures) -> Figure:
    """The most frequent first; rare ones together."""
    in_order = sorted(figures.due.language.items(), key=lambda each: (-each[1].due, each[0]))
    rows = [(code or "unknown", _language(code), due) for code, due in in_order[:MOST_LANGUAGES]]
    if rare := [due for _, due in in_order[MOST_LANGUAGES:]]:
        rows.append(("other", f"Other ({len(rare)})", _together(rare)))
    return _missed(
        "missed-by-language",
        "Check-ins missed, by language",
        ("Language", "the patient's own, as recorded at enrolment, whatever its region."),
        rows,
    )


_RAW = ("recoveries", "due", "answered")
_AGES = [
    f"Under {AGES[0]}",
    *(f"{low} to {high - 1}" for low, high in pairwise(AGES)),
    f"{AGES[-1]} and over",
]


def _missed(slug: str, title: str, group: tuple[str, str], rows: Iterable[tuple[str, str, Due]]) -> Figure:
    lines = [
        Line(
            label,
            [*_counts(due), share_cell(Share(due.missed, due.due))],
            [code, *_raw(due), due.missed, raw_share(Share(due.missed, due.due))],
        )
        for code, label, due in rows
    ]
    return Figure(
        slug=slug,
        title=title,
        definitions=(group, DUE, MISSED, FEW_MEANS),
        columns=(group[0], "Due", "Missed"),
        raw_columns=(group[0].lower().replace(" ", "_"), *_RAW, "missed", "missed_percent"),
        lines=lines,
        empty=NOTHING_DUE,
    )


def _counts(due: Due) -> list[Cell]:
    """A few patients with many check-ins each are few all the same."""
    patients = f"{due.recoveries} {'recovery' if due.recoveries == 1 else 'recoveries'}"
    few = ": a few people, read with care" if due.recoveries < FEW <= due.due else ""
    return [Cell(str(due.due), f"{patients}{few}")]


def _raw(due: Due) -> list[Raw]:
    return [due.recoveries, due.due, due.answered]


def _together(groups: Iterable[Due]) -> Due:
    listed = list(groups)
    return Due(
        sum(due.recoveries for due in listed),
        sum(due.due for due in listed),
        sum(due.answered for due in listed),
    )


def _risk_labels(versions: Iterable[str]) -> Mapping[str, str]:
    labels = {
        risk.id: risk.label[:1].upper() + risk.label[1:]
        for version in (protocols.DEFAULT, *versions)
        for risk in protocols.get_or_default(version).risk_factors.values()
    }
    return labels | {NO_RISK: "None of these"}


def _language(code: str) -> str:
    """Those of the enrolment form, and what else may have come by another road."""
    if code in LANGUAGES:
        return LANGUAGES[code]
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code or "Not recorded"
