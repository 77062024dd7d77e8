"""What happens between the phone and the team: nudges, deaths, losses, wrong clocks, and the turns of the watch."""

from hypothesis import strategies as st

from recovery import watch
from recovery.models import Assessment, Notification
from tests.factories import at
from tests.hold import oracle
from tests.hold.machine.world import Draw, World

TURNS = 6
"""More turns of the watch than anything may take."""

statements = st.integers(1, 40)


class Machinery(World):
    def worker_takes_a_nudge(self, draw: Draw) -> None:
        """It does the work once or twice, or it dies over it; its message is gone either way."""
        end, dies_at = draw(st.sampled_from(["done", "done", "doubled", "killed"])), draw(statements)
        nudge = self.scene.broker.take()
        if nudge is None:
            return
        if end == "killed":
            self.deaths += self.scene.mortals.task(*nudge, now=self.clock_of("database"), dies_at=dies_at)
            return
        for _ in range(2 if end == "doubled" else 1):
            self.scene.broker.work(*nudge)

    def watch_dies(self, draw: Draw) -> None:
        self.deaths += self.scene.mortals.watch(now=self.clock_of("database"), dies_at=draw(statements))

    def broker_is_flushed(self, _: Draw) -> None:
        self.scene.broker.flush()

    def set_a_servers_clock(self, draw: Draw) -> None:
        server = draw(st.sampled_from(sorted(self.server_skews_h)))
        self.server_skews_h[server] = draw(st.sampled_from([0, 0, 0.02, 1, -1]))
        self.time_passes(0)

    def watch_has_its_turn(self, _: Draw | None = None) -> None:
        for _turn in range(TURNS):
            self._let_leases_and_grace_run_out()
            done = watch.cycle(self.clock_of("database"))
            assert not done["failed"]
            if not +done:
                break
        oracle.assert_all_is_well(self.episode, self.scene.mailbox, deaths=self.deaths)
        self._nobody_was_told_of_what_had_ended()

    def _nobody_was_told_of_what_had_ended(self) -> None:
        """I7, by what left."""
        for uuid, told in self.ended.items():
            assert not any(str(uuid) in mail.text for mail in self.scene.mailbox.mails[told:])

    def _let_leases_and_grace_run_out(self) -> None:
        """Real time, which no test waits for."""
        Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
        waiting = (Notification.Status.WAITING, Notification.Status.SENDING)
        Notification.objects.filter(status__in=waiting).update(next_attempt_at=at(-1_000_000))
