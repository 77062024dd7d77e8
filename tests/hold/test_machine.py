"""A patient, a phone, a team and everything that goes wrong between them, in any order, against the invariants.

The doors, the broker and the mail server are real, and whoever dies is a process that is killed; the hours pass as the
machine says. Leases run out because the database is told so: no test waits for them.
"""

from collections.abc import Iterator

import pytest
from django.conf import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from recovery import clock
from recovery.models import Assessment, Episode, Notification, Quarantine
from tests import factories
from tests.factories import at
from tests.hold import alerted
from tests.hold.broker import Broker
from tests.hold.effort import NIGHTLY, effort
from tests.hold.machine.machinery import Machinery
from tests.hold.machine.patient import Patient
from tests.hold.machine.team import Team
from tests.hold.machine.world import Scene, Sent
from tests.hold.mortals import Mortals
from tests.notifications.postbox import Postbox

STEPS = 30

HOW_OFTEN = {
    "submit": 4,
    "resend": 3,
    "edit": 4,
    "withdraw": 1,
    "send_a_body_that_is_refused": 2,
    "set_the_phones_clock": 1,
    "lose_or_find_a_phone": 1,
    "the_nurse_acts": 4,
    "the_record_is_put_right": 1,
    "worker_takes_a_nudge": 4,
    "watch_dies": 1,
    "broker_is_flushed": 1,
    "set_a_servers_clock": 1,
    "watch_has_its_turn": 2,
}
"""One rule draws among them: of rules of their own Hypothesis switches many off for whole runs, reporting too."""


class Hold(Patient, Team, Machinery):
    @initialize()
    def begin(self) -> None:
        self.time_passes(0)
        self.episode = factories.episode(self.scene.team)
        self.take_a_new_phone()

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        self.time_passes(data.draw(st.sampled_from([0, 0, 0.1, 1, 5, 13, 40])))
        what = data.draw(st.sampled_from([name for name, often in HOW_OFTEN.items() for _ in range(often)]))
        getattr(self, what)(data.draw)

    def teardown(self) -> None:
        try:
            if hasattr(self, "phone"):
                self.watch_has_its_turn()
        finally:
            self._leave_nothing_to_the_next_one()

    def _leave_nothing_to_the_next_one(self) -> None:
        """Also when it failed: else it would not fail in the same way when it is tried again."""
        over = {"status": Episode.Status.ENDED, "ended_at": at(self.now_h)}
        Episode.objects.exclude(status=Episode.Status.ENDED).update(
            **over, next_due_at=None, rejudge_from=None
        )
        Assessment.objects.filter(flagged_at=None).update(flagged_at=at(self.now_h), flagged_by="watch")
        Notification.objects.filter(status__in=["waiting", "sending"]).update(status="dropped")
        self.scene.broker.flush()

    @invariant()
    def every_report_is_kept_once_as_it_was_sent(self) -> None:
        """I1"""
        stored = self.stored()
        taken = {client_id: said for client_id, said in self.said.items() if said.taken}
        assert set(stored) == set(taken)
        for client_id, said in taken.items():
            row = stored[client_id]
            kept = {old.revision: old.answers for old in row.revisions.all()} | {row.revision: row.answers}
            assert kept == {revision: _given(sent) for revision, sent in said.taken.items()}
            assert (row.withdrawn_at is not None) == said.withdrawn
        assert Quarantine.objects.filter(episode=self.episode).count() >= len(self.refused)

    @invariant()
    def no_two_live_alerts_are_about_the_same(self) -> None:
        alerted.assert_one_live_alert_per_rule(self.episode)


def _given(sent: Sent) -> dict[str, object]:
    return {name: answer for name, answer in sent.body["answers"].items() if answer is not None}


@pytest.fixture
def scene(transactional_db: None, mailbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    def set_clocks(doors_h: float, database_h: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: at(doors_h))
        monkeypatch.setattr(clock, "of_database", lambda: at(database_h))

    team = factories.team()
    ben = factories.member(team, "Ben Okafor", password=None)
    factories.member(team, "Dora Klein", "doctor", password=None)
    broker, mortals = Broker(settings.REDIS_URL), Mortals(EMAIL_URL=mailbox.url)
    yield Scene(team, ben, mailbox, broker, mortals, set_clocks)
    mortals.close()
    broker.close()


@pytest.mark.slow
@pytest.mark.timeout(0 if NIGHTLY else 400)
def test_whatever_happens_in_whatever_order_the_invariants_hold(scene: Scene) -> None:
    Hold.scene = scene
    run_state_machine_as_test(Hold, settings=effort(20, stateful_step_count=STEPS))
