"""S9, S13: who is invited, who gets another role, who leaves: at the next request, on pages that are open too."""

import re
from datetime import timedelta
from io import StringIO
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from recovery import access, clock, staff
from recovery.models import (
    AuditEvent,
    CareTeam,
    DeviceToken,
    Episode,
    Invitation,
    Membership,
    Oversight,
    StaffSession,
    User,
)
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import said
from tests.factories import PASSWORD
from tests.security.staff_doors.people import POLL, SET_UP, give_password, is_in, passes, with_app
from tests.signing_in import sign_in as sign_in_through_the_pages

NEW = "four words never together"
NIA = {"name": "Nia Boateng", "email": "nia@clinic.example", "role": "nurse"}


def address(team: CareTeam, what: str = "", of: User | None = None) -> str:
    return f"/team/{team.uuid}/members/{of.uuid}/{what}" if of else f"/team/{team.uuid}/{what}"


def link() -> str:
    """In the mail that was sent last."""
    found = re.search(r"http://\S+(/accounts/invitation/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


def join(to: str, password: str = NEW) -> Any:
    client = Client()
    page = client.get(to, follow=True)
    return (
        page
        if page.status_code != 200
        else client.post("/accounts/invitation/", {"password1": password, "password2": password}, follow=True)
    )


def test_an_administrator_invites_and_the_invited_comes_in_by_both_factors(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    sent = sign_in(dee).post(address(team, "invite"), NIA, follow=True)
    joined = join(link())
    nia = User.objects.get(email=NIA["email"])
    client = give_password(nia, password=NEW)

    assert "An invitation is on its way to nia@clinic.example" in said(sent)
    assert mail.outbox[-1].to == [NIA["email"]]
    assert "You have joined." in said(joined)
    assert (nia.name, nia.memberships.get().role) == ("Nia Boateng", "nurse")
    assert client.get("/")["Location"] == SET_UP


def test_an_invitation_names_nobody_and_nothing_of_health(team: CareTeam, dee: User, sign_in: SignIn) -> None:
    sign_in(dee).post(address(team, "invite"), NIA)

    told = mail.outbox[-1].subject + mail.outbox[-1].body
    assert not [
        word for word in ("Nia", "Dee", team.name, team.clinic.name, "patient", "nurse") if word in told
    ]


def test_a_link_works_once(team: CareTeam, dee: User, sign_in: SignIn) -> None:
    sign_in(dee).post(address(team, "invite"), NIA)
    join(link())

    again = join(link(), "another four words here")

    assert again.status_code == 410
    assert User.objects.get(email=NIA["email"]).check_password(NEW)


@pytest.mark.parametrize(("hours", "status"), [(71.9, 200), (72.1, 410)])
def test_a_link_lasts_72_hours(
    team: CareTeam, dee: User, sign_in: SignIn, set_clock: SetClock, hours: float, status: int
) -> None:
    sign_in(dee).post(address(team, "invite"), NIA)
    set_clock(28.2 + hours)

    assert Client().get(link(), follow=True).status_code == status


def test_a_link_that_was_withdrawn_or_replaced_does_not_work(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)
    client.post(address(team, "invite"), NIA)
    first = link()
    client.post(address(team, "invite"), NIA | {"role": "doctor"})
    second = link()

    client.post(f"/team/{team.uuid}/invitations/{Invitation.objects.latest('pk').uuid}/withdraw")

    assert [join(each).status_code for each in (first, second)] == [410, 410]
    assert not User.objects.filter(email=NIA["email"]).exists()


def test_what_stands_in_the_link_is_stored_nowhere_and_leaves_the_address(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    sign_in(dee).post(address(team, "invite"), NIA)
    token = link().split("/")[3]

    there = Client().get(link())

    assert Invitation.objects.get().token_hash == access.hash_of(token)
    assert len(token) >= 43
    assert there["Location"] == "/accounts/invitation/"


def test_a_password_that_is_too_easy_is_refused_and_the_link_still_works(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    sign_in(dee).post(address(team, "invite"), NIA)

    refused = join(link(), "password")

    assert refused.status_code == 422
    assert "too short" in said(refused)
    assert "You have joined." in said(join(link()))


def test_somebody_who_has_an_account_keeps_password_and_second_factor(
    team: CareTeam, dee: User, cleo: User, sign_in: SignIn
) -> None:
    sign_in(dee).post(address(team, "invite"), NIA | {"email": cleo.email.upper()})
    client = Client()
    page = client.get(link(), follow=True)

    client.post("/accounts/invitation/")

    assert "stay as they are" in said(page)
    cleo.refresh_from_db()
    assert cleo.check_password(PASSWORD)
    assert access.memberships(cleo).filter(team=team, role="nurse").exists()


@pytest.mark.parametrize("look_alike", ["cleo@harbo\u0131r.example", "\u017fam@clinic.example"])
def test_no_other_mailbox_joins_as_somebody_who_has_an_account(
    team: CareTeam, dee: User, cleo: User, sign_in: SignIn, look_alike: str
) -> None:
    """Whose password one of their clinics took away: whoever came by the link was they, in the other one, too."""
    email = look_alike.replace("\u0131", "i").replace("\u017f", "s")
    User.objects.filter(pk=cleo.pk).update(email=email, password="!")

    answer = sign_in(dee).post(address(team, "invite"), NIA | {"email": look_alike})

    assert answer.status_code == 409
    assert "letters a to z" in said(answer)
    assert not Invitation.objects.exists()
    with pytest.raises(CommandError, match="letters a to z"):
        call_command("operator", look_alike, "Nia Boateng")


def test_who_is_signed_in_at_the_desk_is_signed_out_when_somebody_else_joins(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    sign_in(dee).post(address(team, "invite"), NIA)

    client.get(link())
    client.post("/accounts/invitation/", {"password1": NEW, "password2": NEW})

    assert not is_in(client)


def test_an_administrator_fills_nobodys_mailbox(team: CareTeam, dee: User, sign_in: SignIn) -> None:
    client = sign_in(dee)
    for number in range(staff.EACH_DAY):
        staff.invite(
            team_id=team.uuid, email=f"{number}@x.example", name="N", role="nurse", by=dee, now=clock.now()
        )

    answer = client.post(address(team, "invite"), NIA)

    assert answer.status_code == 409
    assert mail.outbox == []


def test_a_mail_that_cannot_be_sent_is_said(
    team: CareTeam, dee: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)

    answer = sign_in(dee).post(address(team, "invite"), NIA)

    assert answer.status_code == 409
    assert "The mail could not be sent now" in said(answer)


def test_s9_another_role_counts_at_the_next_request(
    team: CareTeam, ana: DeviceToken, ben: User, dee: User, sign_in: SignIn
) -> None:
    bens = sign_in(ben)
    before = bens.post(f"/figures/{team.uuid}/budget", {"budget": "20"}).status_code

    sign_in(dee).post(address(team, "role", ben), {"role": "admin"})
    after = bens.get("/team").status_code
    sign_in(dee).post(address(team, "role", ben), {"role": "nurse"})

    assert (before, after, bens.get("/team").status_code) == (422, 200, 404)
    assert mail.outbox[-1].to == [ben.email]


def test_s9_who_leaves_sees_nothing_from_the_next_request_on_and_is_signed_out(
    team: CareTeam, ana: DeviceToken, ben: User, dee: User, sign_in: SignIn
) -> None:
    bens, page = sign_in(ben), f"/patients/{ana.episode.uuid}"
    assert bens.get(page).status_code == 200

    sign_in(dee).post(address(team, "end", ben))

    assert bens.get(page).status_code == 302
    assert bens.get(POLL, headers={"HX-Request": "true"})["HX-Redirect"].startswith("/accounts/login/")
    assert not is_in(bens)
    assert not StaffSession.objects.filter(user=ben).exists()


def test_s9_who_leaves_one_of_two_teams_stays_signed_in_for_the_other(
    team: CareTeam, ana: DeviceToken, ben: User, dee: User, sign_in: SignIn
) -> None:
    Membership.objects.create(user=ben, team=factories.team(team.clinic, "Hip team"), role="nurse")
    bens = sign_in(ben)

    sign_in(dee).post(address(team, "end", ben))

    assert is_in(bens)
    assert bens.get(f"/patients/{ana.episode.uuid}").status_code == 404


def test_the_only_administrator_can_neither_leave_nor_become_something_else(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)

    answers = [
        client.post(address(team, "end", dee)),
        client.post(address(team, "role", dee), {"role": "nurse"}),
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert "only administrator" in said(answers[0])
    assert access.membership_roles(dee) == {"admin"}


def test_an_administrator_who_is_not_the_only_one_may_step_down(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    factories.member(team, "Eli Brandt", "admin")

    answer = sign_in(dee).post(address(team, "role", dee), {"role": "nurse"})

    assert answer["Location"] == "/account/security"
    assert access.membership_roles(dee) == {"nurse"}


def test_s9_no_link_brings_somebody_back_who_has_left(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)
    client.post(address(team, "invite"), NIA | {"email": ben.email.upper(), "role": "admin"})

    client.post(address(team, "end", ben))

    assert join(link()).status_code == 410
    assert access.membership_roles(ben) == set()


def test_s9_no_link_gives_somebody_the_role_that_they_would_have_had_before_another(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)
    client.post(address(team, "invite"), NIA | {"email": ben.email, "role": "admin"})
    to = link()

    client.post(address(team, "role", ben), {"role": "coordinator"})

    assert join(to).status_code == 410
    assert access.membership_roles(ben) == {"coordinator"}


@pytest.mark.parametrize("what", [("end", {}), ("role", {"role": "nurse"})])
@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_s9_what_an_administrator_sent_ends_with_their_being_one(
    team: CareTeam, dee: User, sign_in: SignIn, role: str, what: tuple[str, dict[str, str]]
) -> None:
    eli = factories.member(team, "Eli Brandt", "admin")
    sign_in(eli).post(address(team, "invite"), NIA | {"role": role})
    theirs = link()
    sign_in(dee).post(address(team, "invite"), NIA | {"email": "kim@clinic.example"})
    hers = link()

    sign_in(dee).post(address(team, what[0], eli), what[1])

    assert join(theirs).status_code == 410
    assert "You have joined." in said(join(hers))
    assert AuditEvent.objects.filter(what="withdrew invitation", user=dee).count() == 1


def test_who_begins_anew_does_so_when_the_administrator_who_let_them_has_left(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    eli = factories.member(team, "Eli Brandt", "admin")
    client = sign_in(dee)
    client.post(address(team, "renew", eli))
    to = link()

    client.post(address(team, "end", dee))

    assert "You have joined." in said(join(to))
    eli.refresh_from_db()
    assert eli.check_password(NEW)


def test_what_an_administrator_sent_for_another_team_of_theirs_stays(
    team: CareTeam, dee: User, sign_in: SignIn
) -> None:
    eli = factories.member(team, "Eli Brandt", "admin")
    hips = factories.team(team.clinic, "Hip team")
    Membership.objects.create(user=eli, team=hips, role="admin")
    sign_in(eli).post(address(hips, "invite"), NIA)

    sign_in(dee).post(address(team, "end", eli))

    assert "You have joined." in said(join(link()))


@pytest.mark.parametrize("role", ["nurse", "doctor", "coordinator"])
def test_nobody_else_sees_or_changes_who_is_in_the_team(
    team: CareTeam, dee: User, sign_in: SignIn, role: str
) -> None:
    client = sign_in(factories.member(team, "Nia Boateng", role))
    forms = {"invite": NIA, f"members/{dee.uuid}/end": {}, f"members/{dee.uuid}/role": {"role": "nurse"}}

    answers = [client.get("/team"), *(client.post(address(team, what), form) for what, form in forms.items())]

    assert {answer.status_code for answer in answers} == {404}
    assert access.membership_roles(dee) == {"admin"}


def test_s2_an_administrator_has_no_hold_on_people_of_another_clinic(
    team: CareTeam, dee: User, cleo: User, sign_in: SignIn
) -> None:
    client, hers = sign_in(dee), cleo.memberships.get()

    answers = [
        client.post(address(team, "end", cleo)),
        client.post(address(hers.team, "end", cleo)),
        client.post(address(team, "renew", cleo)),
        client.post(address(hers.team, "invite"), NIA),
        client.get(f"/team?team={hers.team.uuid}"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert access.membership_roles(cleo) == {"nurse"}
    assert mail.outbox == []


def test_s23_every_change_asks_for_the_password_again_and_then_goes_on(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)
    passes(client, minutes=6)

    asked = client.post(address(team, "role", ben), {"role": "doctor"})
    before = access.membership_roles(ben)
    done = client.post(asked["Location"], {"password": PASSWORD})

    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert (before, done.status_code, access.membership_roles(ben)) == ({"nurse"}, 303, {"doctor"})


def test_who_lost_the_second_factor_begins_anew_by_their_own_mailbox(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    bens = Client()
    sign_in_through_the_pages(bens, ben, PASSWORD)

    sign_in(dee).post(address(team, "renew", ben))
    refused = Client().post("/accounts/login/", {"login": ben.email, "password": PASSWORD})
    join(link())

    assert not is_in(bens)
    assert refused.status_code == 200
    assert mail.outbox[-1].to == [ben.email]
    assert give_password(ben, password=NEW).get("/")["Location"] == SET_UP
    assert access.membership_roles(ben) == {"nurse"}


@pytest.mark.parametrize("role", ["admin", "auditor", "operator"])
def test_whom_nobody_inside_can_help_begins_anew_by_command(team: CareTeam, dee: User, role: str) -> None:
    if role != "admin":
        dee.memberships.all().delete()
        clinic = team.clinic if role == "auditor" else None
        Oversight.objects.create(user=dee, role=role, clinic=clinic, started_at=clock.now())
    client, told = Client(), StringIO()
    sign_in_through_the_pages(client, dee, PASSWORD)

    call_command("begin_anew", dee.email.upper(), stdout=told)
    refused = Client().post("/accounts/login/", {"login": dee.email, "password": PASSWORD})
    (to,) = re.findall(r"(/accounts/invitation/\S+)", told.getvalue())
    join(to)

    assert not is_in(client)
    assert refused.status_code == 200
    assert give_password(dee, password=NEW).get("/")["Location"] == SET_UP
    assert staff.roles_of(dee) != []
    assert join(to).status_code == 410
    assert AuditEvent.objects.filter(what="took away second factor", user=None).count() == 1


def test_who_works_here_no_more_begins_nothing_anew(team: CareTeam, dee: User) -> None:
    dee.memberships.update(ended_at=clock.now())

    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("begin_anew", dee.email)
    assert not Invitation.objects.exists()
    assert dee.check_password(PASSWORD)


def test_nobody_takes_the_second_factor_from_themselves(team: CareTeam, dee: User, sign_in: SignIn) -> None:
    with_app(dee)

    answer = sign_in(dee).post(address(team, "renew", dee))

    assert answer.status_code == 409
    assert Client().post("/accounts/login/", {"login": dee.email, "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_auditor_and_operator_reach_no_patient_and_no_team(
    team: CareTeam, ana: DeviceToken, dee: User, sign_in: SignIn, role: str
) -> None:
    if role == "auditor":
        sign_in(dee).post(address(team, "invite"), NIA | {"role": "auditor"})
        to = link()
    else:
        to = f"/accounts/invitation/{staff.invite_operator(email=NIA['email'], name='Nia', now=clock.now())[1]}/"
    join(to)
    nia = User.objects.get(email=NIA["email"])
    client = sign_in(nia)

    pages = [client.get(f"/patients/{ana.episode.uuid}"), client.get("/team")]

    assert Oversight.objects.get(user=nia, ended_at=None).role == role
    assert {page.status_code for page in pages} == {404}
    assert "Ana" not in said(client.get("/")) + said(client.get("/patients"))
    assert role in said(client.get("/account/security")).lower()
    assert Episode.objects.exists()
    assert not access.episodes(nia).exists()


def test_an_administrator_makes_no_operator(team: CareTeam, dee: User, sign_in: SignIn) -> None:
    answer = sign_in(dee).post(address(team, "invite"), NIA | {"role": "operator"})

    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_an_auditor_is_let_go(team: CareTeam, dee: User, sign_in: SignIn) -> None:
    sign_in(dee).post(address(team, "invite"), NIA | {"role": "auditor"})
    join(link())
    nia = User.objects.get(email=NIA["email"])
    client = sign_in(nia)

    sign_in(dee).post(f"/team/{team.uuid}/auditors/{nia.uuid}/end")

    assert Oversight.objects.get(user=nia).ended_at is not None
    assert not is_in(client)


def test_what_an_administrator_did_is_on_record_without_names(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)
    client.post(address(team, "invite"), NIA)
    client.post(address(team, "role", ben), {"role": "doctor"})
    client.post(address(team, "end", ben))

    events = AuditEvent.objects.filter(user=dee, clinic=team.clinic).order_by("pk")

    assert [event.what for event in events] == ["signed in", "invited", "changed role", "ended membership"]
    assert "Nia" not in str([event.detail for event in events])
    assert clock.now() - events[0].at < timedelta(minutes=1)


def test_the_command_line_invites_an_operator(db: None) -> None:
    told = StringIO()

    call_command("operator", "nia@clinic.example", "Nia Boateng", stdout=told)
    with pytest.raises(CommandError, match="no e-mail address"):
        call_command("operator", "nia", "Nia Boateng")
    found = re.search(r"(/accounts/invitation/\S+)", told.getvalue())
    assert found is not None
    join(found[1])

    assert Oversight.objects.get(user__email="nia@clinic.example").role == "operator"


@pytest.mark.parametrize("name", ["", "=cmd()", "Nia\u202eBoateng"])
def test_an_operator_has_a_name(db: None, name: str) -> None:
    with pytest.raises(CommandError, match="The name behind the address"):
        call_command("operator", "nia@clinic.example", name)

    assert not Invitation.objects.exists()


def test_s9_an_operator_is_let_go(db: None, sign_in: SignIn) -> None:
    told = StringIO()
    for _ in range(2):
        call_command("operator", "nia@clinic.example", "Nia Boateng", stdout=told)
    first, second = re.findall(r"(/accounts/invitation/\S+)", told.getvalue())
    assert join(first).status_code == 410
    join(second)
    nia = User.objects.get(email="nia@clinic.example")
    client = sign_in(nia)
    assert client.get("/owed").status_code == 200
    call_command("operator", "nia@clinic.example", "Nia Boateng", stdout=told)

    call_command("operator", "NIA@clinic.example", end=True, stdout=told)

    assert Oversight.objects.get(user=nia).ended_at is not None
    assert not is_in(client)
    assert join(re.findall(r"(/accounts/invitation/\S+)", told.getvalue())[-1]).status_code == 410
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("operator", "nia@clinic.example", end=True)
