import pytest

from recovery import alerts, assessments, checkins, corrections, episodes, silence
from recovery.models import Alert, Assessment, AuditEvent, DeviceToken, Episode, EpisodeEvent, User
from tests import factories
from tests.factories import BASELINE, T0, at, submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> DeviceToken:
    device, _ = factories.phone(factories.episode())
    return device


@pytest.fixture
def ben(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team)


def flag_all(hours: float) -> None:
    for pk in Assessment.objects.filter(flagged_at=None).order_by("pk").values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="celery", now=at(hours))


def live() -> set[str]:
    return set(Alert.objects.filter(status__in=Alert.LIVE).values_list("rule", flat=True))


def test_a_corrected_baseline_judges_every_check_in_anew(ana: DeviceToken, ben: User) -> None:
    checkins.submit(device=ana, submission=submission(30, bladder="same"), now=at(30))
    flag_all(30)
    assert live() == {"BASELINE-UNKNOWN"}

    corrections.correct_baseline(
        episode_id=ana.episode.uuid,
        baseline=BASELINE | {"bladder": "present"},
        baseline_at=T0,
        reason="Told on the phone.",
        by=ben,
        now=at(31),
    )
    assessments.rejudge_owed(limit=10, now=at(31))

    assert Assessment.objects.get(is_current=True).findings == []
    assert live() == {"BASELINE-UNKNOWN"}  # what vanished never closes an alert
    event = EpisodeEvent.objects.get()
    assert (event.reason, event.was["baseline"]["bladder"], event.by) == ("Told on the phone.", "no", ben)


def test_a_risk_factor_found_later_opens_and_raises_alerts(ana: DeviceToken, ben: User) -> None:
    checkins.submit(device=ana, submission=submission(30, bleeding="oozing"), now=at(30))
    flag_all(30)

    corrections.correct_risk_factors(
        episode_id=ana.episode.uuid,
        risk_factors=["anticoagulant"],
        blood_thinner_restart_h=None,
        reason="Takes apixaban.",
        by=ben,
        now=at(31),
    )
    assessments.rejudge_owed(limit=10, now=at(31))
    flag_all(31)

    assert [(alert.rule, alert.tier) for alert in Alert.objects.all()] == [("BLEED-OOZE", 4)]


def test_the_same_again_changes_nothing(ana: DeviceToken, ben: User) -> None:
    for _ in range(2):
        corrections.correct_risk_factors(
            episode_id=ana.episode.uuid,
            risk_factors=["steroids"],
            blood_thinner_restart_h=None,
            reason="Prednisolone.",
            by=ben,
            now=at(31),
        )

    assert EpisodeEvent.objects.count() == 1


def test_a_pause_is_silent_and_resuming_waits_for_the_next_slot(ana: DeviceToken, ben: User) -> None:
    episodes.pause(episode_id=ana.episode.uuid, reason="In hospital.", by=ben, now=at(20))
    assert Episode.objects.get().next_due_at is None

    episodes.resume(episode_id=ana.episode.uuid, reason="Home again.", by=ben, now=at(70))
    assert Episode.objects.get().next_due_at == at(84)
    with pytest.raises(episodes.EpisodeRefused, match="Only a paused"):
        episodes.resume(episode_id=ana.episode.uuid, reason="Again.", by=ben, now=at(71))


def test_a_report_in_a_pause_or_after_the_end_is_taken_and_judged(ana: DeviceToken, ben: User) -> None:
    episodes.pause(episode_id=ana.episode.uuid, reason="In hospital.", by=ben, now=at(20))
    checkins.submit(device=ana, submission=submission(30, bleeding="oozing"), now=at(30))
    episodes.end(episode_id=ana.episode.uuid, reason="Moved away.", by=ben, now=at(31))
    device = DeviceToken.objects.select_related("episode__clinic").get(pk=ana.pk)
    checkins.submit(device=device, submission=submission(40, chest_pain="yes"), now=at(40))
    flag_all(40)

    assert live() == {"BLEED-OOZE", "CHEST"}
    assert Episode.objects.get().next_due_at is None


def extend(ana: DeviceToken, ben: User, until: float, now: float) -> Episode:
    return episodes.extend(
        episode_id=ana.episode.uuid, until=at(until), reason="Still wears the brace.", by=ben, now=at(now)
    )


def test_an_extended_recovery_ends_when_the_extension_does(ana: DeviceToken, ben: User) -> None:
    extend(ana, ben, 3000, now=1900)
    silence.judge_due(limit=10, now=at(2040))
    assert Assessment.objects.filter(silent_slot="S84").exists()
    assert (Episode.objects.get().status, Episode.objects.get().next_due_at) == ("active", at(3000))

    silence.judge_due(limit=10, now=at(3000))
    assert (Episode.objects.get().status, Episode.objects.get().ended_at) == ("ended", at(3000))
    event = EpisodeEvent.objects.get()
    assert (event.what, event.was, event.reason) == (
        "extended episode",
        {"extended_until": None},
        "Still wears the brace.",
    )
    assert AuditEvent.objects.filter(what="extended episode", user=ben).count() == 1


def test_an_extension_can_be_changed_also_while_it_runs(ana: DeviceToken, ben: User) -> None:
    extend(ana, ben, 3000, now=1900)
    silence.judge_due(limit=10, now=at(2040))
    extend(ana, ben, 2500, now=2100)
    silence.judge_due(limit=10, now=at(2500))

    assert Episode.objects.get().status == "ended"


def test_a_pause_in_an_extended_recovery_does_not_end_it(ana: DeviceToken, ben: User) -> None:
    extend(ana, ben, 3000, now=1900)
    episodes.pause(episode_id=ana.episode.uuid, reason="In hospital.", by=ben, now=at(2020))
    episodes.resume(episode_id=ana.episode.uuid, reason="Home again.", by=ben, now=at(2100))

    assert Episode.objects.get().next_due_at == at(3000)
    silence.judge_due(limit=10, now=at(2999))
    assert Episode.objects.get().status == "active"
    assert not Assessment.objects.filter(silent_slot="S84").exists()  # it closed in the pause


def test_only_a_recovery_that_runs_is_extended_and_only_past_its_end(ana: DeviceToken, ben: User) -> None:
    coordinator = factories.member(ana.episode.team, "Eli Brandt", "coordinator")
    with pytest.raises(episodes.EpisodeRefused, match="after 11:00 on 26 May"):
        extend(ana, ben, 2000, now=1900)
    with pytest.raises(episodes.EpisodeRefused, match="role"):
        extend(ana, coordinator, 3000, now=1900)
    episodes.end(episode_id=ana.episode.uuid, reason="Moved away.", by=ben, now=at(1900))
    with pytest.raises(episodes.EpisodeRefused, match="has ended"):
        extend(ana, ben, 3000, now=1901)


def who_and_when(operation, ana: DeviceToken, by: User, hours: float) -> str:
    """What the second of two is told."""
    with pytest.raises(episodes.EpisodeRefused) as refused:
        operation(episode_id=ana.episode.uuid, reason="The same.", by=by, now=at(hours))
    return refused.value.message


def test_of_two_who_pause_resume_or_end_the_second_is_told_who_was_first(ana: DeviceToken, ben: User) -> None:
    dora = factories.member(ana.episode.team, "Dora Klein", "doctor")
    of_ana = {"episode_id": ana.episode.uuid, "by": dora}

    assert who_and_when(episodes.resume, ana, ben, 19) == (
        "Only a paused recovery can be resumed. This one is active."
    )
    episodes.pause(**of_ana, reason="In hospital.", now=at(20))
    assert "Dora Klein paused this one at 06:00 on 3 March." in who_and_when(episodes.pause, ana, ben, 21)
    episodes.resume(**of_ana, reason="Home.", now=at(22))
    assert "Dora Klein resumed this one at 08:00 on 3 March." in who_and_when(episodes.resume, ana, ben, 23)
    episodes.end(**of_ana, reason="Moved.", now=at(24))
    for operation in (episodes.end, episodes.pause, episodes.resume):
        assert "Dora Klein ended this one at 10:00 on 3 March." in who_and_when(operation, ana, ben, 25)
    episodes.end(**of_ana, reason="Moved.", now=at(26))
    assert EpisodeEvent.objects.count() == 3


def test_what_ended_by_itself_is_told_as_such(ana: DeviceToken, ben: User) -> None:
    silence.judge_due(limit=10, now=at(2040))

    assert "This one ended by itself at 11:00 on 26 May" in who_and_when(episodes.end, ana, ben, 2050)


def test_a_recovery_that_is_over_by_the_clock_is_not_paused(ana: DeviceToken, ben: User) -> None:
    """Nobody has looked since its last slot closed: what closed is judged before the pause, and that ends it."""
    assert "ended by itself" in who_and_when(episodes.pause, ana, ben, 2041)

    assert Episode.objects.get().status == "active"
    silence.judge_due(limit=10, now=at(2041))
    assert Episode.objects.get().status == "ended"


def test_a_note_is_written_by_anybody_of_the_team_at_any_time(ana: DeviceToken, ben: User) -> None:
    dee = factories.member(ana.episode.team, "Dee Abara", "admin")
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")
    of_ana = {"episode_id": ana.episode.uuid}
    episodes.add_note(**of_ana, note="Her son calls at six.", by=dee, now=at(20))
    episodes.end(**of_ana, reason="Moved away.", by=ben, now=at(30))
    for hours in (40, 40.001):
        episodes.add_note(**of_ana, note="The new practice has the letter.", by=ben, now=at(hours))

    notes = EpisodeEvent.objects.filter(what="note").order_by("id")
    assert [(note.by, note.reason) for note in notes] == [
        (dee, "Her son calls at six."),
        (ben, "The new practice has the letter."),
    ]
    assert AuditEvent.objects.filter(what="wrote note").count() == 2
    for note, by, refused in (
        (" ", ben, episodes.EpisodeRefused),
        ("x" * 4001, ben, alerts.NotAllowed),
        ("Hello.", cleo, Episode.DoesNotExist),
    ):
        with pytest.raises(refused):
            episodes.add_note(**of_ana, note=note, by=by, now=at(41))
    assert notes.count() == 2


def test_nothing_is_changed_without_a_reason_or_by_the_wrong_people(ana: DeviceToken, ben: User) -> None:
    dee = factories.member(ana.episode.team, "Dee Abara", "admin")
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")

    with pytest.raises(episodes.EpisodeRefused, match="few words"):
        episodes.pause(episode_id=ana.episode.uuid, reason=" ", by=ben, now=at(20))
    with pytest.raises(episodes.EpisodeRefused, match="role"):
        episodes.end(episode_id=ana.episode.uuid, reason="Over.", by=dee, now=at(20))
    with pytest.raises(Episode.DoesNotExist):
        episodes.end(episode_id=ana.episode.uuid, reason="Over.", by=cleo, now=at(20))
    with pytest.raises(episodes.EpisodeRefused, match="no risk factor smoker"):
        corrections.correct_risk_factors(
            episode_id=ana.episode.uuid,
            risk_factors=["smoker"],
            blood_thinner_restart_h=None,
            reason="Says so.",
            by=ben,
            now=at(20),
        )


def mute(ana: DeviceToken, ben: User, hours: float, until: float = 200) -> None:
    alert = Alert.objects.get()
    alerts.mute(alert_id=alert.uuid, until=at(until), reason="Known sciatica.", by=ben, now=at(hours))
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Known.", now=at(hours))


def report(ana: DeviceToken, hours: float, **changes) -> None:
    device = DeviceToken.objects.select_related("episode__clinic").get(pk=ana.pk)
    checkins.submit(device=device, submission=submission(hours, **changes), now=at(hours))
    flag_all(hours)


def test_a_muted_rule_opens_no_alert_until_its_date(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, pain_where=["down_one_leg"])
    mute(ana, ben, 31)

    report(ana, 40, pain_where=["down_one_leg"])
    assert live() == set()
    report(ana, 201, pain_where=["down_one_leg"])
    assert live() == {"NEURO-RADIATE"}


@pytest.mark.parametrize(
    "worse", [{"pain_where": ["down_one_leg", "around_ribs"]}, {"pain_where": ["down_both_legs"]}]
)
def test_anything_worse_ends_the_mute(ana: DeviceToken, ben: User, worse: dict) -> None:
    report(ana, 30, pain_where=["down_one_leg"])
    mute(ana, ben, 31)

    report(ana, 40, **worse)
    assert live() == {"NEURO-RADIATE"}


def test_the_same_score_stays_muted_and_a_higher_one_does_not(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, pain_now=8, pain_controlled="yes")
    for alert in Alert.objects.exclude(rule="PAIN-SEVERE").filter(status="open"):
        alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="x", now=at(30))
    known = Alert.objects.get(status="open")
    alerts.mute(alert_id=known.uuid, until=at(500), reason="Lives with it.", by=ben, now=at(31))
    alerts.close(alert_id=known.uuid, by=ben, outcome="seen", contacted=True, note="x", now=at(31))

    report(ana, 79, pain_now=8)
    assert "PAIN-SEVERE" not in live()
    report(ana, 128, pain_now=9)
    assert "PAIN-SEVERE" in live()


def test_an_emergency_is_never_muted(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, chest_pain="yes")

    with pytest.raises(alerts.NotAllowed, match="never muted"):
        alerts.mute(alert_id=Alert.objects.get().uuid, until=at(200), reason="Known.", by=ben, now=at(31))


def test_a_mute_can_be_ended_by_hand(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, pain_where=["down_one_leg"])
    mute(ana, ben, 31)
    alerts.unmute(alert_id=Alert.objects.get().uuid, by=ben, now=at(35))

    report(ana, 40, pain_where=["down_one_leg"])
    assert live() == {"NEURO-RADIATE"}
