"""The page of figures as somebody of the team reads it."""

import csv
import io
import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recovery import alerts, clock
from recovery.models import CareTeam, DeviceToken, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import alert_of, report, said
from tests.dashboard.test_queue import phone_of
from tests.factories import at
from tests.figures import world

SLUGS = [
    "alerts-by-urgency", "alerts-by-rule", "time-to-take-on", "time-to-contact",
    "answered-by-day", "missed-by-risk", "missed-by-age", "missed-by-language",
]  # fmt: skip


@pytest.fixture
def busy(team: CareTeam, ben: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve weeks of a world that was drawn by chance."""
    world.store(team, ben, world.drawn(2, recoveries=40))
    monkeypatch.setattr(clock, "now", lambda: world.NOW)


def section(text: str, start: str, end: str = "") -> str:
    """From the last heading of this name: the first stands among the links."""
    part = text[text.rindex(start) :]
    return part[: part.index(end)] if end else part


def test_it_begins_with_the_last_28_days_of_ones_team(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    text = said(sign_in(ben).get("/figures"))

    assert "Figures, Spine team" in text
    assert "4 February 2026 to 3 March 2026, 28 days: 0 completed check-ins of 0 recoveries ." in text
    assert "The last day is not over yet." in text
    assert "All times: Europe/London (GMT)" in text


def test_a_team_without_patients_is_said_to_have_none(ben: User, sign_in: SignIn) -> None:
    text = said(sign_in(ben).get("/figures"))

    assert "Nothing happened in this period" in text
    assert "0 check-ins are too few to hold the alerts against the budget" in text


def test_who_is_of_no_team_is_told_whom_to_ask(db: None, sign_in: SignIn) -> None:
    nobody = User.objects.create_user("new@example.org", "x", name="New Colleague")
    client = sign_in(nobody)

    assert "You belong to no care team" in said(client.get("/figures"))
    assert client.get("/figures/alerts-by-rule.csv").status_code == 404


def test_small_numbers_are_given_as_they_are_and_said_to_be_small(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 27, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(27.5))
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Pressed.", now=at(28))

    text = said(sign_in(ben).get("/figures"))

    rule = section(text, "Bleeding that keeps coming")
    assert "Only 1 check-in: too few for a rate, which takes 20." in text
    assert "1 of 1 few" in rule
    assert "0 of 1 few" in rule
    assert "too few: 1" in section(text, "How soon alerts are taken on")
    assert "Are the more urgent alerts taken on sooner? Too few were timed to say." in text
    assert "%" not in text


def test_noise_and_what_was_acted_on_are_told_apart(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    for number in range(20):
        report(phone_of(team, f"P {number}"), 27, bleeding="oozing")
        alert = alert_of("BLEED-OOZE", name=f"P {number}")
        noise = "mistake" if number < 4 else ""
        outcome = "self-care" if number < 10 else "no-problem-found"
        alerts.close(
            alert_id=alert.uuid,
            by=ben,
            outcome=outcome,
            contacted=True,
            note="Rang.",
            noise=noise,
            now=at(28),
        )

    text = said(sign_in(ben).get("/figures"))

    rule = section(text, "Bleeding that keeps coming", "Rule what set")
    assert "Alerts 20 Per 100 check-ins 100.0 Acted on 30% 6 of 20 Noise 20% 4 of 20" in rule.replace(
        "\u00a0", " "
    )


def test_whether_the_urgent_ones_are_sooner_is_a_sentence(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    for number in range(5):
        report(phone_of(team, f"E {number}"), 20, cannot_move="yes", mobility="with_help")
        report(phone_of(team, f"S {number}"), 20, bleeding="oozing")
        for rule, name, hours in (("NEURO-MOVE", "E", 21), ("BLEED-OOZE", "S", 20.5)):
            alert = alert_of(rule, name=f"{name} {number}")
            alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(hours))
            alerts.record_contact(
                alert_id=alert.uuid,
                by=ben,
                reached=True,
                by_what="phone",
                now=at(21.5 if name == "E" else 23),
            )

    text = said(sign_in(ben).get("/figures"))

    text = text.replace("\u00a0", " ")
    assert (
        "Are the more urgent alerts taken on sooner? No: emergency alerts are taken on more slowly than same-day"
        " alerts. Medians: emergency 1 h, same-day 30 min." in text
    )
    assert (
        "Are the more urgent alerts reached sooner? Yes. Medians: emergency 1 h 30 min, same-day 3 h." in text
    )


def test_rules_that_break_the_budget_are_named(
    busy: None, team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    CareTeam.objects.filter(pk=team.pk).update(alert_budget=5)

    text = said(sign_in(ben).get("/figures?first=2026-01-12&last=2026-04-12"))

    assert "Over budget: " in text
    assert "Broken by these rules, the loudest first. Without them the rest fits." in text
    assert text.count("Breaks the alert budget") >= 2
    assert re.search(r"\w : \d+ alerts; of \d+ that ended, \d+ acted on and \d+ noise", text)


def test_within_the_budget_nothing_is_named(busy: None, team: CareTeam, ben: User, sign_in: SignIn) -> None:
    CareTeam.objects.filter(pk=team.pk).update(alert_budget=300)

    text = said(sign_in(ben).get("/figures?first=2026-01-12&last=2026-04-12"))

    assert "Within budget: " in text
    assert "Breaks the alert budget" not in text


def test_each_figure_has_its_definition_and_a_file_for_the_same_team_and_period(
    busy: None, team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    page = client.get("/figures?first=2026-01-12&last=2026-04-12").content.decode()

    for slug in SLUGS:
        part = page[page.index(f'id="{slug}"') :]
        part = part[: part.index("</section>")]
        assert 'class="definitions"' in part
        address = f"/figures/{slug}.csv?team={team.uuid}&amp;first=2026-01-12&amp;last=2026-04-12"
        assert address in part
        answered = client.get(address.replace("&amp;", "&"))
        assert answered.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answered.headers["Content-Disposition"] == (
            f'attachment; filename="{slug}-2026-01-12-2026-04-12.csv"'
        )
        rows = rows_of(answered)
        assert len(rows) == part.count('<tr role="row"') - 1 > 0
        assert all(row["team"] == "Spine team" and len(row["definition"]) > 40 for row in rows)


def test_the_file_says_what_the_page_says(busy: None, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    days = "?first=2026-01-12&last=2026-04-12"
    text = said(client.get(f"/figures{days}")).replace("\u00a0", " ")

    for row in rows_of(client.get(f"/figures/answered-by-day.csv{days}")):
        answered, due = int(row["answered"]), int(row["due"])
        assert f"Day {row['day']} Due {due} {row['recoveries']} recover" in text
        shown = (
            f"{100 * answered / due:.0f}% {answered} of {due}" if due >= 20 else f"{answered} of {due} few"
        )
        assert f"Answered {shown}" in text
    everything = rows_of(client.get(f"/figures/alerts-by-urgency.csv{days}"))[-1]
    assert everything["urgency"] == "all"
    assert f"All Alerts {everything['alerts']}" in text


# --- choosing ------------------------------------------------------------------------------------------------------


def test_a_colleague_of_two_teams_chooses_and_others_teams_are_not_there(
    team: CareTeam, ben: User, cleo: User, sign_in: SignIn
) -> None:
    hips = factories.team(factories.clinic("Island Clinic", time_zone="Pacific/Auckland"), "Hip team")
    hips.memberships.create(user=ben, role="nurse")
    client = sign_in(ben)

    assert "Figures, Hip team" in said(client.get("/figures"))  # by name
    text = said(client.get(f"/figures?team={hips.uuid}"))
    assert "All times: Pacific/Auckland" in text
    assert "5 February 2026 to 4 March 2026" in text  # it is tomorrow there
    theirs = cleo.memberships.get().team.uuid
    for other in (theirs, uuid4(), "", "x"):
        for address in ("/figures", "/figures/alerts-by-rule.csv"):
            assert client.get(f"{address}?team={other}").status_code == 404


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-03-02", "2026-02-01", "The last day lies before the first."),
        ("2026-03-02", "2026-03-04", "This day has not come yet."),
        ("2025-03-01", "2026-03-02", "At most 366 days at a time."),
        ("1999-12-31", "2000-01-02", "There is nothing from before 2000."),
        ("0001-01-01", "0001-01-02", "There is nothing from before 2000."),
        ("yesterday", "2026-03-02", "Write a day as year, month and day"),
        ("", "2026-03-02", "Write a day as year, month and day"),
    ],
)
def test_a_period_that_is_none_keeps_what_was_typed_and_says_what_to_do(
    ben: User, sign_in: SignIn, first: str, last: str, words: str
) -> None:
    client = sign_in(ben)

    answered = client.get("/figures", {"first": first, "last": last})

    assert answered.status_code == 422
    assert words in said(answered)
    page = answered.content.decode()
    assert all(f'value="{typed}"' in page for typed in (first, last) if typed)
    assert client.get("/figures/alerts-by-rule.csv", {"first": first, "last": last}).status_code == 404


def test_a_year_is_not_too_long(ben: User, sign_in: SignIn) -> None:
    assert sign_in(ben).get("/figures?first=2025-03-02&last=2026-03-02").status_code == 200


def test_a_figure_that_nobody_knows_is_not_there(ben: User, sign_in: SignIn) -> None:
    assert sign_in(ben).get("/figures/alerts-by-moon.csv").status_code == 404


# --- the budget ----------------------------------------------------------------------------------------------------


def post_budget(client: Any, team: CareTeam, **fields: object) -> Any:
    given = {"budget": 12, "was": 30, "first": "2026-02-01", "last": "2026-03-02"} | fields
    return client.post(f"/figures/{team.uuid}/budget", given)


def test_an_administrator_sets_the_budget_and_comes_back_to_the_same_days(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)

    answered = post_budget(client, team)

    assert answered.status_code == 303
    assert answered.headers["Location"] == f"/figures?team={team.uuid}&first=2026-02-01&last=2026-03-02"
    text = said(client.get(answered.headers["Location"]))
    assert "The alert budget of Spine team is 12 for each 100 check-ins." in text
    assert "the team means to work on at most 12" in text


def test_a_nurse_sees_the_budget_and_cannot_set_it(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    assert "Change the budget" not in said(client.get("/figures"))
    answered = post_budget(client, team)
    assert answered.status_code == 409
    assert "Only a doctor or an administrator of the care team can change this." in said(answered)


@pytest.mark.parametrize("budget", ["", "many", "0", "301", "9" * 30])
def test_a_budget_that_is_none_stays_typed(team: CareTeam, dee: User, sign_in: SignIn, budget: str) -> None:
    answered = post_budget(sign_in(dee), team, budget=budget)

    assert answered.status_code == 422
    assert "Write a number from 1 to 300." in said(answered)
    assert f'value="{budget}"' in answered.content.decode() or not budget


def test_of_two_at_once_the_second_reads_who_was_first_and_may_send_it_again(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    dora = factories.member(team, "Dora Klein", "doctor")
    assert post_budget(sign_in(dora), team, budget=20).status_code == 303

    answered = post_budget(sign_in(dee), team, budget=12)

    page = answered.content.decode()
    assert answered.status_code == 409
    assert "Dora Klein set the budget to 20 at 14:12 on 3 March." in said(answered)
    assert 'name="budget" value="12"' in page
    assert 'name="was" value="20"' in page


# --- what it costs -------------------------------------------------------------------------------------------------


def test_any_page_costs_the_same_statements(
    team: CareTeam, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(ben)
    monkeypatch.setattr(clock, "now", lambda: world.NOW)

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    addresses = ("/figures", "/figures/alerts-by-rule.csv")
    empty = [count(address) for address in addresses]
    world.store(team, ben, world.drawn(1, recoveries=1))
    one = [count(address) for address in addresses]
    world.store(team, ben, world.drawn(7, recoveries=20))

    assert [count(address) for address in addresses] == one == empty
    assert max(empty) <= 10  # one of them writes down that it was looked at


def rows_of(answered: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answered.content.decode("utf-8-sig"), newline="")))
