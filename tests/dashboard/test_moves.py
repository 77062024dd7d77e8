import pytest

from recovery import alerts
from recovery.models import Alert, CareTeam, DeviceToken, User
from tests import factories
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import alert_of, page_of, report, said, take_on
from tests.factories import at

CLOSE = {"outcome": "seen", "contacted": "yes", "note": "Pressed on it, stopped."}


@pytest.fixture
def alert(ana: DeviceToken) -> Alert:
    report(ana, 28, bleeding="oozing")
    return alert_of("BLEED-OOZE")


def test_take_on_from_its_page(alert: Alert, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    answer = client.post(page_of(alert, "/acknowledge"), follow=True)

    assert answer.redirect_chain == [(page_of(alert), 303)]
    assert "You have this since 14:12 today" in said(answer)


def test_take_on_another_alert_of_the_patient_and_stay_on_the_page(
    alert: Alert, ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28.1, temp={"value": 38.4, "unit": "C"})
    other = alert_of("FEVER")

    answer = sign_in(ben).post(page_of(other, "/acknowledge"), {"from": str(alert.uuid)}, follow=True)

    assert answer.redirect_chain == [(page_of(alert), 303)]
    other.refresh_from_db()
    assert other.owner == ben


def test_recording_a_contact(alert: Alert, ben: User, sign_in: SignIn) -> None:
    typed = {"reached": "yes", "by_what": "phone", "note": "She presses on it.", "seen": "open:"}

    answer = sign_in(ben).post(page_of(alert, "/contact"), typed, follow=True)

    assert "The contact is recorded." in said(answer)
    assert "Patient reached 14:12 today" in said(answer)
    alert.refresh_from_db()
    assert (alert.owner, alert.contacted_at) == (ben, at(28.2))


def test_pressing_twice_is_no_error(alert: Alert, ben: User, sign_in: SignIn) -> None:
    """The page that was sent twice still says that nobody had it."""
    client, typed = sign_in(ben), {"reached": "no", "by_what": "phone", "seen": "open:"}

    assert client.post(page_of(alert, "/contact"), typed).status_code == 303
    assert client.post(page_of(alert, "/contact"), typed).status_code == 303
    assert client.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"}).status_code == 303
    assert client.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"}).status_code == 303


def test_anybody_of_the_team_may_add_a_note(alert: Alert, dee: User, sign_in: SignIn) -> None:
    answer = sign_in(dee).post(page_of(alert, "/note"), {"note": "Her son is with her."}, follow=True)

    assert "Note by Dee Lund Her son is with her." in said(answer)
    assert 'action="/alerts' in answer.content.decode()
    assert "Close this alert" not in said(answer)


def test_closing_with_an_outcome(alert: Alert, ben: User, sign_in: SignIn) -> None:
    answer = sign_in(ben).post(page_of(alert, "/close"), CLOSE | {"seen": "open:"}, follow=True)

    assert answer.redirect_chain == [("/", 303)]
    assert "The alert is closed. " in said(answer)
    alert.refresh_from_db()
    assert (alert.status, alert.outcome, alert.patient_contacted) == ("closed", "seen", True)


@pytest.mark.parametrize("missing", ["outcome", "contacted", "note"])
def test_nothing_about_closing_an_urgent_alert_is_assumed(
    alert: Alert, ben: User, sign_in: SignIn, missing: str
) -> None:
    client = sign_in(ben)
    typed = {name: value for name, value in CLOSE.items() if name != missing}

    page = client.get(page_of(alert)).content.decode()
    answer = client.post(page_of(alert, "/close"), typed | {"seen": "open:"})

    assert "checked" not in page
    assert answer.status_code == 422
    assert "Nothing was saved yet." in said(answer)
    assert Alert.objects.get().status == "open"
    if missing != "note":
        assert CLOSE["note"] in answer.content.decode()


def test_a_note_may_be_left_out_when_it_is_not_urgent(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, wants_call="yes")
    typed = {"outcome": "self-care", "contacted": "yes", "seen": "open:"}

    assert sign_in(ben).post(page_of(alert_of("CALL-ME"), "/close"), typed).status_code == 303
    assert Alert.objects.get().status == "closed"


# --- two at once ---------------------------------------------------------------------------------------------------


def test_the_second_is_told_who_took_it_on_and_keeps_what_she_typed(
    alert: Alert, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    """Dora read the page while nobody had it, and writes; meanwhile Ben takes it on."""
    dora = sign_in(factories.member(team, "Dora Klein", "doctor"))
    take_on(alert, ben, 28.1)

    refused = dora.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"})

    assert refused.status_code == 409
    assert "Ben Okafor took this on at 14:06 today. Nothing was saved." in said(refused)
    assert CLOSE["note"] in refused.content.decode()
    alert.refresh_from_db()
    assert alert.status == "acknowledged"


def test_what_a_form_remembers_of_a_colleague_is_no_number_that_can_be_counted(
    alert: Alert, ben: User, sign_in: SignIn
) -> None:
    take_on(alert, ben, 28.1)

    page = sign_in(ben).get(page_of(alert))

    seen = page.context["forms"]["contact"]["seen"].value()
    assert seen.split(":")[:2] == ["acknowledged", str(ben.uuid)]


def test_sent_again_in_knowledge_of_the_first_it_is_done(
    alert: Alert, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    dora = sign_in(factories.member(team, "Dora Klein", "doctor"))
    take_on(alert, ben, 28.1)
    refused = dora.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"})
    form = refused.context["forms"]["close"]

    again = {name: form[name].value() for name in ("seen", *CLOSE)}

    assert dora.post(page_of(alert, "/close"), again).status_code == 303
    alert.refresh_from_db()
    assert alert.status == "closed"


def test_a_note_typed_while_a_colleague_closed_it_can_still_be_added(
    alert: Alert, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    dora = sign_in(factories.member(team, "Dora Klein", "doctor"))
    typed = {"reached": "yes", "by_what": "phone", "note": "She says it has stopped.", "seen": "open:"}
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(28.1))

    refused = dora.post(page_of(alert, "/contact"), typed)

    assert refused.status_code == 409
    assert "Ben Okafor closed this at 14:06 on 3 March." in said(refused)
    offered = refused.context["forms"]["note"]["note"].value()
    assert offered == f"Did you reach the patient? Yes\nHow did you try? Phone\n{typed['note']}"
    answer = dora.post(page_of(alert, "/note"), {"note": typed["note"]}, follow=True)
    assert "Note by Dora Klein She says it has stopped." in said(answer)


def test_somebody_who_may_not_close_is_not_offered_it_and_refused(
    alert: Alert, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)

    assert "Close this alert" not in said(client.get(page_of(alert)))
    refused = client.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"})
    assert refused.status_code == 409
    assert "Only a nurse or a doctor of the care team can do this." in said(refused)
    assert CLOSE["note"] in refused.content.decode()
