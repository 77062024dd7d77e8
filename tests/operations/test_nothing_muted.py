"""Ways in which a red flag could be lost, muted or told to nobody, each tried and shown not to work."""

from collections.abc import Callable

import pytest
from django.db import OperationalError

from recovery import alerts, assessments, checkins, episodes, quarantine, silence, watch
from recovery.alerts import NotAllowed
from recovery.clinical import assessment as clinical
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, Episode, Membership, Notification, User
from recovery.notifications import plan
from tests import factories
from tests.factories import at, submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> DeviceToken:
    device, _ = factories.phone(factories.episode())
    return device


@pytest.fixture
def ben(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team, "Ben Okafor")


def as_next_request(device: DeviceToken) -> DeviceToken:
    return DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device.pk)


def submit(device: DeviceToken, hours: float, **changes) -> checkins.Receipt:
    report = submission(hours, **changes)
    receipt = checkins.submit(device=as_next_request(device), submission=report, now=at(hours))
    flag_all(hours)
    return receipt


def correct(device: DeviceToken, receipt: checkins.Receipt, base: int, hours: float, **changes) -> None:
    report = submission(receipt.assessment.hours, client_id=receipt.check_in_id, **changes)
    checkins.correct(device=as_next_request(device), submission=report, base_revision=base, now=at(hours))
    flag_all(hours)


def flag_all(hours: float) -> None:
    for pk in Assessment.objects.filter(flagged_at=None).order_by("pk").values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="celery", now=at(hours))


def live() -> dict[str, int]:
    return dict(Alert.objects.filter(status__in=Alert.LIVE).values_list("rule", "tier"))


def close(by: User, hours: float, **more) -> None:
    alert = Alert.objects.get(status__in=Alert.LIVE)
    alerts.close(
        alert_id=alert.uuid, by=by, outcome="seen", contacted=True, note="Seen.", now=at(hours), **more
    )


# --- closing -------------------------------------------------------------------------------------------------------


def test_an_alert_that_got_worse_since_the_page_was_shown_is_not_closed_unread(
    ana: DeviceToken, ben: User
) -> None:
    submit(ana, 30, cough="new")
    seen = alerts.as_seen(Alert.objects.get())
    submit(ana, 31, cough="blood")

    with pytest.raises(NotAllowed, match=r"reported again meanwhile \(now: Emergency\)"):
        close(ben, 31, seen=seen)
    close(ben, 32, seen=alerts.as_seen(Alert.objects.get()))


def test_what_joined_since_the_page_was_shown_is_not_closed_unread(ana: DeviceToken, ben: User) -> None:
    submit(ana, 30, numbness="new_or_worse", numbness_where=["one_leg"])
    seen = alerts.as_seen(Alert.objects.get())
    submit(ana, 31, numbness="new_or_worse", numbness_where=["one_leg"])

    with pytest.raises(NotAllowed, match="reported again"):
        close(ben, 32, seen=seen)


def test_what_joins_while_somebody_closes_is_not_closed_with_it(ana: DeviceToken, ben: User) -> None:
    submit(ana, 30, cough="new")
    read = Alert.objects.get()
    submit(ana, 31, cough="blood")

    with pytest.raises(NotAllowed, match="reported again"):
        alerts.moves.move("close", read, by=ben, now=at(31))


def test_yes_then_no_then_yes_again_alerts_again(ana: DeviceToken, ben: User) -> None:
    first = submit(ana, 30, chest_pain="yes")
    correct(ana, first, 1, 30.1)
    close(ben, 30.2)
    correct(ana, first, 2, 30.3, chest_pain="yes")

    assert live() == {"CHEST": Tier.EMERGENCY}


# --- telling -------------------------------------------------------------------------------------------------------


def test_who_joins_an_empty_team_is_told_of_what_is_open(ana: DeviceToken) -> None:
    submit(ana, 30, chest_pain="yes")
    assert Alert.objects.get().told_at is None

    nia = factories.member(ana.episode.team, "Nia New")
    assert plan.tell_untold(limit=10, now=at(31)) == 1
    assert plan.tell_untold(limit=10, now=at(31)) == 0

    assert list(Notification.objects.values_list("recipient", flat=True)) == [nia.pk]


def test_who_takes_the_place_of_somebody_who_left_before_the_mail_went_is_told(
    ana: DeviceToken, ben: User
) -> None:
    submit(ana, 30, chest_pain="yes")
    Membership.objects.filter(user=ben).update(ended_at=at(30))
    Notification.objects.update(status="dropped")
    nia = factories.member(ana.episode.team, "Nia New")

    assert plan.tell_untold(limit=10, now=at(31)) == 1
    assert Notification.objects.get(status="waiting").recipient == nia


# --- failures ------------------------------------------------------------------------------------------------------


@pytest.fixture
def failing_plan(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Exception]], None]:
    def fail(kind: type[Exception]) -> None:
        def refuse(**_: object) -> list[int]:
            raise kind

        monkeypatch.setattr(plan, "tell_team", refuse)

    return fail


def turn(times: int) -> None:
    for _ in range(times):
        Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
        alerts.flag_owed(limit=10, now=at(30))


def test_a_database_in_trouble_sets_nothing_aside(
    ana: DeviceToken,
    ben: User,
    failing_plan: Callable[[type[Exception]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checkins.submit(device=ana, submission=submission(30, chest_pain="yes"), now=at(30))
    with monkeypatch.context():
        failing_plan(OperationalError)
        turn(7)
        assert Assessment.objects.get().set_aside_at is None
    monkeypatch.undo()
    turn(1)

    assert live() == {"CHEST": Tier.EMERGENCY}


def test_what_is_set_aside_is_shown_as_urgent_as_it_is_and_told_when_the_fault_is_mended(
    ana: DeviceToken, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkins.submit(device=ana, submission=submission(30, chest_pain="yes"), now=at(30))
    with monkeypatch.context() as broken:
        broken.setattr(alerts.usual, "open_alerts", _raise)
        turn(5)
        assert live() == {"UNASSESSED": Tier.EMERGENCY}
    turn(1)

    assert live() == {"UNASSESSED": Tier.EMERGENCY, "CHEST": Tier.EMERGENCY}


def _raise(*_: object, **__: object) -> None:
    raise ValueError


def test_one_check_in_that_cannot_be_judged_does_not_keep_the_others_from_it(
    ana: DeviceToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(ana, 30, pain_now=3)
    submit(ana, 60, pain_now=5)

    def assess(**facts):
        if facts["report"].observed_at == at(30):
            raise ValueError
        return clinical.assess(**facts)

    monkeypatch.setattr("recovery.assessments.assess", assess)
    checkins.submit(device=as_next_request(ana), submission=submission(20, pain_now=0), now=at(61))
    assessments.rejudge_owed(limit=10, now=at(61))

    current = {row.effective_at: row for row in Assessment.objects.filter(is_current=True)}
    assert current[at(30)].tier is None
    assert "PAIN-RECUR" in {finding["rule"] for finding in current[at(60)].findings}
    assert Episode.objects.get().rejudge_from is None


def test_silence_that_cannot_be_judged_is_shown_to_the_team(ana: DeviceToken) -> None:
    Episode.objects.update(protocol="gone/9")
    for _ in range(Assessment.MAX_ATTEMPTS):
        Episode.objects.update(silence_next_at=None)
        silence.judge_due(limit=10, now=at(40))
    turn(5)

    assert live() == {"UNASSESSED": Tier.SAME_DAY}


def test_an_unread_report_cannot_be_muted(ana: DeviceToken, ben: User) -> None:
    quarantine.keep(device=ana, body=b"{", code="not_json", problems=[], readable=False, now=at(20))
    flag_all(20)

    with pytest.raises(NotAllowed, match="nobody has read"):
        alerts.mute(alert_id=Alert.objects.get().uuid, until=at(500), reason="Old phone.", by=ben, now=at(21))


# --- silence -------------------------------------------------------------------------------------------------------


def quiet_until(hours: float) -> None:
    silence.judge_due(limit=10, now=at(hours))
    flag_all(hours)


def test_taking_back_the_only_report_brings_back_what_is_due(ana: DeviceToken) -> None:
    receipt = submit(ana, 5)
    assert Episode.objects.get().next_due_at == at(36)
    checkins.withdraw(device=as_next_request(ana), client_id=receipt.check_in_id, now=at(6))

    assert Episode.objects.get().next_due_at == at(12)
    quiet_until(36)
    assert live() == {"NEVER-STARTED": Tier.WITHIN_24H}


def test_correcting_an_old_report_does_not_end_a_silence(ana: DeviceToken) -> None:
    receipt = submit(ana, 20)
    quiet_until(85)
    assert "MISSED-2" in live()
    correct(ana, receipt, 1, 86, pain_now=3)

    assert "MISSED-2" in live()


def test_a_report_that_was_taken_back_does_not_end_a_silence(ana: DeviceToken) -> None:
    quiet_until(37)
    report = submission(38)
    checkins.submit(device=as_next_request(ana), submission=report, now=at(38))
    checkins.withdraw(device=as_next_request(ana), client_id=report.client_id, now=at(38))
    flag_all(38)

    assert "NEVER-STARTED" in live()


def test_silence_that_was_broken_before_it_was_told_is_not_told(ana: DeviceToken) -> None:
    submit(ana, 70)
    quiet_until(71)

    assert live() == {}


def test_slots_that_closed_before_a_pause_are_judged(ana: DeviceToken, ben: User) -> None:
    episodes.pause(episode_id=ana.episode.uuid, reason="In hospital.", by=ben, now=at(37))
    flag_all(37)

    assert "NEVER-STARTED" in live()


def test_a_red_flag_taken_back_before_anybody_was_told_opens_its_alert_with_a_note(ana: DeviceToken) -> None:
    report = submission(28, chest_pain="yes")
    checkins.submit(device=ana, submission=report, now=at(28))
    checkins.withdraw(device=as_next_request(ana), client_id=report.client_id, now=at(28))
    flag_all(28)

    assert [event.kind for event in Alert.objects.get().events.order_by("id")] == ["opened", "changed"]


def test_a_late_finding_of_a_refused_body_counts_for_clearing(ana: DeviceToken) -> None:
    quarantine.keep(
        device=ana, body=b"x", code="invalid", problems=[], readable=True, now=at(90), observed_at=at(90),
        readings=[{"cough": "new"}],
    )  # fmt: skip
    flag_all(90)
    for hours in (40, 50, 60):
        changes = {"cough": "new"} if hours == 40 else {}
        checkins.submit(device=as_next_request(ana), submission=submission(hours, **changes), now=at(91))
        flag_all(91)

    assert "COUGH" in live()


def test_the_watch_rests_when_everything_owed_is_in_other_hands(ana: DeviceToken) -> None:
    assert sum(watch.cycle(at(1)).values()) == 0
