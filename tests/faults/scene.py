"""Patients and their care teams in a system of processes, made by the product's own operations."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from django.test import override_settings

from recovery import clock, contacts
from recovery.escalation.policy import DEFAULTS, Policy, document_of
from recovery.models import CareTeam, EscalationPolicy, User
from services import ports
from tests import factories, signing_in
from tests.mailbox import Mail
from tests.system import System
from tests.waiting import wait_until

OWED = """
    SELECT 'assessment', id FROM recovery_assessment
     WHERE flagged_at IS NULL AND set_aside_at IS NULL AND episode_id = ANY(%s)
     UNION ALL
    SELECT 'episode', id FROM recovery_episode WHERE rejudge_from IS NOT NULL AND id = ANY(%s)
     UNION ALL
    SELECT 'notification', n.id FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id
     WHERE n.status IN ('waiting', 'sending') AND a.episode_id = ANY(%s)
"""


A_NIGHT = timedelta(hours=12)


@dataclass(frozen=True)
class Colleague:
    """Somebody of a care team, who is signed in."""

    email: str
    name: str
    session: str

    @property
    def hook(self) -> str:
        """The path of their webhook, if they have one."""
        return "/" + self.email.partition("@")[0]


@dataclass(frozen=True)
class Patient:
    """With a phone, and a care team of their own."""

    episode_id: int
    token: str
    team: tuple[Colleague, ...]


@dataclass(frozen=True)
class Scene:
    system: System
    patients: tuple[Patient, ...]

    @classmethod
    def of(
        cls, system: System, *, patients: int = 1, members: int = 2, ago: timedelta = timedelta(minutes=30)
    ) -> "Scene":
        """`ago` is the procedure. Half an hour after it no check-in is missed yet, so that only what is reported
        alerts."""
        with system.django():
            return cls(system, tuple(_patient(members, ago) for _ in range(patients)))

    def also_by_webhook(self, colleague: Colleague) -> str:
        """Tell this one by mail and by webhook. Returns the path of the latter."""
        path = colleague.hook
        networks = (ip_network(f"{ports.HOST}/32"),)
        with self.system.django(), override_settings(WEBHOOK_ALLOWED_NETWORKS=networks):
            user, now = User.objects.get(email=colleague.email), clock.now()
            clinic = user.memberships.get().team.clinic
            url = self.system.provider.web.url(path)
            webhook, _ = contacts.add_webhook(user=user, clinic=clinic, url=url, now=now)
            mail = contacts.add_email(user=user, clinic=clinic, address=colleague.email, now=now)
            for contact in (webhook, mail):
                contacts.verify(contact=contact, now=now)
        return path

    def told_by_text(self, colleague: Colleague) -> str:
        """Tell this one by text messages, and otherwise by the mail they sign in with alone. Returns the number, which
        is nobody else's."""
        with self.system.django(), override_settings(TWILIO_ACCOUNT_SID="AC"):
            user, now = User.objects.get(email=colleague.email), clock.now()
            clinic, number = user.memberships.get().team.clinic, f"+4477{user.pk:08}"
            contact = contacts.add_sms(user=user, clinic=clinic, number=number, now=now)
            contacts.verify(contact=contact, now=now)
        return number

    @property
    def tokens(self) -> list[str]:
        return [patient.token for patient in self.patients]

    @property
    def emails(self) -> list[str]:
        return [colleague.email for patient in self.patients for colleague in patient.team]

    @property
    def numbers(self) -> set[str]:
        """Of everybody who is told by text message."""
        rows = self.system.rows(
            "SELECT c.address FROM recovery_contact c JOIN recovery_user u ON u.id = c.user_id"
            " WHERE c.channel = 'sms' AND u.email = ANY(%s)",
            self.emails,
        )
        return {address for (address,) in rows}

    @property
    def episodes(self) -> list[int]:
        return [patient.episode_id for patient in self.patients]

    @property
    def mails(self) -> list[Mail]:
        """What their teams were sent, in order of arrival."""
        team = set(self.emails)
        return [mail for mail in self.system.mailbox.mails if team & set(mail.recipients)]

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Of their episodes: `%s` stands for them, and comes first."""
        return self.system.rows(query, self.episodes, *parameters)

    @property
    def arrived(self) -> list[str]:
        """The keys of all messages to their teams that were taken, on any channel, whether or not we could know."""
        hooks = {colleague.hook for patient in self.patients for colleague in patient.team}
        taken = [request for request in self.system.provider.web.requests if not request.was_refused]
        numbers = self.numbers
        return [
            *(
                text["StatusCallback"].rpartition("/")[2]
                for text in self.system.provider.sms.texts
                if text["To"] in numbers
            ),
            *(str(mail.message["Message-ID"]).strip("<").partition("@")[0] for mail in self.mails),
            *(request.key for request in taken if request.to in hooks),
        ]

    def owed(self) -> list[str]:
        """Everything that is still to be done for them."""
        return [" ".join(map(str, row)) for row in self.rows(OWED, self.episodes, self.episodes)]

    def wait_until_quiet(self, within_s: float = 90.0) -> None:
        try:
            wait_until(lambda: not self.owed(), within_s=within_s)
        except AssertionError:
            owed = self.owed()
            raise AssertionError(f"{len(owed)} are still owed, of which {owed[:5]}") from None

    def everybody_was_told(self) -> bool:
        """And nothing more is owed: a repeated red flag, of which nobody is told again, is flagged after its grace."""
        told = {recipient for mail in self.mails for recipient in mail.recipients}
        return set(self.emails) <= told and not self.owed()

    def roads(self) -> tuple[set[str], set[str]]:
        """By which road reports were flagged (those with nothing to flag left out), and mails were sent."""
        flagged = self.rows(
            "SELECT DISTINCT flagged_by FROM recovery_assessment"
            " WHERE episode_id = ANY(%s) AND check_in_id IS NOT NULL AND flagged_by <> 'request'"
        )
        sent = self.rows(
            "SELECT DISTINCT sent_by FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id"
            " WHERE a.episode_id = ANY(%s) AND sent_by <> ''"
        )
        return _first(flagged), _first(sent)

    def attempts(self) -> list[tuple[int, str, bool]]:
        """Number, outcome, and whether it is uncertain, in order."""
        return self.rows(
            "SELECT t.number, t.outcome, t.ended_at IS NULL FROM recovery_attempt t"
            " JOIN recovery_notification n ON n.id = t.notification_id JOIN recovery_alert a ON a.id = n.alert_id"
            " WHERE a.episode_id = ANY(%s) ORDER BY t.id"
        )

    def statuses(self) -> list[str]:
        """Of what was planned to be told, in order."""
        return [
            status
            for (status,) in self.rows(
                "SELECT n.status FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id"
                " WHERE a.episode_id = ANY(%s) ORDER BY n.id"
            )
        ]


def left_alone_tonight(team: CareTeam) -> CareTeam:
    """The watch does not look today whether somebody can be reached, and writes nobody of it: that is no alert's."""
    CareTeam.objects.filter(pk=team.pk).update(next_night_check_at=clock.now() + timedelta(days=2))
    return team


def _in_no_hurry(team: CareTeam, by: User) -> None:
    """Who is told at once is told as ever, and nobody else within this test, however long it takes: a step that falls
    due while it looks would be something owed. What is about steps has policies of its own (tests/faults/steps.py)."""
    EscalationPolicy.objects.create(
        clinic=team.clinic,
        team=team,
        version=1,
        document=document_of({tier: _after_a_night(policy) for tier, policy in DEFAULTS.items()}),
        created_at=clock.now(),
        created_by=by,
    )


def _after_a_night(policy: Policy) -> Policy:
    first, *others = policy.steps
    return replace(
        policy,
        steps=(first, *(replace(step, after=step.after + A_NIGHT) for step in others)),
        contact=policy.contact + A_NIGHT,
        again=policy.again + A_NIGHT,
    )


def _first(rows: Iterable[tuple[Any, ...]]) -> set[str]:
    return {row[0] for row in rows}


def _patient(members: int, ago: timedelta) -> Patient:
    now = clock.now()
    procedure_at = now - ago
    team = left_alone_tonight(factories.team())
    users = [factories.member(team, f"Nurse{n} Lund", password=None) for n in range(members)]
    _in_no_hurry(team, users[0])
    episode = factories.episode(
        team, procedure_at=procedure_at, baseline_at=procedure_at - timedelta(hours=2), now=procedure_at
    )
    _, token = factories.phone(episode, now=now)
    return Patient(episode.pk, token, tuple(map(_signed_in, users)))


def _signed_in(user: User) -> Colleague:
    return Colleague(user.email, user.name, signing_in.session_of(user))
