"""How figures are worded: small numbers as they are, rare groups together, and whether severe is faster."""

from datetime import timedelta

import pytest

from recovery.clinical.tiers import Tier
from recovery.dashboard.screens import figures_alerts, figures_slots
from recovery.dashboard.screens.figure import Cell, percent, share_cell
from recovery.figures import Due, DueBy, Figures, Raised, Reports, Share, Wait, Waits, held_against
from recovery.figures.slots import NO_RISK

BUSY = Reports(check_ins=200, recoveries=30, protocols=("vk-default/1",))


def figures(
    *,
    reports: Reports = BUSY,
    raised: list[Raised] | None = None,
    waits: list[Wait] | None = None,
    **due: object,
) -> Figures:
    by = {"day": {}, "risk": {}, "age": {}, "language": {}} | due
    found = raised or []
    return Figures(reports, found, Waits(waits or [], waits or []), DueBy(**by), held_against(30, found, 200))


def wait(tier: Tier, minutes: float, *, timed: int = 12, **others: int) -> Wait:
    counts = {"alerts": timed, "before": 0, "waiting": 0} | others
    return Wait(
        tier=tier,
        timed=timed,
        median=timedelta(minutes=minutes),
        p90=timedelta(minutes=3 * minutes),
        **counts,
    )


# --- small numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0%"), (0.4, "under\u00a01%"), (37.4, "37%"), (99.6, "over\u00a099%"), (100, "100%")],
)
def test_a_percentage_is_all_or_nothing_only_when_it_is(value: float, words: str) -> None:
    assert percent(value) == words


def test_a_share_of_few_has_no_percentage_and_one_of_none_says_so() -> None:
    assert share_cell(Share(9, 20)) == Cell("45%", "9\u00a0of\u00a020", 45.0)
    assert share_cell(Share(9, 19)) == Cell("9\u00a0of\u00a019", "few")
    assert share_cell(Share(0, 0)) == Cell("–", "none to count")


def test_many_check_ins_of_few_patients_are_read_with_care() -> None:
    table = figures_slots.by_age(figures(age={0: Due(3, 40, 30), 2: Due(25, 40, 30), 4: Due(3, 10, 5)}))

    assert [line.cells[0].small for line in table.lines] == [
        "3 recoveries: a few people, read with care",
        "25 recoveries",
        "3 recoveries",  # too few check-ins for a percentage anyway
    ]
    assert [line.head for line in table.lines] == ["Under 50", "65 to 74", "85 and over"]


def test_of_few_timed_alerts_no_median_and_of_fewer_than_ten_no_ninth_of_ten_is_given() -> None:
    table = figures_alerts.taken_on(
        figures(
            waits=[
                wait(Tier.EMERGENCY, 10, timed=10),
                wait(Tier.SAME_DAY, 20, timed=9),
                wait(Tier.WITHIN_24H, 30, timed=4),
                Wait(Tier.ROUTINE, 7, 0, 0, 7, None, None),
            ]
        )
    )

    assert [[cell.text for cell in line.cells[1:]] for line in table.lines] == [
        ["10\u00a0min", "30\u00a0min"],
        ["20\u00a0min", "–"],
        ["–", "–"],
        ["–", "–"],
    ]
    assert [line.cells[2].small for line in table.lines] == ["", "too few: 9", "too few: 4", "none to time"]
    assert [list(line.raw[-2:]) for line in table.lines] == [
        [10.0, 30.0],
        [20.0, None],
        [None, None],
        [None, None],
    ]


def test_what_was_not_timed_is_said() -> None:
    table = figures_alerts.reached(
        figures(waits=[wait(Tier.SAME_DAY, 20, timed=12, alerts=20, before=1, waiting=2)])
    )

    cell = table.lines[0].cells[0]
    assert (cell.text, cell.bar) == ("12 of 20", 60)
    assert cell.small.replace("\u00a0", " ") == "2 still waiting, 1 reached before it rose, 5 ended without"


# --- is severe faster? ---------------------------------------------------------------------------------------------

E, S, D, R = Tier.EMERGENCY, Tier.SAME_DAY, Tier.WITHIN_24H, Tier.ROUTINE


@pytest.mark.parametrize(
    ("waits", "words"),
    [
        (
            [wait(E, 4), wait(S, 20), wait(D, 300)],
            "Yes. Medians: emergency 4 min, same-day 20 min, 24-hour 5 h.",
        ),
        ([wait(E, 30), wait(S, 20)], "No: emergency alerts are taken on more slowly than same-day alerts."),
        (
            [wait(E, 4), wait(S, 20), wait(D, 10)],
            "No: same-day alerts are taken on more slowly than 24-hour alerts.",
        ),
        ([wait(S, 20), wait(D, 20)], "No: same-day alerts are taken on as slowly as 24-hour alerts."),
        ([wait(E, 4), wait(S, 20, timed=4), wait(D, 10)], "Yes. Medians: emergency 4 min, 24-hour 10 min."),
        ([wait(E, 4), wait(S, 20, timed=4)], "Too few were timed to say."),
        ([wait(E, 4), wait(R, 1)], "Too few were timed to say."),  # the routine list waits for a quiet hour
    ],
)
def test_whether_severe_is_faster(waits: list[Wait], words: str) -> None:
    (said,) = figures_alerts.taken_on(figures(waits=waits)).says

    assert words in said.replace("\u00a0", " ")


# --- groups --------------------------------------------------------------------------------------------------------


def test_languages_have_names_the_frequent_stand_first_and_rare_ones_together() -> None:
    language = {f"x{number}": Due(1, 2, 1) for number in range(12)}
    language |= {"en": Due(9, 90, 45), "zh": Due(4, 20, 10), "": Due(1, 5, 5)}

    table = figures_slots.by_language(figures(language=language))

    heads = [line.head for line in table.lines]
    assert heads[:3] == ["English", "Chinese", "Not recorded"]
    assert heads[-1] == "Other (3)"
    assert len(heads) == 13
    assert table.lines[-1].raw == ["other", 3, 6, 3, 3, None]


def test_risk_factors_stand_as_on_the_enrolment_form_and_none_of_them_last() -> None:
    table = figures_slots.by_risk(
        figures(risk={NO_RISK: Due(30, 60, 40), "lives_alone": Due(2, 4, 4), "anticoagulant": Due(9, 30, 3)})
    )

    assert [line.raw[0] for line in table.lines] == ["anticoagulant", "lives_alone", "none"]
    assert table.lines[-1].head == "None of these"
    assert table.lines[0].cells[1] == Cell("90%", "27\u00a0of\u00a030", 90.0)


def test_a_rule_that_no_protocol_knows_is_called_by_its_code() -> None:
    table = figures_alerts.by_rule(
        figures(raised=[Raised("GONE", S, 3, 0, 0, 0), Raised("FEVER", D, 5, 0, 0, 0)])
    )

    assert [line.head for line in table.lines] == ["Any fever", "GONE"]


def test_rates_are_for_each_hundred_check_ins_and_the_sum_is_over_all_tiers() -> None:
    table = figures_alerts.by_tier(
        figures(raised=[Raised("FEVER", E, 3, 2, 1, 1), Raised("TEXT", R, 30, 28, 7, 14)])
    )

    assert [(line.head, line.cells[0].text, line.cells[1].text) for line in table.lines] == [
        ("Emergency", "3", "1.5"),
        ("Routine", "30", "15.0"),
        ("All", "33", "16.5"),
    ]
    assert [line.cells[2].text for line in table.lines] == ["1\u00a0of\u00a02", "25%", "27%"]
    assert [line.cells[3].text for line in table.lines] == ["1\u00a0of\u00a02", "50%", "50%"]
