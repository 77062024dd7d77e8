"""The page on which one reads, and an administrator changes, who is told when nobody acts."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from recovery import escalation
from recovery.clinical.tiers import Tier
from recovery.escalation.policy import DEFAULTS, TIERS
from recovery.models import Alert, CareTeam, DeviceToken, EscalationPolicy, Membership, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import alert_of, page_of, report, said, take_on
from tests.factories import at

pytestmark = pytest.mark.django_db

PAGE = "/escalation"


def as_typed(was: int = 0, **changes: Any) -> dict[str, Any]:
    """The form as it stands with the defaults, but for the changes: `same_day__after__1=20`."""
    typed: dict[str, Any] = {"was": was}
    for tier in TIERS:
        policy = DEFAULTS[tier]
        typed[f"{tier.code}-contact"] = policy.contact.total_seconds() // 60
        for number, step in enumerate(policy.steps):
            typed[f"{tier.code}-after-{number}"] = int(step.after.total_seconds() // 60)
            typed[f"{tier.code}-to-{number}"] = list(step.to)
    for name, value in changes.items():
        typed[name.replace("__", "-")] = value
    return {name: value for name, value in typed.items() if value not in (None, [])}


@pytest.fixture
def desk(dee: User, sign_in: SignIn) -> Client:
    return sign_in(dee)


def save(desk: Client, team: CareTeam, **typed: Any) -> Any:
    return desk.post(f"{PAGE}/{team.uuid}", as_typed(**typed))


def test_the_defaults_are_shown_as_they_are(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    text = said(sign_in(ben).get(PAGE))

    assert "The defaults hold" in text
    assert "At once Whoever is on call" in text
    assert "After 5 min The second on call" in text
    assert "After 15 min Everybody of the team and the lead of the team" in text
    assert "Then every hour Everybody of the team and the clinic's administrators" in text
    assert "An administrator of the team can change this." in text
    assert "Save as version" not in text


def test_an_administrator_saves_a_version_of_their_own(team: CareTeam, dee: User, desk: Client) -> None:
    answered = save(
        desk, team, emergency__after__1=3, emergency__to__1=["second", "lead"], emergency__contact=20
    )

    assert answered.status_code == 303
    text = said(desk.get(answered.url))
    assert "Version 1 holds for alerts that come in from now on." in text
    assert "Version 1 holds, saved by Dee Lund at 14:12 today." in text
    assert "After 3 min The second on call and the lead of the team" in text
    assert EscalationPolicy.objects.get().created_by == dee


def test_a_step_that_is_emptied_goes_and_one_in_the_empty_row_comes(team: CareTeam, desk: Client) -> None:
    save(
        desk,
        team,
        emergency__after__1=None,
        emergency__to__1=[],
        same_day__after__3=120,
        same_day__to__3=["team"],
    )

    stored = EscalationPolicy.objects.get().document
    assert [step["after_s"] for step in stored["emergency"]["steps"]] == [0, 900]
    assert stored["same_day"]["steps"][-1] == {"after_s": 7200, "to": ["team"]}


WRONG = {
    "no number": ({"emergency__after__1": "soon"}, "Write a whole number of minutes"),
    "nobody chosen": ({"emergency__to__1": []}, "Choose who is told."),
    "no time": ({"same_day__after__1": ""}, "Write after how many minutes."),
    "a stranger's word": ({"same_day__to__1": ["boss"]}, "boss is not one of the available choices"),
    "not at once": ({"same_day__after__0": 2}, "The first step of this tier is due at once: write 0."),
    "too late": ({"emergency__after__2": 31}, "Too late for this tier: 30 minutes at the most."),
    "too close": ({"same_day__after__2": 31}, "Write at least 5 minutes more than in the step before"),
    "no contact": ({"same_day__contact": ""}, "Write a whole number of minutes"),
    "contact too late": (
        {"same_day__contact": 300},
        "Write 30 minutes to 4 hours (240 minutes), in minutes.",
    ),
    "never everybody": (
        {"emergency__to__2": ["lead"]},
        "In an emergency everybody of the team is told at last",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(
    team: CareTeam, desk: Client, name: str
) -> None:
    changes, words = WRONG[name]
    answered = save(desk, team, emergency__after__0=0, within_24h__after__0=400, **changes)

    assert answered.status_code == 422
    text = said(answered)
    assert words in text
    assert "Nothing was saved" in text
    assert 'value="400"' in answered.content.decode()
    assert not EscalationPolicy.objects.exists()


def test_several_mistakes_are_said_at_once(team: CareTeam, desk: Client) -> None:
    text = said(save(desk, team, emergency__after__2=31, same_day__after__0=2, within_24h__contact=1))

    assert text.count("Missing or wrong") == 0, "the style sheet writes that"
    for words in ("30 minutes at the most", "write 0", "60 minutes to 24 hours"):
        assert words in text


def test_back_to_the_defaults(team: CareTeam, desk: Client) -> None:
    save(desk, team, emergency__after__1=3)
    desk.post(f"{PAGE}/{team.uuid}", {"was": 1, "defaults": "on"})

    text = said(desk.get(PAGE))
    assert "Version 2 holds, saved by Dee Lund at 14:12 today: back to the defaults." in text
    assert "Version 1, saved by Dee Lund" in text
    assert "After 3 min" in text, "what held before can be read"


def test_what_holds_already_is_not_saved_again(team: CareTeam, desk: Client) -> None:
    save(desk, team, emergency__after__1=3)
    answered = save(desk, team, was=1, emergency__after__1=3)

    assert "Nothing was changed" in said(desk.get(answered.url))
    assert EscalationPolicy.objects.count() == 1


def test_who_was_first_is_named_and_nothing_is_lost(team: CareTeam, desk: Client, sign_in: SignIn) -> None:
    save(desk, team, emergency__after__1=3)
    ola = factories.member(team, "Ola Lind", "admin")
    answered = save(sign_in(ola), team, emergency__after__1=4)

    assert answered.status_code == 409
    assert "Dee Lund saved version 1 at 14:12 on 3 March" in said(answered)
    assert 'value="4"' in answered.content.decode()


@pytest.mark.parametrize("role", ["nurse", "doctor", "coordinator"])
def test_a_colleague_who_is_no_administrator_is_refused(team: CareTeam, sign_in: SignIn, role: str) -> None:
    answered = save(sign_in(factories.member(team, "Ben Okafor", role)), team, emergency__after__1=3)

    assert answered.status_code == 409
    assert "Only an administrator of the care team can change this." in said(answered)


def test_an_administrator_of_two_teams_chooses(team: CareTeam, dee: User, desk: Client) -> None:
    hip = factories.team(team.clinic, "Hip team")
    Membership.objects.create(team=hip, user=dee, role="nurse")

    assert "Who is told when nobody acts, Hip team" in said(desk.get(PAGE))
    text = said(desk.get(f"{PAGE}?team={team.uuid}"))
    assert "Who is told when nobody acts, Spine team" in text
    assert "Save as version 1" in text
    assert "Save as version" not in said(desk.get(f"{PAGE}?team={hip.uuid}"))
    assert desk.get(f"{PAGE}?team=neither").status_code == 404


def test_of_another_team_of_the_clinic_an_administrator_learns_that_something_waits_and_no_more(
    team: CareTeam, ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    zoe = factories.member(factories.team(team.clinic, "Hip team"), "Zoe Ager", "admin")
    report(ana, 28, bladder="new_or_worse")
    desk = sign_in(zoe)
    assert "Another team" not in said(desk.get(PAGE))
    for minutes in (5, 15, 75):
        escalation.fire_due(limit=10, now=at(28 + minutes / 60))
    set_clock(29.5)

    text = said(desk.get(PAGE))
    assert "Emergency Spine team: 1 alert waits for somebody to take it on, for 1 h 30 min." in text
    assert "020 7946 0101" in text
    assert not [word for word in ("Ana", "Whitfield", "bladder", "CORD") if word in text]
    assert desk.get(page_of(Alert.objects.get())).status_code == 404

    take_on(Alert.objects.get(tier=Tier.EMERGENCY), ben, 29.6)
    assert "Another team" not in said(desk.get(PAGE))


def test_the_page_asks_no_more_for_many_versions(
    team: CareTeam, desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        EscalationPolicy.objects.create(
            clinic=team.clinic, team=team, version=number + 1, created_at=at(1), created_by=User.objects.get()
        )
    with django_assert_max_num_queries(14):
        text = said(desk.get(PAGE))
    assert "Version 30 holds" in text
    assert "Version 10," in text
    assert "Version 9," not in text


# What happens next, on the page of an alert


def test_an_alert_says_what_happens_next_and_when(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28.2, bladder="new_or_worse")
    text = said(sign_in(ben).get(page_of(Alert.objects.get(tier=Tier.EMERGENCY))))

    assert "If nobody takes this on:" in text
    assert "14:17 today The second on call is told" in text
    assert "14:27 today Everybody of the team and the lead of the team are told" in text
    assert (
        "15:27 today Everybody of the team and the clinic's administrators are told, and again every hour"
        in text
    )


def test_to_its_owner_it_says_until_when_a_contact_is_to_be_on_record(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28.1, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    take_on(alert, ben, 28.2)
    text = said(sign_in(ben).get(page_of(alert)))

    assert "If no contact with the patient is recorded:" in text
    assert "18:06 today you are reminded" in text
    assert "18:36 today it goes back to the queue, and whoever is on call is told" in text


def test_so_does_the_part_of_the_page_that_is_asked_for_again(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 28.1, bladder="new_or_worse")
    alert = Alert.objects.get(tier=Tier.EMERGENCY)
    desk = sign_in(dee)
    before = desk.get(page_of(alert, "/state"))
    escalation.fire_due(limit=10, now=at(28.3))
    set_clock(28.3)
    after = desk.get(page_of(alert, "/state"), headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert "The second on call" not in said(after)
    take_on(alert, ben, 28.31)
    assert "14:21 today Ben Okafor is reminded" not in said(desk.get(page_of(alert, "/state")))
    assert "Ben Okafor is reminded" in said(desk.get(page_of(alert, "/state")))


def test_what_is_contacted_closed_or_routine_says_nothing(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28.1, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    take_on(alert, ben, 28.15)
    from recovery import alerts

    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", now=at(28.2))
    desk = sign_in(ben)
    assert "If n" not in said(desk.get(page_of(alert, "/state")))
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(28.2))
    assert "If n" not in said(desk.get(page_of(alert, "/state")))


def test_the_history_tells_it_in_words(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 28.1, bladder="new_or_worse")
    alert = Alert.objects.get(tier=Tier.EMERGENCY)
    for minutes in (5, 15):
        escalation.fire_due(limit=10, now=at(28.1 + minutes / 60))
    take_on(alert, ben, 28.4)
    for minutes in (29, 39):
        escalation.fire_due(limit=10, now=at(28.1 + minutes / 60))
    set_clock(29)
    text = said(sign_in(ben).get(page_of(alert)))

    assert "Nobody had taken it on: the second on call told" in text
    assert "Nobody had taken it on: everybody of the team; the lead of the team told" in text
    assert (
        "Reminded: no contact with the patient is on record; without one it goes back to the queue at 14:45 today"
        in text
    )
    assert "Given back to the queue from Ben Okafor: no contact with the patient was recorded" in text


def test_the_tiers_of_the_form_are_those_of_the_policy() -> None:
    assert [tier.code for tier in TIERS] == ["emergency", "same_day", "within_24h"]
    assert Tier.ROUTINE not in TIERS
