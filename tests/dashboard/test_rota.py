"""The page of the rota, and who is on call above the board."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import canary, reachability, rota
from recovery.models import CareTeam, Clinic, Episode, Membership, RotaOverride, RotaShift, User
from tests import factories
from tests.dashboard import test_enrol as enrolling
from tests.dashboard import test_enrol_list as listing
from tests.dashboard.conftest import SignIn
from tests.factories import T0, at
from tests.rota import scenes

NOW = at(28.2)
"""Tuesday 3 March, 14:12 in London."""


@pytest.fixture
def eva(team: CareTeam) -> User:
    return factories.member(team, "Eva Stone", "doctor")


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def shift(team: CareTeam, user: User, **changes: object) -> dict[str, object]:
    return {
        "weekdays": ["0", "1"],
        "begins": "08:00",
        "ends": "18:00",
        "level": "1",
        "user": user.uuid,
    } | changes


def override(user: User, **changes: object) -> dict[str, object]:
    times = {"from_on": "2026-03-04", "from_time": "20:00", "until_on": "2026-03-05", "until_time": "08:00"}
    return times | {"level": "1", "user": user.uuid} | changes


# --- planning ------------------------------------------------------------------------------------------------------


def test_a_shift_is_planned_and_shown_and_the_address_is_that_of_the_team(team, ben, dee, sign_in: SignIn):
    client = sign_in(dee)
    response = client.post(f"/rota/{team.uuid}/shifts", shift(team, ben))
    assert (response.status_code, response.headers["Location"]) == (303, f"/rota?team={team.uuid}#pattern")

    page = text_of(client, f"/rota?team={team.uuid}")
    assert "The weekly pattern has changed." in page
    assert page.count("Remove<span") == 2
    assert "First: Ben Okafor (no working channel), until 18:00 today" in page


def test_an_override_is_planned_in_the_teams_own_zone_and_removed(team, ben, dee, sign_in: SignIn):
    CareTeam.objects.filter(pk=team.pk).update(time_zone="America/New_York")
    client = sign_in(dee)
    assert client.post(f"/rota/{team.uuid}/overrides", override(ben)).status_code == 303
    row = RotaOverride.objects.get()
    assert row.from_at.isoformat() == "2026-03-05T01:00:00+00:00"
    assert "20:00 tomorrow to 08:00 on Thu 5 March" in text_of(client, "/rota")

    assert client.post(f"/rota/{team.uuid}/overrides/{row.uuid}/remove").status_code == 303
    assert "Nothing is planned instead." in text_of(client, "/rota")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weekdays": []}, "Choose at least one day."),
        ({"begins": "8 o'clock"}, "Write a time as 14:05."),
        ({"ends": ""}, "Say at what time it ends."),
        ({"user": ""}, "Choose a colleague."),
        ({"level": ""}, "Say whether first or second."),
    ],
)
def test_a_slip_is_explained_and_what_was_typed_stays(team, ben, dee, sign_in: SignIn, wrong, words):
    response = sign_in(dee).post(f"/rota/{team.uuid}/shifts", shift(team, ben, begins="07:15") | wrong)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page.replace("&#x27;", "'")
    assert "Nothing was saved yet." in page
    assert ('value="07:15"' if "begins" not in wrong else "8 o&#x27;clock") in page
    assert not RotaShift.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"until_on": "2026-03-04", "until_time": "19:00"}, 409, "The end lies before the beginning."),
        ({"from_on": "2026-03-02", "until_on": "2026-03-03"}, 409, "This is over already."),
        ({"from_on": "04/03/2026"}, 422, "can be read in two ways"),
        (
            {"from_on": "2026-03-29", "from_time": "01:30", "until_on": "2026-03-29"},
            422,
            "Clocks went forward",
        ),
    ],
)
def test_times_that_cannot_be_are_explained_and_stay(team, ben, dee, sign_in: SignIn, wrong, status, words):
    response = sign_in(dee).post(f"/rota/{team.uuid}/overrides", override(ben) | wrong)
    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert f'value="{wrong.get("from_on", "2026-03-04")}"' in page


def test_of_two_who_plan_the_same_one_wins_and_the_other_reads_who(team, ben, eva, dee, sign_in: SignIn):
    factories.member(team, "Cora Field", "coordinator")
    assert sign_in(dee).post(f"/rota/{team.uuid}/shifts", shift(team, ben)).status_code == 303
    cora = sign_in(User.objects.get(name="Cora Field"))
    response = cora.post(f"/rota/{team.uuid}/shifts", shift(team, eva, begins="07:00"))
    page = response.content.decode()
    assert response.status_code == 409
    assert (
        "Ben Okafor is planned already, Monday 08:00 to 18:00: Dee Lund planned it at 14:12 on 3 March"
        in page
    )
    assert 'value="07:00"' in page
    assert RotaShift.objects.filter(user=eva).count() == 0


def test_of_two_who_remove_the_same_the_second_reads_who_was_first(team, ben, dee, sign_in: SignIn):
    [row] = scenes.shifts(team, ben, by=dee, days=[0])
    client = sign_in(dee)
    assert client.post(f"/rota/{team.uuid}/shifts/{row.uuid}/remove").status_code == 303
    again = client.post(f"/rota/{team.uuid}/shifts/{row.uuid}/remove")
    assert again.status_code == 409
    assert "Dee Lund removed this at 14:12 on 3 March" in again.content.decode()


def test_a_lead_is_named_and_an_old_page_does_not_overwrite(team, ben, eva, dee, sign_in: SignIn):
    client = sign_in(dee)
    assert client.post(f"/rota/{team.uuid}/lead", {"lead": ben.uuid, "was": ""}).status_code == 303
    assert "Ben Okafor, Nurse, leads the team" in text_of(client, "/rota")
    old = client.post(f"/rota/{team.uuid}/lead", {"lead": eva.uuid, "was": ""})
    assert old.status_code == 409
    assert "Ben Okafor leads the team by now." in old.content.decode()
    assert Membership.objects.get(is_lead=True).user == ben


def test_the_zone_of_the_rota_is_set_a_slip_stays_and_an_old_page_does_not_overwrite(
    team, ben, dee, sign_in: SignIn
):
    scenes.shifts(team, ben, "09:00", "17:00", by=dee)
    client = sign_in(dee)
    slip = client.post(f"/rota/{team.uuid}/zone", {"zone": "New York", "was": ""})
    assert slip.status_code == 409
    assert "is not a time zone. Write a name such as Europe/London." in slip.content.decode()
    assert 'value="New York"' in slip.content.decode()

    assert client.post(f"/rota/{team.uuid}/zone", {"zone": "America/New_York", "was": ""}).status_code == 303
    page = text_of(client, "/rota")
    assert "By the clocks of America/New_York." in page
    assert "First: Ben Okafor (no working channel), until 17:00 today" in page
    old = client.post(f"/rota/{team.uuid}/zone", {"zone": "Asia/Kolkata", "was": ""})
    assert "The rota goes by the clocks of America/New_York by now." in old.content.decode()
    assert client.post(f"/rota/{team.uuid}/zone", {"zone": "", "was": "America/New_York"}).status_code == 303
    assert "By the clocks of Europe/London." in text_of(client, "/rota")


def test_who_has_no_colleagues_yet_is_led_to_inviting_them(team, ben, dee, sign_in: SignIn):
    """The board of a new clinic leads an administrator here, because nobody can be reached."""
    inviting = f"/team?team={team.uuid}"
    client = sign_in(dee)

    assert f'href="{inviting}"' in client.get("/rota").content.decode()
    assert "Invite somebody" in client.get(inviting).content.decode()
    assert "/team?" not in sign_in(ben).get("/rota").content.decode()


def test_a_nurse_reads_the_rota_and_is_offered_no_form(team, ben, dee, sign_in: SignIn):
    scenes.shifts(team, ben, by=dee)
    client = sign_in(ben)
    page = text_of(client, "/rota")
    assert "A coordinator or an administrator of the team changes the rota." in page
    assert '<form method="post" action="/rota' not in page
    assert client.post(f"/rota/{team.uuid}/shifts", shift(team, ben)).status_code == 409
    assert RotaShift.objects.count() == 7


def test_the_rota_of_another_clinic_does_not_exist(team, dee, cleo, sign_in: SignIn):
    [row] = scenes.shifts(team, dee, by=dee, days=[0])
    client = sign_in(cleo)
    assert client.get(f"/rota?team={team.uuid}").status_code == 404
    for path in ("shifts", "overrides", "lead", f"shifts/{row.uuid}/remove", f"overrides/{row.uuid}/remove"):
        assert client.post(f"/rota/{team.uuid}/{path}", shift(team, dee)).status_code == 404
    assert "Spine team, " not in text_of(client, "/rota")


def test_gaps_of_the_next_days_are_shown(team, ben, dee, sign_in: SignIn):
    scenes.shifts(team, ben, "08:00", "20:00", by=dee, days=range(5))
    page = text_of(sign_in(ben), "/rota")
    assert "20:00 today to 08:00 tomorrow" in page
    assert "20:00 on Fri 6 March to 08:00 on Mon 9 March" in page


def test_a_shift_of_somebody_who_left_says_so(team, ben, dee, sign_in: SignIn):
    scenes.shifts(team, ben, by=dee)
    Membership.objects.filter(user=ben).update(ended_at=NOW)
    page = text_of(sign_in(dee), "/rota")
    assert page.count("has left the team: nobody is on call then") == 7
    assert "First: nobody" in page


def test_somebody_of_no_team_is_told_whom_to_ask(db, sign_in: SignIn, set_clock):
    ida = User.objects.create_user("ida@example.org", factories.PASSWORD, name="Ida Moreau")
    assert "Ask your administrator to add you to a team." in text_of(sign_in(ida), "/rota")


def test_a_full_plan_takes_as_many_queries_as_an_empty_one(team, ben, dee, sign_in: SignIn):
    client = sign_in(dee)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    little = [queries(path) for path in ("/rota", "/rota/on-call", "/")]
    scenes.shifts(team, ben, "08:00", "20:00", by=dee)
    scenes.shifts(team, dee, by=dee, level=rota.SECOND)
    for number in range(20):
        person = factories.member(team, f"Person{number} Long")
        scenes.override(team, person, NOW + timedelta(hours=number), 1, by=dee)
    assert [queries(path) for path in ("/rota", "/rota/on-call", "/")] == little


# --- above the board -----------------------------------------------------------------------------------------------


def test_the_board_says_who_is_on_call_now_and_tonight(team, ben, eva, dee, sign_in: SignIn):
    scenes.shifts(team, ben, "08:00", "20:00", by=dee)
    scenes.shifts(team, eva, "20:00", "08:00", by=dee)
    for person in (ben, eva, dee):
        scenes.channel(team, person)
    page = text_of(sign_in(ben), "/")
    assert "First: Ben Okafor, until 20:00 today · Second: nobody" in page
    assert "20:00 to 08:00, Europe/London</span> First: Eva Stone · Second: nobody" in page
    assert "No nurse or doctor can be reached tonight" not in page
    assert "No working channel" not in page


def test_what_is_read_already_is_not_sent_again_until_something_else_is_to_be_read(
    team, ben, dee, sign_in: SignIn, set_clock
):
    scenes.shifts(team, ben, "08:00", "20:00", by=dee)
    client = sign_in(ben)
    first = client.get("/rota/on-call")
    known = {"If-None-Match": first.headers["ETag"]}
    assert f'{{"If-None-Match": "\\"{first.headers["ETag"][1:-1]}\\""}}' in first.content.decode()

    set_clock(28.3)
    unchanged = client.get("/rota/on-call", headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    set_clock(34.1)
    assert "First: nobody" in client.get("/rota/on-call", headers=known).content.decode()


def test_a_hand_over_in_the_night_is_shown(team, ben, eva, dee, sign_in: SignIn):
    scenes.shifts(team, ben, "14:00", "02:00", by=dee)
    scenes.shifts(team, eva, "02:00", "08:00", by=dee)
    page = text_of(sign_in(ben), "/rota/on-call")
    assert "First: Ben Okafor (no working channel) until 02:00, then Eva Stone (no working channel)" in page


def test_a_team_without_a_rota_says_that_everybody_is_told(team, ben, sign_in: SignIn):
    scenes.channel(team, ben)
    page = text_of(sign_in(ben), "/")
    assert "No rota: everybody of the team is told, now and tonight." in page
    assert "reach-heading" not in page


def test_the_banner_says_when_nobody_can_be_reached_tonight(team, ben, dee, sign_in: SignIn):
    scenes.shifts(team, ben, "08:00", "02:00", by=dee)
    scenes.channel(team, ben)
    page = text_of(sign_in(ben), "/")
    assert '<h2 id="reach-heading">No nurse or doctor can be reached tonight</h2>' in page
    assert "Spine team: no nurse or doctor who can be reached is on call 02:00 to 08:00." in page


def test_a_coordinator_on_call_is_shown_as_who_cannot_take_alerts_on(team, ben, dee, sign_in: SignIn):
    cora = factories.member(team, "Cora Field", "coordinator")
    scenes.shifts(team, cora, by=dee)
    scenes.channel(team, cora)

    page = text_of(sign_in(ben), "/")

    assert "First: Cora Field (cannot take alerts on)" in page
    assert "Spine team: no nurse or doctor who can be reached is on call" in page


def test_f32_the_banner_names_who_has_no_working_channel_and_goes_when_one_is_verified(
    team, ben, dee, sign_in: SignIn
):
    scenes.channel(team, ben)
    scenes.channel(team, dee, verified_at=None)
    client = sign_in(ben)
    assert "Spine team: Dee Lund has no working channel." in text_of(client, "/")
    scenes.channel(team, dee, address="dee@pager.example")
    assert "no working channel" not in text_of(client, "/")


def test_who_reads_it_is_told_of_their_own_channel_first(team, ben, dee, sign_in: SignIn):
    scenes.channel(team, dee)
    page = text_of(sign_in(ben), "/")
    assert "You have no working channel: nobody can tell you anything" in page
    assert "Ben Okafor has no working channel" not in page


def test_o13_who_left_a_test_unanswered_is_shown_to_the_clinics_administrator_within_a_day(
    team, ben, dee, sign_in: SignIn, set_clock
):
    other = factories.team(team.clinic, "Night team")
    nia = factories.member(other, "Nia Frost")
    for person, of in ((ben, team), (dee, team), (nia, other)):
        scenes.channel(of, person)
    page = text_of(sign_in(dee), "/")
    assert "Nia Frost" not in page

    nia.contacts.update(tested_at=NOW)
    set_clock(28.2 + 24)
    assert "Night team: Nia Frost has no working channel." in text_of(sign_in(dee), "/")
    assert "Nia Frost" not in text_of(
        sign_in(ben), "/"
    )  # who belongs to another team, and administers nothing
    nia.contacts.update(answered_at=NOW + timedelta(hours=24))
    assert "Nia Frost" not in text_of(sign_in(dee), "/")


def test_names_are_shown_as_names(team, ben, dee, sign_in: SignIn):
    User.objects.filter(pk=ben.pk).update(name="<b>Ben</b>")
    scenes.shifts(team, ben, by=dee, now=T0)
    page = text_of(sign_in(dee), "/")
    assert "<b>Ben</b>" not in page
    assert "&lt;b&gt;Ben&lt;/b&gt;" in page


def test_the_canary_is_on_nobodys_rota(team, ben, dee, sign_in: SignIn):
    Clinic.objects.update(urgent_line=team.clinic.team_phone)
    bird = canary.ensure(Clinic.objects.get())
    scenes.channel(team, dee)
    for path in ("/", "/rota"):
        assert bird.team.name not in text_of(sign_in(dee), path)
    assert reachability.night_trouble(bird.team, now=NOW) == ""


def test_a_team_that_never_answers_at_night_has_no_banner_for_it_but_the_line_that_does(
    team, ben, dee, sign_in: SignIn
):
    Clinic.objects.update(night_cover=False)
    scenes.shifts(team, ben, "08:00", "20:00", by=dee)
    for person in (ben, dee):
        scenes.channel(team, person)
    page = text_of(sign_in(ben), "/")
    assert "reach-heading" not in page
    assert "First: nobody · Second: nobody. Patients are told to call 020 7946 0102" in page


# --- at the desk ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lineless(team: CareTeam) -> CareTeam:
    """A team of a clinic whose urgent line is the number of the team itself."""
    Clinic.objects.filter(pk=team.clinic_id).update(urgent_line=team.clinic.team_phone)
    return CareTeam.objects.get(pk=team.pk)


def test_enrolling_into_a_night_without_anybody_says_what_to_do_and_keeps_what_was_typed(
    lineless, ben, dee, sign_in: SignIn
):
    scenes.shifts(lineless, ben, by=dee)
    client = sign_in(ben)
    refused = client.post("/enrol", enrolling.typed(lineless))
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "No nurse or doctor who can be reached is on call for all of tonight (20:00 to 08:00)" in page
    assert "Plan a nurse or doctor whose contact is verified on the page “Rota”" in page
    assert 'value="Rosa  Lind"' in page
    assert not Episode.objects.exists()
    assert "Nobody can be enrolled now." in text_of(client, "/rota")

    scenes.channel(lineless, ben)
    assert client.post("/enrol", enrolling.typed(lineless)).status_code == 303
    assert "Nobody can be enrolled now." not in text_of(client, "/rota")


@pytest.mark.parametrize("page", ["/enrol", "/enrol/list"])
def test_who_enrols_is_told_of_the_night_before_anything_is_typed(
    lineless, ben, dee, sign_in: SignIn, page: str
):
    scenes.shifts(lineless, ben, by=dee)
    client = sign_in(ben)
    assert (
        "No nurse or doctor who can be reached is on call for all of tonight (20:00 to 08:00), and the clinic has no"
        in (text_of(client, page))
    )

    scenes.channel(lineless, ben)
    assert "Nobody may be there tonight" not in text_of(client, page)


def test_where_the_urgent_line_alone_answers_tonight_who_enrols_is_told_and_not_kept_from_it(
    team, ben, dee, sign_in: SignIn
):
    scenes.shifts(team, ben, by=dee)
    client = sign_in(ben)
    page = text_of(client, "/enrol")
    assert (
        "No nurse or doctor who can be reached is on call for all of tonight (20:00 to 08:00). Who goes home now"
        in page
    )
    assert client.post("/enrol", enrolling.typed(team)).status_code == 303

    Clinic.objects.update(night_cover=False)  # its teams never answer at night, and it has said so
    assert "Nobody may be there tonight" not in text_of(client, "/enrol")


def test_the_nights_of_many_teams_cost_who_enrols_two_statements(team, ben, django_assert_num_queries):
    teams = [factories.team(team.clinic, f"Team {number}") for number in range(9)]
    with django_assert_num_queries(2):
        assert len(reachability.outlook([team, *teams], now=NOW)) == 10


def test_a_list_is_refused_as_a_whole_and_not_by_its_first_line(lineless, ben, sign_in: SignIn):
    client = sign_in(ben)
    answered = listing.looked_at_and_taken(client, listing.table(*listing.many(3)), lineless)
    page = answered.content.decode()
    assert answered.status_code == 409
    assert "Nobody was enrolled. No nurse or doctor who can be reached is on call" in page
    assert not Episode.objects.exists()

    scenes.channel(lineless, ben)
    listing.looked_at_and_taken(client, listing.table(*listing.many(3)), lineless)
    assert Episode.objects.count() == 3
