"""Known and expected: one rule, one patient, until a date, never an emergency (specification 8). What else ends a mute
stands in test_episodes.py."""

import pytest

from recovery import alerts
from recovery.alerts import NotAllowed
from recovery.alerts.moves import NOTE_LETTERS
from recovery.models import Alert, DeviceToken, Mute, User
from tests import factories
from tests.factories import at
from tests.operations.ward import close, kinds, live, report
from tests.waiting import behind

pytestmark = pytest.mark.django_db

SCIATICA = {"pain_where": ["down_one_leg"]}


def mute(
    alert: Alert, by: User, hours: float, *, until: float = 200, reason: str = "Known sciatica."
) -> Mute:
    return alerts.mute(alert_id=alert.uuid, until=at(until), reason=reason, by=by, now=at(hours))


@pytest.fixture
def alert(ana: DeviceToken) -> Alert:
    report(ana, 30, **SCIATICA)
    return Alert.objects.get()


def test_muting_leaves_the_reason_and_the_date_in_the_history_and_the_alert_as_it_is(
    alert: Alert, ben: User
) -> None:
    mute(alert, ben, 31)

    event = alert.events.latest("id")
    assert (event.kind, event.by, event.detail["note"]) == ("muted", ben, "Known sciatica.")
    assert event.detail["until"] == at(200).isoformat()
    assert live() == {"NEURO-RADIATE": "same_day"}


def test_what_is_muted_opens_nothing_and_is_still_told_to_the_patient(
    alert: Alert, ana: DeviceToken, ben: User
) -> None:
    mute(alert, ben, 31)
    close(alert, ben, 31)
    judged = report(ana, 40, **SCIATICA)

    assert live() == {}
    assert [finding["rule"] for finding in judged.findings] == ["NEURO-RADIATE"]


@pytest.mark.hazard("HZ7.2")
@pytest.mark.parametrize(("hours", "expected"), [(199.99, {}), (200, {"NEURO-RADIATE": "same_day"})])
def test_a_mute_ends_with_its_date(
    alert: Alert, ana: DeviceToken, ben: User, hours: float, expected: dict
) -> None:
    mute(alert, ben, 31)
    close(alert, ben, 31)
    report(ana, hours, **SCIATICA)

    assert live() == expected


def test_a_mute_that_something_worse_ended_says_so_in_the_history(
    alert: Alert, ana: DeviceToken, ben: User
) -> None:
    mute(alert, ben, 31)
    close(alert, ben, 31)
    report(ana, 40, pain_where=["down_both_legs"])

    assert live() == {"NEURO-RADIATE": "emergency"}
    assert kinds(alert) == ["opened", "muted", "closed", "muted"]
    assert alert.events.latest("id").detail == {"ended": True}
    report(ana, 50, **SCIATICA)
    assert "NEURO-RADIATE" in live(), "it does not come back"


def test_other_rules_and_other_patients_are_not_muted(alert: Alert, ana: DeviceToken, ben: User) -> None:
    mute(alert, ben, 31)
    close(alert, ben, 31)
    other, _ = factories.phone(factories.episode(ana.episode.team, name="Ida Moreau"))
    report(ana, 40, bleeding="oozing", **SCIATICA)
    report(other, 40, **SCIATICA)

    assert sorted(Alert.objects.filter(status="open").values_list("rule", flat=True)) == [
        "BLEED-OOZE",
        "NEURO-RADIATE",
    ]


def test_muting_again_takes_the_place_of_the_mute_before(alert: Alert, ben: User) -> None:
    mute(alert, ben, 31)
    mute(alert, ben, 32, until=100, reason="Until the visit.")

    assert Mute.objects.get(ended_at=None).until_at == at(100)
    assert Mute.objects.count() == 2


@pytest.mark.parametrize(
    ("until", "reason", "why"),
    [
        (31, "Known.", "still to come"),
        (31 + 12 * 168 + 1, "Known.", "at most twelve weeks. Choose a date before 18:00 on 26 May"),
        (200, " ", "Write why"),
        (200, "x" * (NOTE_LETTERS + 1), "4,000 letters"),
    ],
)
def test_a_mute_has_a_date_to_come_and_a_reason(
    alert: Alert, ben: User, until: float, reason: str, why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        mute(alert, ben, 31, until=until, reason=reason)

    assert not Mute.objects.exists()
    assert kinds(alert) == ["opened"]


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_only_a_clinician_mutes_and_ends_a_mute(alert: Alert, role: str) -> None:
    dee = factories.member(alert.team, "Dee Abara", role)

    with pytest.raises(NotAllowed, match="nurse or a doctor"):
        mute(alert, dee, 31)
    with pytest.raises(NotAllowed, match="nurse or a doctor"):
        alerts.unmute(alert_id=alert.uuid, by=dee, now=at(31))


@pytest.mark.hazard("HZ7.2")
def test_an_emergency_is_not_muted_by_way_of_a_milder_report(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, pain_where=["down_both_legs"])
    report(ana, 31, **SCIATICA)

    with pytest.raises(NotAllowed, match="never muted"):
        mute(Alert.objects.get(), ben, 32)


def test_the_same_mute_sent_twice_is_one(alert: Alert, ben: User) -> None:
    assert mute(alert, ben, 31) == mute(alert, ben, 31.01)

    assert kinds(alert) == ["opened", "muted"]


def test_a_colleagues_mute_is_replaced_only_by_who_has_seen_it(alert: Alert, ben: User) -> None:
    dora = factories.member(alert.team, "Dora Klein", "doctor")
    others = mute(alert, dora, 31, until=300)
    known = {"alert_id": alert.uuid, "until": at(100), "reason": "Until the visit.", "by": ben, "now": at(32)}

    with pytest.raises(
        NotAllowed, match=r"Dora Klein muted this until 22:00 on 14 March\. That was at 17:00 on 3 March"
    ):
        alerts.mute(**known, seen=[])
    assert Mute.objects.get(ended_at=None) == others

    alerts.mute(**known, seen=[others.pk])
    assert Mute.objects.get(ended_at=None).until_at == at(100)


def test_the_second_of_two_who_end_a_mute_is_told_who_was_first(alert: Alert, ben: User) -> None:
    dora = factories.member(alert.team, "Dora Klein", "doctor")
    mute(alert, ben, 31)
    alerts.unmute(alert_id=alert.uuid, by=dora, now=at(32))

    with pytest.raises(NotAllowed, match="Dora Klein ended this mute at 18:00 on 3 March"):
        alerts.unmute(alert_id=alert.uuid, by=ben, now=at(33))
    alerts.unmute(alert_id=alert.uuid, by=dora, now=at(34))
    assert kinds(alert) == ["opened", "muted", "muted"]


def test_who_ends_a_mute_that_something_worse_has_ended_is_told_so(
    alert: Alert, ana: DeviceToken, ben: User
) -> None:
    mute(alert, ben, 31)
    close(alert, ben, 31)
    report(ana, 40, pain_where=["down_both_legs"])

    with pytest.raises(NotAllowed, match="Something worse was reported at 02:00 on 4 March"):
        alerts.unmute(alert_id=alert.uuid, by=ben, now=at(41))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_mute_at_once_the_second_reads_who_was_first(alert: Alert, ben: User) -> None:
    dora = factories.member(alert.team, "Dora Klein", "doctor")

    with pytest.raises(NotAllowed, match="Dora Klein muted this"):
        behind(
            lambda: alerts.mute(
                alert_id=alert.uuid, until=at(90), reason="Known.", by=dora, seen=[], now=at(31)
            ),
            lambda: alerts.mute(alert_id=alert.uuid, until=at(90), reason="x", by=ben, seen=[], now=at(31)),
        )

    assert Mute.objects.get().by == dora
