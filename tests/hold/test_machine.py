"""A patient, a phone, a team and everything that goes wrong between them, in any order, against the invariants.

The doors, the broker and the mail server are real; the hours pass as the machine says. Processes that really die are
elsewhere (tests/faults): here a worker dies by an error of the database at its last statement.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.conf import settings
from django.db import DataError, connection, transaction
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from recovery import alerts, clock, enrolment, watch
from recovery.alerts import NotAllowed
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, CareTeam, CheckIn, Episode, Notification, Quarantine, User
from recovery.notifications import claims
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in, correction
from tests.factories import at
from tests.hold import oracle
from tests.hold.broker import Broker
from tests.hold.effort import NIGHTLY, effort
from tests.hold.recoveries import SIGNS
from tests.notifications.postbox import Postbox

STEPS = 30
REVOKED = 401

Draw = Callable[[st.SearchStrategy[Any]], Any]
TURNS = 6
"""More turns of the watch than anything may take."""

AGAIN_AND_AGAIN = [
    sign for sign in SIGNS if sign.keys() & {"temp", "bleeding", "numbness", "bladder", "cough"}
]
"""Few, so that the same is reported again after an alert was closed, muted or taken on."""

answers = st.builds(
    lambda signs, pain: {"pain_now": pain} | {key: value for sign in signs for key, value in sign.items()},
    st.lists(st.sampled_from(AGAIN_AND_AGAIN), max_size=2),
    st.integers(0, 10),
)
reports = st.lists(
    st.tuples(answers, st.sampled_from([0, 0, 1, 7, 26, 50]), st.booleans()), min_size=1, max_size=4
)
"""Answers, how many hours ago they were felt, and whether the report is completed."""

flaws = st.sampled_from([{"new_field": 1}, {"status": "final"}, {"observed_at": "now"}])
skews_h = st.sampled_from([0, 0.05, -0.05, 1, -30, 26_280, -26_280])
any_of = st.integers(0, 1_000)

HOW_OFTEN = {
    "submit": 4,
    "resend": 2,
    "edit": 4,
    "withdraw": 1,
    "send_a_body_that_is_refused": 2,
    "set_the_phones_clock": 1,
    "lose_or_find_a_phone": 1,
    "the_nurse_acts": 4,
    "worker_takes_a_nudge": 4,
    "something_is_lost": 3,
    "watch_has_its_turn": 2,
}
"""One rule draws among them: of rules of their own Hypothesis switches many off for whole runs, reporting too."""


@dataclass
class Said:
    """A report as the phone knows it: what it sent first, and what the service took, by revision."""

    first: dict[str, Any]
    taken: dict[int, dict[str, Any]] = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def revision(self) -> int:
        return max(self.taken, default=0)


@dataclass(frozen=True)
class Scene:
    team: CareTeam
    ben: User
    mailbox: Postbox
    broker: Broker
    set_clock: Callable[[float], None]


class Hold(RuleBasedStateMachine):
    scene: ClassVar[Scene]
    now_h: float
    is_revoked: bool

    @initialize()
    def begin(self) -> None:
        self.now_h = 3.0
        self.skew_h = 0.0
        self.said: dict[UUID, Said] = {}
        self.count = 0
        self.refused_bodies = 0
        self.ended: dict[UUID, int] = {}
        self.scene.set_clock(self.now_h)
        self.episode = factories.episode(self.scene.team)
        self._take_a_new_phone()

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        self.now_h += data.draw(st.sampled_from([0, 0, 0.1, 1, 5, 13, 40]))
        self.scene.set_clock(self.now_h)
        what = data.draw(st.sampled_from([name for name, often in HOW_OFTEN.items() for _ in range(often)]))
        getattr(self, what)(data.draw)

    def teardown(self) -> None:
        if hasattr(self, "phone"):
            self.watch_has_its_turn()
            Episode.objects.filter(pk=self.episode.pk).update(
                status=Episode.Status.ENDED, ended_at=at(self.now_h), next_due_at=None
            )
            self.scene.broker.flush()

    # --- the patient -----------------------------------------------------------------------------------------------

    def submit(self, draw: Draw) -> None:
        for answered, age_h, is_whole in draw(reports):
            document = self._document(answered, age_h, is_whole)
            said = self.said[UUID(document["id"])] = Said(document)
            self._send(said, answer_is_lost=draw(st.booleans()))

    def resend(self, draw: Draw) -> None:
        if said := self._one(draw):
            self._send(said)

    def edit(self, draw: Draw) -> None:
        """Also a report that the service does not have yet: the correction overtakes it."""
        said = self._one(draw)
        if said is None:
            return
        known = max(said.revision, 1)
        base = known - 1 if known > 1 and draw(st.booleans()) else known
        corrected = correction(said.first, base, **draw(answers)) | {"observed_at": self._felt(0)}
        answered = self.phone.put(f"{CHECK_INS}/{said.first['id']}", corrected)
        if self.is_revoked:
            assert answered.status_code == REVOKED
        elif said.withdrawn:
            assert answered.status_code == 410
            self.refused_bodies += 1
        elif base < known:
            assert (answered.status_code, answered.json()["revision"]) == (409, known)
            self.refused_bodies += 1
        else:
            assert answered.status_code == 200
            said.taken[base + 1] = corrected

    def withdraw(self, draw: Draw) -> None:
        said = self._one(draw)
        if said is None:
            return
        answered = self.phone.delete(f"{CHECK_INS}/{said.first['id']}")
        if self.is_revoked:
            assert answered.status_code == REVOKED
        elif not said.taken:
            assert answered.status_code == 404
        else:
            assert answered.status_code == 204
            said.withdrawn = True

    def send_a_body_that_is_refused(self, draw: Draw) -> None:
        answered = self.phone.post(CHECK_INS, self._document(draw(answers), 0, True) | draw(flaws))
        assert answered.status_code == (REVOKED if self.is_revoked else 422)
        self.refused_bodies += not self.is_revoked

    def set_the_phones_clock(self, draw: Draw) -> None:
        self.skew_h = draw(skews_h)

    def lose_or_find_a_phone(self, _: Draw) -> None:
        if self.is_revoked:
            self._take_a_new_phone()
        else:
            enrolment.revoke(device=self.device, now=at(self.now_h))
            self.is_revoked = True

    # --- the team --------------------------------------------------------------------------------------------------

    def the_nurse_acts(self, draw: Draw) -> None:
        live = list(self.episode.alerts.filter(status__in=Alert.LIVE).order_by("pk"))
        if live:
            act = draw(st.sampled_from([self._acknowledge, self._contact, self._close, self._mute]))
            act(live[draw(any_of) % len(live)])

    def _acknowledge(self, alert: Alert) -> None:
        alerts.acknowledge(alert_id=alert.uuid, by=self.scene.ben, now=at(self.now_h))

    def _contact(self, alert: Alert) -> None:
        alerts.record_contact(
            alert_id=alert.uuid, by=self.scene.ben, reached=True, by_what="phone", now=at(self.now_h)
        )

    def _close(self, alert: Alert) -> None:
        alerts.close(
            alert_id=alert.uuid,
            by=self.scene.ben,
            outcome="seen",
            contacted=True,
            note="Seen.",
            now=at(self.now_h),
        )
        self.ended[alert.uuid] = len(self.scene.mailbox.mails)

    def _mute(self, alert: Alert) -> None:
        until = at(self.now_h + 20)
        known = {"until": until, "reason": "Known.", "by": self.scene.ben, "now": at(self.now_h)}
        if alert.tier == Tier.EMERGENCY:
            with pytest.raises(NotAllowed):
                alerts.mute(alert_id=alert.uuid, **known)
        else:
            alerts.mute(alert_id=alert.uuid, **known)

    # --- the machinery ---------------------------------------------------------------------------------------------

    def worker_takes_a_nudge(self, draw: Draw) -> None:
        self.scene.broker.work(times=draw(st.sampled_from([1, 1, 2])))

    def something_is_lost(self, draw: Draw) -> None:
        draw(st.sampled_from([self._lose_the_brokers_memory, self._lose_a_sender, self._lose_a_worker]))(draw)

    def _lose_the_brokers_memory(self, _: Draw) -> None:
        self.scene.broker.flush()

    def _lose_a_sender(self, _: Draw) -> None:
        claims.claim_due()  # and nothing is sent

    def _lose_a_worker(self, draw: Draw) -> None:
        """It dies at its last statement, by an error of the database."""
        owed = list(self.episode.assessments.filter(flagged_at=None).values_list("pk", flat=True))
        if owed:
            with pytest.raises(DataError):
                self._flag_and_fail(owed[draw(any_of) % len(owed)])

    def _flag_and_fail(self, assessment_id: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            alerts.flag(assessment_id=assessment_id, by="celery", now=at(self.now_h))
            cursor.execute("SELECT 1/0")

    def watch_has_its_turn(self, _: Draw | None = None) -> None:
        for _turn in range(TURNS):
            self._let_leases_and_grace_run_out()
            done = watch.cycle(at(self.now_h))
            assert not done["failed"]
            if not +done:
                break
        oracle.assert_all_is_well(self.episode, self.scene.mailbox)
        self._nobody_was_told_of_what_had_ended()

    # --- always ----------------------------------------------------------------------------------------------------

    @invariant()
    def every_report_is_kept_once_as_it_was_sent(self) -> None:
        """I1"""
        stored = {row.client_id: row for row in CheckIn.objects.filter(episode=self.episode)}
        taken = {client_id: said for client_id, said in self.said.items() if said.taken}
        assert set(stored) == set(taken)
        for client_id, said in taken.items():
            row = stored[client_id]
            assert row.revision == said.revision
            assert row.answers == _given(said.taken[said.revision])
            assert (row.withdrawn_at is not None) == said.withdrawn
        assert Quarantine.objects.filter(episode=self.episode).count() >= self.refused_bodies

    @invariant()
    def no_two_live_alerts_are_about_the_same(self) -> None:
        oracle.assert_one_live_alert_per_rule(self.episode)

    def _nobody_was_told_of_what_had_ended(self) -> None:
        """I7"""
        for uuid, told in self.ended.items():
            assert not any(str(uuid) in mail.text for mail in self.scene.mailbox.mails[told:])

    # --- means -----------------------------------------------------------------------------------------------------

    def _take_a_new_phone(self) -> None:
        self.device, token = factories.phone(self.episode, now=at(self.now_h))
        self.phone, self.is_revoked = Phone(token, Client()), False

    def _send(self, said: Said, *, answer_is_lost: bool = False) -> None:
        answered = self.phone.post(CHECK_INS, said.first)
        if self.is_revoked:
            expected = REVOKED
        elif said.withdrawn:
            expected = 410
        else:
            expected = 200 if 1 in said.taken else 201
            said.taken[1] = said.first
        assert answer_is_lost or answered.status_code == expected

    def _document(self, answered: dict[str, Any], age_h: float, is_whole: bool) -> dict[str, Any]:
        status = "completed" if is_whole else "in-progress"
        return check_in(**answered) | {"status": status, "observed_at": self._felt(age_h)}

    def _felt(self, age_h: float) -> str:
        """By the phone's clock; no two at the same microsecond, so that no two bodies are the same."""
        self.count += 1
        return (at(self.now_h + self.skew_h - age_h) + timedelta(microseconds=self.count)).isoformat()

    def _one(self, draw: Draw) -> Said | None:
        """One of the latest reports."""
        if not self.said:
            return None
        return list(self.said.values())[-1 - draw(any_of) % min(len(self.said), 5)]

    def _let_leases_and_grace_run_out(self) -> None:
        """Real time, which no test waits for."""
        Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
        waiting = (Notification.Status.WAITING, Notification.Status.SENDING)
        Notification.objects.filter(status__in=waiting).update(next_attempt_at=at(-1_000_000))


def _given(document: dict[str, Any]) -> dict[str, Any]:
    return {name: answer for name, answer in document["answers"].items() if answer is not None}


@pytest.fixture
def scene(transactional_db: None, mailbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> Scene:
    def set_clock(hours: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: at(hours))

    team = factories.team()
    ben = factories.member(team, "Ben Okafor", password=None)
    factories.member(team, "Dora Klein", "doctor", password=None)
    return Scene(team, ben, mailbox, Broker(settings.REDIS_URL), set_clock)


@pytest.mark.slow
@pytest.mark.timeout(0 if NIGHTLY else 400)
def test_whatever_happens_in_whatever_order_the_invariants_hold(scene: Scene) -> None:
    Hold.scene = scene
    try:
        run_state_machine_as_test(Hold, settings=effort(50, stateful_step_count=STEPS))
    finally:
        scene.broker.close()
