"""Text messages beside mails and webhooks: a provider that is down delays no other, whoever cannot be reached by one is
told by another, and what a provider says later of its messages may come in any order."""

import random
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode

import pytest

from recovery import clock
from recovery.models import Alert, User
from recovery.notifications.channels.sms import signature
from tests.escalation.scenes import on_call
from tests.faults.aftermath import assert_invariants
from tests.faults.phones import Phones
from tests.faults.scale import LONG, long_only, times
from tests.faults.scene import Scene
from tests.mailbox import PERMANENTLY
from tests.provider import Answer, Fate, Request, Twilio
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

IN_TIME_S = 10 if LONG else 60
"""Ten seconds are promised; many tests at once on a small machine take longer."""

TEXTS = """
    SELECT n.status FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id
     WHERE a.episode_id = ANY(%s) AND n.channel = 'sms'
"""


@contextmanager
def texts_answered(system: System, fate: Answer | Fate) -> Generator[None]:
    sms = system.provider.sms
    sms.answers[None] = fate
    try:
        yield
    finally:
        sms.answers.clear()
        sms.answer.set()
        sms.answer.clear()


def texts_to(system: System, number: str) -> list[Request]:
    return [
        request
        for request in system.provider.sms.requests
        if urlencode({"To": number}) in request.body.decode()
    ]


@pytest.mark.parametrize(
    "fate",
    [
        pytest.param(Fate.HANG, id="hangs"),
        pytest.param(Fate.CUT, id="cuts", marks=long_only),
        pytest.param(Answer(429, {"Retry-After": "120"}), id="429", marks=long_only),
        pytest.param(Answer(503), id="503"),
        pytest.param(Answer(400), id="400"),
    ],
)
def test_f31_whoever_is_told_by_text_alone_is_mailed_within_thirty_seconds_of_trouble(
    system: System, fate: Answer | Fate
):
    scene = Scene.of(system, members=1)
    scene.told_by_text(scene.patients[0].team[0])
    phones = Phones(scene)
    with texts_answered(system, fate):
        phones.report_red_flag()
        wait_until(lambda: bool(scene.mails), within_s=30, why="no other way was used")
        assert ("sent",) not in scene.rows(TEXTS)
        give_up(scene)
    assert len(scene.mails) == 1


def test_f31_a_mail_that_was_sent_instead_is_one_and_the_text_follows_when_it_can(system: System):
    scene = Scene.of(system, members=1)
    number = scene.told_by_text(scene.patients[0].team[0])
    phones = Phones(scene)
    with texts_answered(system, Answer(503)):
        phones.report_red_flag()
        wait_until(lambda: bool(scene.mails), within_s=60)
    assert_invariants(phones, lost_answers=False)
    assert len(scene.mails) == 1
    assert len(texts_to(system, number)) >= 2
    assert sorted(scene.statuses()) == ["sent", "sent"]


def test_f32_when_nobody_who_is_on_call_can_be_reached_the_others_are_told_in_ten_seconds(system: System):
    scene = Scene.of(system, members=3)
    first, *others = scene.patients[0].team
    scene.told_by_text(first)
    put_on_call(scene, first.email)
    phones = Phones(scene)
    with texts_answered(system, Answer(400)), system.mailbox.refusing(PERMANENTLY, only_to=first.email):
        phones.report_red_flag()
        wait_until(
            lambda: told_by_mail(scene) >= {colleague.email for colleague in others}, within_s=IN_TIME_S
        )
    assert scene.statuses().count("failed") >= 2


def test_f33_while_text_messages_hang_mails_and_webhooks_leave_as_ever(system: System):
    """The provider takes connections and answers nothing, for everybody; who is told otherwise notices nothing."""
    flags = times(10, 100)
    scene = Scene.of(system, patients=flags, members=3)
    for patient in scene.patients:
        by_text, by_web, _ = patient.team
        scene.told_by_text(by_text)
        scene.also_by_webhook(by_web)
    phones = Phones(scene)
    with texts_answered(system, Fate.HANG):
        phones.report_red_flag(scene.patients[0])
        wait_until(lambda: bool(system.provider.sms.requests), within_s=30)
        lateness = sorted(lateness_of_one(phones, n) for n in range(1, flags))
        give_up(scene)
    if LONG:
        assert lateness[int(len(lateness) * 0.99)] <= 5, lateness


def lateness_of_one(phones: Phones, n: int) -> float:
    """Seconds from the report to when the two who are not told by text have it."""
    scene, patient = phones.scene, phones.scene.patients[n]
    _, by_web, by_mail = patient.team
    began = time.monotonic()
    phones.report_red_flag(patient)

    def both_have_it() -> bool:
        mailed = {to for mail in scene.system.mailbox.mails for to in mail.recipients}
        hooked = {request.to for request in scene.system.provider.web.requests}
        return by_mail.email in mailed and by_web.hook in hooked

    wait_until(both_have_it, within_s=60)
    return time.monotonic() - began


SAID = ("queued", "sending", "sent")


def test_f34_receipts_by_the_hundred_shuffled_again_and_again_end_alike(system: System):
    """Of many messages, to two web processes at once. A third never arrives, a third does, of a third it is not
    said; each receipt comes once or more, in any order, and a forged one for each."""
    ends = [after_receipts(system, seed) for seed in range(times(2, 3))]

    assert all(end == ends[0] for end in ends)
    assert {status for status, *_ in ends[0]} == {"sent", "failed"}
    assert {delivered for _, delivered, _ in ends[0]} == {True, False}


def after_receipts(system: System, seed: int) -> list[tuple[str, bool, int]]:
    """State, whether it is called delivered, and how many mails were planned instead, by message."""
    members = times(12, 40)
    scene = Scene.of(system, members=members)
    for patient in scene.patients:
        for colleague in patient.team:
            scene.told_by_text(colleague)
    phones = Phones(scene)
    for patient in scene.patients:
        phones.report_red_flag(patient)
    wait_until(lambda: len(messages(scene)) == members and all_sent(scene), within_s=120)
    ends = [("sent", "undelivered"), ("delivered", "sent"), ("sent", "sent")]
    receipts = [
        (key, said) for n, key in enumerate(messages(scene)) for said in (*SAID * 7, *ends[n % 3] * 2)
    ]
    assert len(receipts) == times(300, 1_000)
    random.Random(seed).shuffle(receipts)
    with ThreadPoolExecutor(8) as senders:
        genuine = list(senders.map(partial(say, system), receipts))
        forged = list(senders.map(partial(say, system, token="a guess"), receipts[:100]))
    assert set(genuine) == {204}
    assert set(forged) == {401}
    return scene.rows(
        "SELECT n.status, n.delivered_at IS NOT NULL, (SELECT count(*)::int FROM recovery_notification o"
        "  WHERE o.alert_id = n.alert_id AND o.recipient_id = n.recipient_id AND o.contact_id IS NULL)"
        " FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id"
        " JOIN recovery_contact c ON c.id = n.contact_id"
        " WHERE a.episode_id = ANY(%s) AND n.channel = 'sms' ORDER BY c.id"
    )


def messages(scene: Scene) -> list[str]:
    """Their keys, in the order of their contacts."""
    rows = scene.rows(
        "SELECT n.message_key::text FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id"
        " JOIN recovery_contact c ON c.id = n.contact_id"
        " WHERE a.episode_id = ANY(%s) AND n.channel = 'sms' ORDER BY c.id"
    )
    return [key for (key,) in rows]


def all_sent(scene: Scene) -> bool:
    return set(scene.statuses()) == {"sent"}


def say(system: System, receipt: tuple[str, str], *, token: str = Twilio.TOKEN) -> int:
    key, said = receipt
    url = f"{system.url}/provider/sms/{key}"
    fields = {"MessageSid": "SM1", "MessageStatus": said, "ErrorCode": "30003"}
    request = urllib.request.Request(
        url, data=urlencode(fields).encode(), headers={"X-Twilio-Signature": signature(url, fields, token)}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answered:
            return int(answered.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code


def told_by_mail(scene: Scene) -> set[str]:
    return {to for mail in scene.mails for to in mail.recipients}


def put_on_call(scene: Scene, email: str) -> None:
    """Round the clock, and nobody else."""
    with scene.system.django():
        user = User.objects.get(email=email)
        on_call(user.memberships.get().team, user)


def give_up(scene: Scene) -> None:
    """The alerts end: nothing of them waits for the tests after this."""
    with scene.system.django():
        Alert.objects.filter(episode__in=scene.episodes).update(
            status="closed",
            ended_at=clock.now(),
            ended_by=User.objects.get(email=scene.emails[0]),
            outcome="seen",
            patient_contacted=True,
            next_step_at=None,
        )
