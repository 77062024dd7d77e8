"""A patient about whom every table holds something, and another one beside her of whom nothing may come along."""

from typing import Any

from recovery import alerts, audit, checkins, enrolment, episodes, persons, quarantine, reminders, watch
from recovery.models import (
    Alert,
    Assessment,
    CareTeam,
    DeviceToken,
    Letter,
    Notification,
    Patient,
    Quarantine,
    User,
)
from tests import factories
from tests.factories import at, submission
from tests.hold.settled import as_next_request

ANA, EVE = "Ana Whitfield", "Eve Marlow"
WORDS = {ANA: "the apricot jam", EVE: "the quince jelly"}
"""What each writes in a text of her own."""
HELPERS = {ANA: "Tom Whitfield", EVE: "Vic Marlow"}
ADDRESS = {ANA: "ana@home.example", EVE: "eve@home.example"}


def lived(team: CareTeam, ben: User, name: str = ANA) -> Patient:
    """A recovery in which everything happened that leaves a row about its patient, and which has ended."""
    words = WORDS[name]
    episode = factories.episode(
        team, name=name, reminders=reminders.Chosen(channel="email", address=ADDRESS[name], repeats=1)
    )
    phone, _ = factories.phone(episode)
    factories.caregiver(episode, HELPERS[name], by=ben)
    report(phone, 20, bleeding="oozing")
    first = report(phone, 26, bladder="new_or_worse", other_text=words)
    again = submission(
        27, client_id=first.check_in_id, observed_at=at(26), chest_pain="yes", other_text=words
    )
    checkins.correct(device=as_next_request(phone), submission=again, base_revision=1, now=at(27))
    quarantine.keep(
        device=as_next_request(phone), body=f'{{"answers": {{"x": "{words}"}}}}'.encode(), code="invalid",
        problems=[], readable=False, now=at(28),
    )  # fmt: skip
    reminders.heard(device=phone, now=at(28))
    watch.cycle(at(48.1))
    settle(48.2)
    oozing = Alert.objects.get(episode=episode, rule="BLEED-OOZE")
    alerts.acknowledge(alert_id=oozing.uuid, by=ben, now=at(49))
    alerts.add_note(alert_id=oozing.uuid, by=ben, note=f"Told of {words}.", now=at(49))
    alerts.mute(alert_id=oozing.uuid, until=at(400), reason=f"Known: {words}.", by=ben, now=at(50))
    audit.record_look(page="patient", now=at(50), user=ben, of={"episode_id": episode.uuid})
    episodes.pause(episode_id=episode.uuid, reason=f"Away with {words}.", by=ben, now=at(51))
    episodes.resume(episode_id=episode.uuid, reason="Home.", by=ben, now=at(52))
    episodes.add_note(episode_id=episode.uuid, note=f"Likes {words}.", by=ben, now=at(53))
    settle(54)
    for kept in Quarantine.objects.filter(episode=episode):
        quarantine.dismiss(
            kept_id=kept.uuid, by=ben, dismissed_as="spoken", reason=f"About {words}.", now=at(60)
        )
    for alert in Alert.objects.filter(episode=episode, status__in=Alert.LIVE):
        alerts.close(
            alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note=f"Seen, {words}.", now=at(61)
        )
    enrolment.revoke(device=phone, by=ben, now=at(61))
    episodes.end(episode_id=episode.uuid, reason=f"Well, and {words}.", by=ben, now=at(62))
    settle(63)
    dee = factories.member(team, "Dee Lund", "admin", password=None)
    asked = persons.ask(episode_id=episode.uuid, scope="contact", reason="By letter.", by=dee, now=at(64))
    persons.withdraw(episode_id=episode.uuid, erasure_id=asked.uuid, by=dee, now=at(65))
    persons.place_hold(episode_id=episode.uuid, reason="A question of the insurer's.", by=dee, now=at(66))
    persons.lift_hold(episode_id=episode.uuid, by=dee, now=at(67))
    return Patient.objects.get(pk=episode.patient_id)


def report(phone: DeviceToken, hours: float, **changes: Any) -> Any:
    return checkins.submit(
        device=as_next_request(phone), submission=submission(hours, **changes), now=at(hours)
    )


def settle(hours: float) -> None:
    """Everything that is owed is done, whatever back-off stands in its way."""
    for _ in range(6):
        Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
        Notification.objects.filter(status__in=["waiting", "sending"]).update(next_attempt_at=at(-1_000_000))
        Letter.objects.filter(status__in=["waiting", "sending"]).update(next_attempt_at=at(-1_000_000))
        if not +watch.cycle(at(hours)):
            return
