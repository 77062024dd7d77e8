"""What colleagues do with a refused report. Nurse Ben and doctor Dora look after Ana; Cleo works at another clinic."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from recovery import alerts, enrolment, episodes, quarantine
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, AuditEvent, CheckIn, DeviceToken, Quarantine, User
from tests import factories
from tests.factories import ALL_CLEAR, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> DeviceToken:
    return factories.phone(factories.episode())[0]


@pytest.fixture
def ben(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team, "Ben Okafor")


@pytest.fixture
def dora(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team, "Dora Klein", "doctor")


def refused(device: DeviceToken, hours: float = 20, **answers: Any) -> UUID:
    """A report that was refused for an unknown field, and whose answers were judged and flagged."""
    quarantine.keep(
        device=device,
        body=uuid4().bytes,
        code="invalid",
        problems=[{"place": "mood", "code": "unknown_field"}],
        readable=True,
        observed_at=at(hours),
        readings=[ALL_CLEAR | answers],
        now=at(hours),
    )
    flag_all(hours)
    return Quarantine.objects.latest("pk").uuid


def flag_all(hours: float) -> None:
    for pk in Assessment.objects.filter(flagged_at=None).values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="celery", now=at(hours))


def judge(kept_id: UUID, by: User, *, hours: float = 21, **changes: Any) -> Quarantine:
    fields = {"answers": ALL_CLEAR, "observed_at": at(20), "completed": True} | changes
    return quarantine.judge_by_hand(kept_id=kept_id, by=by, now=at(hours), **fields)


def dismiss(kept_id: UUID, by: User, *, hours: float = 21, **changes: Any) -> Quarantine:
    fields = {"dismissed_as": "spoken", "reason": "She is well and will send it again."} | changes
    return quarantine.dismiss(kept_id=kept_id, by=by, now=at(hours), **fields)


def told() -> list[tuple[str, int, str]]:
    return list(Alert.objects.order_by("rule", "pk").values_list("rule", "tier", "status"))


def test_what_could_be_read_beyond_doubt_is_kept_for_the_form(ana: DeviceToken) -> None:
    quarantine.keep(
        device=ana,
        body=b"{",
        code="duplicate_key",
        problems=[],
        readable=False,
        observed_at=at(19),
        readings=[{"pain_now": 9, "cough": "new"}, {"pain_now": 0, "cough": "new"}],
        now=at(20),
    )

    kept = Quarantine.objects.get()
    assert (kept.answers, kept.observed_at) == ({"cough": "new"}, at(19))


def test_judged_by_hand_it_is_a_check_in_of_the_patient_like_any_other(ana: DeviceToken, ben: User) -> None:
    kept = judge(refused(ana), ben, answers=ALL_CLEAR | {"bleeding": "oozing"})
    flag_all(21)

    check_in = CheckIn.objects.get()
    assert kept.check_in == check_in
    assert (check_in.answered_by, check_in.patient_id) == ("nurse", ana.patient_id)
    assert (check_in.observed_at, check_in.received_at, check_in.completed) == (at(20), at(21), True)
    assert (kept.outcome, kept.reviewed_by, kept.reviewed_at) == ("judged", ben, at(21))
    assert Assessment.objects.get(check_in=check_in).tier == Tier.SAME_DAY
    assert told() == [("BLEED-OOZE", Tier.SAME_DAY, "open")]


def test_it_counts_for_what_is_judged_after_it(ana: DeviceToken, ben: User) -> None:
    judge(refused(ana), ben, answers=ALL_CLEAR | {"pain_now": 3})
    assessment = quarantine.judged(
        episode=ana.episode, readable=True, observed_at=at(30), readings=[{"pain_now": 6}], now=at(30)
    )

    assert "PAIN-UP" in {
        finding["rule"] for finding in assessment.findings
    }  # 3 points over the score at hour 20


def test_a_part_of_the_answers_is_a_half_finished_check_in(ana: DeviceToken, ben: User) -> None:
    judge(refused(ana), ben, answers={"pain_now": 3}, completed=False)

    assert not CheckIn.objects.get().completed
    assert Assessment.objects.get(check_in__isnull=False).tier == Tier.NONE  # nothing is called incomplete


def test_what_the_report_was_found_to_hold_is_not_told_twice(ana: DeviceToken, ben: User) -> None:
    kept_id = refused(ana, bleeding="oozing", calf="one_leg")
    for alert in Alert.objects.all():
        alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(20.5))
    judge(kept_id, ben, answers=ALL_CLEAR | {"bleeding": "soaking", "calf": "one_leg", "wants_call": "yes"})
    flag_all(21)

    assert [(rule, tier) for rule, tier, status in told() if status == "open"] == [
        ("ANSWERS-CONFLICT", Tier.ROUTINE),
        ("BLEED-HEAVY", Tier.EMERGENCY),
        ("CALL-ME", Tier.WITHIN_24H),
    ]


def test_the_next_report_with_the_same_finding_is_told(ana: DeviceToken, ben: User) -> None:
    judge(refused(ana, calf="one_leg"), ben, answers=ALL_CLEAR | {"calf": "one_leg"})
    flag_all(21)
    alert = Alert.objects.get()
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(21.5))
    judge(refused(ana, 22, calf="one_leg"), ben, hours=23, observed_at=at(22))

    assert [status for _, _, status in told()] == ["closed", "open"]


def test_repeated_by_the_same_person_it_changes_nothing(ana: DeviceToken, ben: User) -> None:
    kept_id = refused(ana)

    first, second = judge(kept_id, ben), judge(kept_id, ben, hours=22, answers={"pain_now": 9})

    assert first.check_in == second.check_in
    assert (CheckIn.objects.count(), second.reviewed_at) == (1, at(21))
    assert AuditEvent.objects.filter(what="judged refused report by hand").count() == 1


def test_dismissed_with_a_coded_reason_and_words(ana: DeviceToken, ben: User) -> None:
    kept = dismiss(refused(ana, bleeding="oozing"), ben)

    assert (kept.outcome, kept.dismissed_as, kept.reviewed_by) == ("dismissed", "spoken", ben)
    assert kept.reason == "She is well and will send it again."
    assert told() == [("BLEED-OOZE", Tier.SAME_DAY, "open")]  # its alert is not ended by that
    assert dismiss(kept.uuid, ben, hours=22).reviewed_at == at(21)


def test_both_are_audited_without_a_word_of_health(ana: DeviceToken, ben: User) -> None:
    judged, dismissed = judge(refused(ana), ben), dismiss(refused(ana), ben)

    said = AuditEvent.objects.filter(subject="quarantine", user=ben).order_by("pk")
    assert list(said.values_list("what", "user", "subject_id", "detail")) == [
        ("judged refused report by hand", ben.pk, judged.uuid, {}),
        ("dismissed refused report", ben.pk, dismissed.uuid, {"why": "spoken"}),
    ]


@pytest.mark.parametrize(
    ("first", "done"), [(judge, "judged this report by hand"), (dismiss, "dismissed this report")]
)
@pytest.mark.parametrize("second", [judge, dismiss])
def test_the_second_is_told_who_was_first(
    ana: DeviceToken, ben: User, dora: User, first: Any, done: str, second: Any
) -> None:
    kept_id = refused(ana)
    first(kept_id, ben)

    with pytest.raises(alerts.NotAllowed) as refusal:
        second(kept_id, dora, hours=22)

    assert refusal.value.message.startswith(f"Ben Okafor {done} at 07:00 on 3 March.")
    assert Quarantine.objects.get().reviewed_by == ben


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("both", [(judge, judge), (judge, dismiss)])
def test_of_two_at_once_one_wins(both: tuple[Any, Any]) -> None:
    device, _ = factories.phone(factories.episode())
    kept_id = refused(device)
    nurses = [factories.member(device.episode.team, name) for name in ("Ben Okafor", "Dora Klein")]

    def work(turn: int) -> str:
        try:
            both[turn](kept_id, nurses[turn])
            return "won"
        except alerts.NotAllowed as refusal:
            return refusal.message
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        came = list(pool.map(work, range(2)))

    kept = Quarantine.objects.get()
    assert came.count("won") == 1
    assert next(words for words in came if words != "won").startswith(f"{kept.reviewed_by.name} ")
    assert CheckIn.objects.count() == (kept.outcome == "judged")


@pytest.mark.parametrize("act", [judge, dismiss])
def test_for_a_stranger_it_does_not_exist(ana: DeviceToken, act: Any) -> None:
    kept_id = refused(ana)
    cleo = factories.member(factories.team(factories.clinic("Harbour Clinic")), "Cleo Marsh")

    with pytest.raises(Quarantine.DoesNotExist):
        act(kept_id, cleo)


@pytest.mark.parametrize("role", ["coordinator", "admin"])
@pytest.mark.parametrize("act", [judge, dismiss])
def test_only_a_clinician_may(ana: DeviceToken, act: Any, role: str) -> None:
    kept_id = refused(ana)

    with pytest.raises(alerts.NotAllowed, match="Only a nurse or a doctor"):
        act(kept_id, factories.member(ana.episode.team, "Dee Lund", role))


REFUSED: dict[str, tuple[Any, dict[str, Any]]] = {
    "fit the questionnaire: answers.pain_now": (judge, {"answers": {"pain_now": 11}}),
    "No answer is filled in": (judge, {"answers": {"pain_now": None}}),
    "between the procedure and now": (judge, {"observed_at": at(21.1)}),
    "must lie between": (judge, {"observed_at": at(-0.1)}),
    "Choose why: spoken, arrived, empty, not-patient": (dismiss, {"dismissed_as": "bored"}),
    "Write in a few words": (dismiss, {"reason": " "}),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_fit_is_refused_and_changes_nothing(ana: DeviceToken, ben: User, words: str) -> None:
    kept_id, (act, changes) = refused(ana), REFUSED[words]

    with pytest.raises(alerts.NotAllowed, match=words):
        act(kept_id, ben, **changes)

    assert Quarantine.objects.get().reviewed_at is None
    assert not CheckIn.objects.exists()


def test_the_report_of_a_phone_that_was_signed_out_and_of_a_recovery_that_is_over_is_judged_too(
    ana: DeviceToken, ben: User
) -> None:
    kept_id = refused(ana)
    enrolment.revoke(device=ana, now=at(20.5))
    episodes.end(episode_id=ana.episode.uuid, by=ben, reason="Moved away.", now=at(20.7))

    assert judge(kept_id, ben).check_in == CheckIn.objects.get()


def test_the_audit_says_that_a_colleague_wrote_it_down_and_no_phone(ana: DeviceToken, ben: User) -> None:
    """Whose phone it was may be signed out by then."""
    kept_id = refused(ana)
    before = AuditEvent.objects.latest("pk").pk

    judge(kept_id, ben)

    told = AuditEvent.objects.get(pk__gt=before)
    assert (told.what, told.device, told.user) == ("judged refused report by hand", None, ben)
