from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from recovery import assessments, checkins
from recovery.clinical.tiers import Tier
from recovery.models import Assessment, CheckIn, DeviceToken, Episode
from tests import factories
from tests.factories import at, submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> DeviceToken:
    device, _ = factories.phone(factories.episode())
    return device


def test_a_check_in_is_kept_and_judged_in_one_go(ana: DeviceToken) -> None:
    receipt = checkins.submit(
        device=ana, submission=submission(28, cannot_move="yes", mobility="with_help"), now=at(28)
    )

    stored = Assessment.objects.get(check_in__client_id=receipt.check_in_id)
    assert receipt.created
    assert stored.tier == Tier.EMERGENCY
    assert [finding["rule"] for finding in stored.findings] == ["NEURO-MOVE"]
    assert (stored.hours, stored.phase, stored.slot) == (28.0, "phase-2", "S1")
    assert receipt.assessment.findings == stored.findings


def test_one_that_needs_nobody_is_flagged_in_the_request(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(20), now=at(20))

    assert Assessment.objects.get().flagged_by == Assessment.FlaggedBy.REQUEST


def test_a_finding_is_owed_to_the_team(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(20, bleeding="oozing"), now=at(20))

    assert Assessment.objects.get().flagged_at is None


def test_at_most_three_statements_with_42_earlier_check_ins(
    ana: DeviceToken, django_assert_num_queries
) -> None:
    for hour in range(42):
        checkins.submit(device=as_next_request(ana), submission=submission(10 + hour), now=at(10 + hour))
    ana = as_next_request(ana)

    with django_assert_num_queries(
        2
    ):  # the history and the write; signing in is one more, counted at the door
        checkins.submit(device=ana, submission=submission(100), now=at(100))


def test_the_same_report_again_changes_nothing(ana: DeviceToken) -> None:
    report = submission(20, temp={"value": 38.5, "unit": "C"})
    first = checkins.submit(device=ana, submission=report, now=at(20))
    again = checkins.submit(device=as_next_request(ana), submission=report, now=at(21))

    assert (first.created, again.created) == (True, False)
    assert again.assessment.findings == first.assessment.findings
    assert again.received_at == at(20)
    assert CheckIn.objects.count() == Assessment.objects.count() == 1


def test_the_time_of_sending_and_the_form_of_the_text_do_not_make_another_report(ana: DeviceToken) -> None:
    client_id = uuid4()
    checkins.submit(
        device=ana,
        submission=submission(20, client_id=client_id, free_text="caf\u00e9", bowel=None),
        now=at(20),
    )
    report = submission(20, client_id=client_id, free_text="cafe\u0301", sent_at=at(30), app_version="test/2")
    report = replace(
        report, answers={link: answer for link, answer in report.answers.items() if link != "bowel"}
    )

    assert not checkins.submit(device=as_next_request(ana), submission=report, now=at(30)).created


def test_the_same_id_with_other_answers_is_refused_and_the_first_stands(ana: DeviceToken) -> None:
    report = submission(20, pain_now=2)
    checkins.submit(device=ana, submission=report, now=at(20))

    with pytest.raises(checkins.IdConflict):
        checkins.submit(
            device=as_next_request(ana),
            submission=submission(20, client_id=report.client_id, pain_now=9),
            now=at(20),
        )
    assert CheckIn.objects.get().pain == 2


def test_another_patient_may_use_the_same_id(ana: DeviceToken) -> None:
    other, _ = factories.phone(factories.episode(name="Ida Moreau"))
    report = submission(20)

    assert checkins.submit(device=ana, submission=report, now=at(20)).created
    assert checkins.submit(device=other, submission=report, now=at(20)).created


@pytest.mark.parametrize(
    ("observed", "received", "judged_at", "suspect"),
    [
        (30, 30, 30, False),
        (30, 40, 30, False),
        (30 + 5 / 60, 30, 30 + 5 / 60, False),
        (30 + 5.1 / 60, 30, 30, True),
        (-1, 30, 30, True),
        (24 * 365 * 3, 30, 30, True),
    ],
)
def test_a_clock_that_cannot_be_right_is_not_believed(
    ana: DeviceToken, observed: float, received: float, judged_at: float, suspect: bool
) -> None:
    checkins.submit(device=ana, submission=submission(observed), now=at(received))

    row = CheckIn.objects.get()
    assert row.clock_suspect is suspect
    assert abs(row.effective_at - at(judged_at)) < timedelta(seconds=1)
    assert row.observed_at == at(observed)


def test_a_completed_check_in_moves_what_is_due(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(5), now=at(5))

    assert Episode.objects.get().next_due_at == at(36)  # S1 is the next slot to be watched


def test_one_that_comes_when_a_slot_has_closed_leaves_it_to_the_watch(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(20), now=at(20))

    assert Episode.objects.get().next_due_at == at(12)


def test_a_half_finished_one_does_not(ana: DeviceToken) -> None:
    checkins.submit(device=ana, submission=submission(20, completed=False), now=at(20))

    assert Episode.objects.get().next_due_at == at(12)


def test_a_late_arrival_leaves_later_check_ins_owed_a_new_judgement(ana: DeviceToken) -> None:
    checkins.submit(
        device=ana, submission=submission(60, numbness="same", numbness_where=["one_leg"]), now=at(60)
    )
    before = Assessment.objects.get(is_current=True)
    late = submission(30, numbness="new_or_worse", numbness_where=["one_leg"])
    checkins.submit(device=as_next_request(ana), submission=late, now=at(61))

    assert Episode.objects.get().rejudge_from == at(30)
    assert assessments.rejudge(episode_id=ana.episode_id, now=at(61)) == 1

    after = Assessment.objects.get(check_in=before.check_in, is_current=True)
    assert {finding["rule"] for finding in before.findings} != {finding["rule"] for finding in after.findings}
    assert {finding["rule"] for finding in after.findings} == {"SYMPTOM-ONGOING"}
    assert Episode.objects.get().rejudge_from is None


def test_a_correction_is_a_new_revision_and_the_old_one_is_kept(ana: DeviceToken) -> None:
    report = submission(20, pain_now=9)
    checkins.submit(device=ana, submission=report, now=at(20))

    receipt = checkins.correct(
        device=ana,
        submission=submission(20, client_id=report.client_id, pain_now=3),
        base_revision=1,
        now=at(22),
    )

    row = CheckIn.objects.get()
    assert (receipt.revision, row.pain, row.revision) == (2, 3, 2)
    assert [(old.revision, old.answers["pain_now"], old.reason) for old in row.revisions.all()] == [
        (1, 9, "corrected")
    ]
    assert Assessment.objects.filter(check_in=row, is_current=True).get().revision == 2


def test_the_rest_of_a_half_finished_check_in_is_no_correction(ana: DeviceToken) -> None:
    report = submission(20, completed=False, bowel=None)
    checkins.submit(device=ana, submission=report, now=at(20))
    checkins.correct(
        device=ana, submission=submission(20, client_id=report.client_id), base_revision=1, now=at(29)
    )

    row = CheckIn.objects.get()
    assert row.revisions.get().reason == "finished"
    assert Assessment.objects.get(is_current=True).tier == Tier.NONE  # nor is it late


def test_a_correction_on_a_stale_base_is_refused(ana: DeviceToken) -> None:
    report = submission(20)
    checkins.submit(device=ana, submission=report, now=at(20))
    correction = submission(20, client_id=report.client_id, pain_now=3)
    checkins.correct(device=ana, submission=correction, base_revision=1, now=at(21))

    assert not checkins.correct(device=ana, submission=correction, base_revision=1, now=at(22)).created
    with pytest.raises(checkins.StaleRevision):
        checkins.correct(
            device=ana,
            submission=submission(20, client_id=report.client_id, pain_now=4),
            base_revision=1,
            now=at(23),
        )


def test_the_first_report_sent_again_after_a_correction_is_still_the_same_report(ana: DeviceToken) -> None:
    report = submission(20, pain_now=9)
    checkins.submit(device=ana, submission=report, now=at(20))
    checkins.correct(
        device=ana, submission=submission(20, client_id=report.client_id), base_revision=1, now=at(22)
    )

    receipt = checkins.submit(device=as_next_request(ana), submission=report, now=at(23))

    assert (receipt.created, receipt.revision) == (False, 2)


def test_a_withdrawn_check_in_is_kept_and_gone_for_judging(ana: DeviceToken) -> None:
    report = submission(20, numbness="new_or_worse", numbness_where=["one_leg"])
    checkins.submit(device=ana, submission=report, now=at(20))

    for _ in range(2):
        checkins.withdraw(device=ana, client_id=report.client_id, now=at(21))

    assert CheckIn.objects.get().withdrawn_at == at(21)
    assert assessments.history(episode_id=ana.episode_id, before=at(30), leaving_out=uuid4()) == []
    with pytest.raises(checkins.Withdrawn):
        checkins.submit(device=as_next_request(ana), submission=report, now=at(22))
    with pytest.raises(checkins.Withdrawn):
        checkins.correct(device=ana, submission=report, base_revision=1, now=at(22))


def test_a_correction_may_overtake_its_original(ana: DeviceToken) -> None:
    original = submission(20, bleeding="oozing")
    correction = submission(20, client_id=original.client_id)

    first = checkins.correct(device=ana, submission=correction, base_revision=1, now=at(21))
    second = checkins.submit(device=as_next_request(ana), submission=original, now=at(22))
    again = checkins.submit(device=as_next_request(ana), submission=original, now=at(23))

    assert (first.created, second.created, again.created) == (True, True, False)
    row = CheckIn.objects.get()
    assert (row.revision, row.answers["bleeding"]) == (2, "none")
    assert row.revisions.get().answers["bleeding"] == "oozing"
    told = Assessment.objects.get(revision=1)
    assert (told.is_current, told.findings[0]["rule"]) == (
        False,
        "BLEED-OOZE",
    )  # no red flag is lost by a correction
    other = submission(20, client_id=original.client_id, pain_now=9)
    with pytest.raises(checkins.IdConflict):
        checkins.submit(device=as_next_request(ana), submission=other, now=at(24))


def test_nobody_withdraws_what_is_not_there(ana: DeviceToken) -> None:
    with pytest.raises(checkins.Unknown):
        checkins.withdraw(device=ana, client_id=uuid4(), now=at(20))


@pytest.mark.django_db(transaction=True)
def test_twenty_posts_of_one_report_at_once_make_one_check_in() -> None:
    device, token = factories.phone(factories.episode())
    report = submission(20, bleeding="oozing")

    def post(_: int) -> str:
        try:
            return str(
                checkins.submit(device=factories.reload_phone(token), submission=report, now=at(20)).created
            )
        except checkins.Busy:
            return "busy"
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert answers.count("True") == 1
    assert CheckIn.objects.count() == Assessment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_phones_at_once_cannot_judge_past_each_other() -> None:
    """Each new score is two above the one before: whoever comes second must see the first."""
    device, token = factories.phone(factories.episode())

    def post(hour: int) -> None:
        try:
            report = submission(hour, pain_now=hour - 22)
            checkins.submit(device=factories.reload_phone(token), submission=report, now=at(40))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(post, [24, 26, 28, 30]))
    assessments.rejudge(episode_id=device.episode_id, now=at(40))

    current = Assessment.objects.filter(is_current=True).order_by("effective_at")
    judged = [{finding["rule"] for finding in row.findings} - {"LATE-ENTRY"} for row in current]
    assert ["PAIN-UP" in rules for rules in judged] == [False, True, True, True]


def as_next_request(device: DeviceToken) -> DeviceToken:
    """The phone as the door would see it at its next request."""
    return DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device.pk)
