"""Steps in a running system, with two watches: an outage (F19), acknowledgements at the very instant (F35), policies
and people that go (F36), a machine whose clock is an hour off (F37)."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from recovery import clock, tasks
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, EscalationPolicy, Membership, Notification, User
from tests.faults import steps
from tests.faults.by_celery import wait_for_the_worker
from tests.faults.mishaps import SENDERS
from tests.faults.nurses import Answer, Nurse
from tests.faults.phones import RED_FLAG, Phones
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.faults.steps import APART, QUICK, assert_steps_kept_their_time, follow, quick, taken
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

SAME_DAY = {"bleeding": "oozing"}
DONE = 303


def until_steps(scene: Scene, count: int, *, within_s: float = 60) -> None:
    wait_until(
        lambda: len(taken(scene)) >= count, within_s=within_s, why=f"fewer than {count} steps were taken"
    )


def all_are_open(scene: Scene) -> bool:
    return Alert.objects.filter(episode__in=scene.episodes).count() == len(scene.patients)


def told_by(scene: Scene, step: str) -> dict[int, set[str]]:
    """Alert to the e-mails of whom this step was planned for."""
    rows = Notification.objects.filter(alert__episode__in=scene.episodes, step=step)
    found: dict[int, set[str]] = {}
    for alert, email in rows.values_list("alert", "recipient__email"):
        found.setdefault(alert, set()).add(email)
    return found


def test_i8_each_step_of_many_is_taken_once_and_in_time_by_two_watches(system: System):
    scene = Scene.of(system, patients=times(15, 200), members=3)
    phones = Phones(scene)
    with system.django():
        follow(scene, APART)
        phones.report_all(len(scene.patients))
        until_steps(scene, 2 * len(scene.patients))

        assert_steps_kept_their_time(scene)
        for patient in scene.patients:
            alert = Alert.objects.get(episode=patient.episode_id, tier=Tier.EMERGENCY)
            first, second, third = (colleague.email for colleague in patient.team)
            assert told_by(scene, "opened")[alert.pk] == {first}
            assert told_by(scene, "step-1")[alert.pk] == {second}
            assert told_by(scene, "step-2")[alert.pk] == {first, second, third}
    scene.wait_until_quiet()
    assert len(scene.arrived) == len(set(scene.arrived))


def test_f19_after_an_outage_stale_steps_collapse_and_the_worst_comes_first(system: System):
    scene = Scene.of(system, patients=times(12, 300), members=3)
    phones = Phones(scene)
    with system.django():
        follow(scene)
        system.stop("watch", "watch-2")
        for number, patient in enumerate(scene.patients):
            phones.send(phones.report(patient, RED_FLAG if number % 3 == 0 else SAME_DAY))
        wait_for_the_worker(system, lambda: all_are_open(scene) and not scene.owed())
        time.sleep(7)
        assert not taken(scene)
        system.start("watch")
        until_steps(scene, len(scene.patients))
        scene.wait_until_quiet()

        first = taken(scene)[: len(scene.patients)]
        assert len({each.alert for each in first}) == len(first), "one step of each, however many were due"
        assert {(each.step, each.collapsed) for each in first} == {(2, (1,))}
        order = [(-each.tier, each.due) for each in first]
        assert order == sorted(order)
    for mail in scene.mails:
        assert len(mail.recipients) == 1
    per_person = len(scene.mails) / len(scene.patients)
    assert per_person == 1 + 3, "whoever was on call, then all three, once"
    system.start("watch-2")


def test_f19_what_somebody_took_on_during_the_outage_is_told_to_nobody(system: System):
    scene = Scene.of(system, patients=times(6, 60), members=3)
    phones = Phones(scene)
    with system.django():
        follow(scene)
        system.stop("watch", "watch-2")
        for patient in scene.patients:
            phones.report_red_flag(patient)
        wait_for_the_worker(system, lambda: all_are_open(scene) and not scene.owed())
        mine = scene.patients[::2]
        for patient in mine:
            alert = Alert.objects.get(episode=patient.episode_id)
            assert Nurse(system, patient.team[0]).acknowledge(str(alert.uuid)).status == DONE
        time.sleep(4)
        before = len(scene.mails)
        system.start("watch", "watch-2")
        until_steps(scene, len(scene.patients) - len(mine))
        scene.wait_until_quiet()

        theirs = {colleague.email for patient in mine for colleague in patient.team}
        assert not theirs & {email for mail in scene.mails[before:] for email in mail.recipients}


def test_f35_nobody_is_told_by_a_step_once_a_colleague_was_told_that_the_alert_is_theirs(system: System):
    """Each alert is taken on within 50 ms of the instant at which its step is due. What was on its way by then may
    still arrive, once from each sender, and nothing after five seconds (I7)."""
    scene = Scene.of(system, patients=times(24, 500), members=3)
    phones = Phones(scene, at_once=8)
    with system.django():
        follow(scene, quick((0, "on-call"), (times(25, 60), "team")))
        phones.report_all(len(scene.patients))
        wait_until(
            lambda: (
                Alert.objects.filter(episode__in=scene.episodes, tier=Tier.EMERGENCY).count()
                == len(scene.patients)
            ),
            within_s=60,
        )
        alerts = {
            alert.episode_id: alert
            for alert in Alert.objects.filter(episode__in=scene.episodes, tier=Tier.EMERGENCY)
        }

    def take_on(place: int) -> Answer:
        patient = scene.patients[place]
        alert = alerts[patient.episode_id]
        assert alert.next_step_at is not None
        at = alert.next_step_at + timedelta(milliseconds=random.uniform(-50, 50))
        time.sleep(max(0.0, (at - clock.now()).total_seconds()))
        return Nurse(system, patient.team[2]).acknowledge(str(alert.uuid))

    with ThreadPoolExecutor(len(scene.patients)) as pool:
        answers = list(pool.map(take_on, range(len(scene.patients))))
    scene.wait_until_quiet()

    assert {answer.status for answer in answers} == {DONE}
    mails = [(mail.at, mail.text) for mail in scene.mails]
    for patient, answer in zip(scene.patients, answers, strict=True):
        uuid = str(alerts[patient.episode_id].uuid)
        after = [at - answer.at for at, text in mails if uuid in text and at > answer.at]
        assert len(after) <= SENDERS, f"{len(after)} were told after somebody had it"
        assert all(late_s < 5 for late_s in after)
    with system.django():
        assert all(each.late >= timedelta() for each in taken(scene))
        later = Alert.objects.filter(episode__in=scene.episodes, tier=Tier.EMERGENCY)
        assert set(later.values_list("status", flat=True)) == {"acknowledged"}


def test_f36_policies_edited_and_people_leaving_at_each_step_leave_nobody_untold(system: System):
    scene = Scene.of(system, patients=4, members=3)
    phones = Phones(scene)
    edited, emptied, first_gone, second_gone = scene.patients
    with system.django():
        follow(scene, APART)
        for patient in scene.patients:
            phones.report_red_flag(patient)
        wait_until(lambda: Alert.objects.filter(episode__in=scene.episodes).count() == 4, within_s=30)
        team, user = steps.of_team(edited), User.objects.get(email=edited.team[0].email)
        steps.write(team, user, quick((0, "team"), (900, "team")))
        EscalationPolicy.objects.create(
            clinic=team.clinic, team=team, version=4, document=None, created_at=clock.now(), created_by=user
        )
        now = clock.now()
        Membership.objects.filter(team=steps.of_team(emptied)).update(ended_at=now)
        Membership.objects.filter(user__email=first_gone.team[0].email).update(ended_at=now)
        User.objects.filter(email=second_gone.team[1].email).update(is_active=False)
        admin = steps.of_team(emptied)
        other = type(admin).objects.create(clinic=admin.clinic, name="Hip team")
        zoe = User.objects.create_user("zoe.ager@example.org", name="Zoe Ager")
        Membership.objects.create(user=zoe, team=other, role="admin")
        until_steps(scene, 2 * 4)
        assert_steps_kept_their_time(scene)

        for patient in scene.patients:
            alert = Alert.objects.get(episode=patient.episode_id)
            there = {colleague.email for colleague in patient.team}
            people = [told_by(scene, step).get(alert.pk, set()) for step in ("step-1", "step-2")]
            if patient is emptied:
                assert people == [{zoe.email}] * 2
            elif patient is second_gone:
                assert people == [there - {patient.team[1].email}] * 2
            else:
                assert people[0] == {patient.team[1].email}
                assert people[1] == there - ({patient.team[0].email} if patient is first_gone else set())
    scene.wait_until_quiet()
    assert [mail for mail in system.mailbox.mails if "zoe.ager@example.org" in mail.recipients]


@pytest.mark.parametrize("off_h", [-1, 1])
def test_f37_a_machine_whose_clock_is_an_hour_off_makes_no_step_early_or_late(
    system: System, off_h: int, monkeypatch: pytest.MonkeyPatch
):
    """That of a worker: what it flags has the times of the database's clock, by which the watches go."""
    scene = Scene.of(system, patients=3, members=3)
    phones = Phones(scene)
    system.stop("worker")
    system.freeze("watch", "watch-2")
    right = clock.real
    with system.django():
        follow(scene, APART)
        for patient in scene.patients:
            phones.report_red_flag(patient)
        began = right()
        owed = list(Assessment.objects.filter(episode__in=scene.episodes).values_list("pk", flat=True))
        with monkeypatch.context() as wrong:
            wrong.setattr(clock, "real", lambda: right() + timedelta(hours=off_h))
            for assessment_id in owed:
                tasks.flag_red_flags(assessment_id)
        ended = right()
        for alert in Alert.objects.filter(episode__in=scene.episodes):
            assert began <= alert.tier_at <= ended
        system.thaw("watch", "watch-2")
        until_steps(scene, 2 * len(scene.patients))

        last = max(step.after for step in APART.steps)
        assert all(timedelta() <= each.late for each in taken(scene))
        assert all(began <= each.due <= ended + last for each in taken(scene))
    system.restore("web", "worker", "watch", "watch-2")


def test_no_contact_within_the_limit_gives_the_alert_back_in_time(system: System):
    scene = Scene.of(system, members=3)
    phones = Phones(scene)
    with system.django():
        follow(scene, quick((0, "on-call"), (300, "team"), contact_s=2, grace_s=2))
        phones.report_red_flag()
        wait_until(lambda: Alert.objects.filter(episode__in=scene.episodes).exists(), within_s=30)
        alert = Alert.objects.get(episode__in=scene.episodes)
        nurse = scene.patients[0].team[2]
        assert Nurse(system, nurse).acknowledge(str(alert.uuid)).status == DONE
        wait_until(lambda: Alert.objects.get(pk=alert.pk).status == "open", within_s=30)
        scene.wait_until_quiet()

        assert told_by(scene, "reminded-1") == {alert.pk: {nurse.email}}
        assert told_by(scene, "step-0-2") == {alert.pk: {scene.patients[0].team[0].email}}
        reminded, back = (alert.events.get(kind=kind).at for kind in ("reminded", "given-back"))
        assert timedelta(seconds=2) <= back - reminded <= timedelta(seconds=2) + steps.LATEST


def test_the_quick_policy_is_one_that_the_service_can_read():
    from recovery.escalation.policy import read_tier

    assert read_tier({"emergency": QUICK.to_document()}, Tier.EMERGENCY) == QUICK
