"""What the care team does: nurse Ben works on the alerts, and puts the record right."""

import pytest
from hypothesis import strategies as st

from recovery import alerts, corrections
from recovery.alerts import NotAllowed
from recovery.clinical.tiers import Tier
from recovery.models import Alert
from tests.factories import BASELINE, at
from tests.hold.machine.world import Draw, World, any_of

BASELINES = [BASELINE, BASELINE | {"numbness": "present", "numbness_where": ["one_leg"], "pain_now": 4}]
RISKS = [[], ["anticoagulant"], ["immunosuppressed", "levels_3_plus"]]


class Team(World):
    def the_nurse_acts(self, draw: Draw) -> None:
        act = draw(st.sampled_from(["_acknowledge", "_contact", "_close", "_mute"]))
        which = draw(any_of)
        live = list(self.episode.alerts.filter(status__in=Alert.LIVE).order_by("pk"))
        if live:
            getattr(self, act)(live[which % len(live)])

    def the_record_is_put_right(self, draw: Draw) -> None:
        who = {"episode_id": self.episode.uuid, "by": self.scene.ben, "now": self.clock_of("web")}
        if draw(st.booleans()):
            corrections.correct_baseline(
                **who, baseline=draw(st.sampled_from(BASELINES)), baseline_at=at(-2), reason="Told by phone."
            )
        else:
            corrections.correct_risk_factors(
                **who,
                risk_factors=draw(st.sampled_from(RISKS)),
                blood_thinner_restart_h=None,
                reason="Read in the letter.",
            )

    def _acknowledge(self, alert: Alert) -> None:
        alerts.acknowledge(alert_id=alert.uuid, by=self.scene.ben, now=self.clock_of("web"))

    def _contact(self, alert: Alert) -> None:
        alerts.record_contact(
            alert_id=alert.uuid, by=self.scene.ben, reached=True, by_what="phone", now=self.clock_of("web")
        )

    def _close(self, alert: Alert) -> None:
        alerts.close(
            alert_id=alert.uuid,
            by=self.scene.ben,
            outcome="seen",
            contacted=True,
            note="Seen.",
            now=self.clock_of("web"),
        )
        self.ended[alert.uuid] = len(self.scene.mailbox.mails)

    def _mute(self, alert: Alert) -> None:
        now = self.clock_of("web")
        known = {"until": at(self.now_h + 20), "reason": "Known.", "by": self.scene.ben, "now": now}
        if alert.tier == Tier.EMERGENCY:
            with pytest.raises(NotAllowed):
                alerts.mute(alert_id=alert.uuid, **known)
        else:
            alerts.mute(alert_id=alert.uuid, **known)
