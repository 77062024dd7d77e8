"""The two care teams: who signs in with which password, and how they work on alerts."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from demo import names, roster
from demo.clinics import CLINICS, DemoClinic, StaffMember
from recovery import alerts, clock, contacts, second_factor
from recovery.clinical.tiers import Tier
from recovery.models import Alert, CareTeam, Clinic, Membership, User

TEAM = "Spine team"
FEW_ROUNDS = 20_000

hasher = PBKDF2PasswordHasher()


@dataclass(frozen=True)
class Team:
    world: DemoClinic
    row: CareTeam
    users: Mapping[str, User]
    """By e-mail."""
    passwords: Mapping[str, str] = field(repr=False)

    def with_role(self, *roles: str) -> list[User]:
        return [self.users[member.email] for member in self.world.staff if member.role in roles]


def muster() -> list[Team]:
    """Makes clinics, teams and staff where they are missing, and gives everybody a new password."""
    everybody = [member for clinic in CLINICS for member in clinic.staff]
    passwords = {member.email: fresh_password() for member in everybody}
    return [_team(clinic, passwords) for clinic in CLINICS]


def fresh_password() -> str:
    return "-".join(secrets.choice(names.WORDS) for _ in range(4))


def account(name: str, email: str, password: str) -> User:
    """With a second factor that the page of the demo shows."""
    # They stand beside it in var/demo.json: nobody would try to guess them from here, and a dozen of them must not take
    # five seconds of each start. Signing in hashes them again in the usual number of rounds.
    hashed = hasher.encode(password, hasher.salt(), iterations=FEW_ROUNDS)
    user, _ = User.objects.update_or_create(
        email=email, defaults={"name": name, "password": hashed, "is_active": True}
    )
    second_factor.give(user=user, secret=settings.DEMO_SECOND_FACTOR, now=clock.real())
    return user


def _team(world: DemoClinic, passwords: Mapping[str, str]) -> Team:
    clinic, _ = Clinic.objects.get_or_create(
        name=world.name, defaults={"time_zone": world.zone, "night_cover": world.night_cover, **world.numbers}
    )
    team, _ = CareTeam.objects.get_or_create(clinic=clinic, name=TEAM)
    users = {member.email: _user(member, team, passwords[member.email]) for member in world.staff}
    roster.plan(world, team, users)
    return Team(world, team, users, {email: passwords[email] for email in users})


def _user(member: StaffMember, team: CareTeam, password: str) -> User:
    user = account(member.name, member.email, password)
    Membership.objects.get_or_create(user=user, team=team, ended_at=None, defaults={"role": member.role})
    if not user.contacts.filter(ended_at=None).exists():
        at = clock.real()  # so that no monthly test falls due while the story is told
        mailbox = contacts.add_email(user=user, clinic=team.clinic, address=member.email, now=at)
        contacts.verify(contact=mailbox, now=at)
    return user


@dataclass(frozen=True)
class Move:
    """Something a colleague does to an alert of this tier. `make` is given the instant as it then is."""

    alert_id: int
    tier: int
    at: datetime
    make: partial[Alert]


@dataclass(frozen=True)
class Pace:
    """Minutes, at the least and the most: until taken on, from then until the patient is reached, and until closed."""

    take_on: tuple[float, float]
    reach: tuple[float, float]
    close: tuple[float, float]
    at_night: bool


PACES = {
    Tier.EMERGENCY: Pace((2, 9), (1, 6), (60, 150), at_night=True),
    Tier.SAME_DAY: Pace((5, 40), (4, 50), (90, 300), at_night=True),
    Tier.WITHIN_24H: Pace((30, 420), (10, 60), (30, 240), at_night=False),
    Tier.ROUTINE: Pace((600, 1800), (0, 0), (10, 60), at_night=False),
}

FOUND: dict[Tier, Sequence[tuple[str, str]]] = {
    Tier.EMERGENCY: (
        (Alert.Outcome.SENT_TO_EMERGENCY, "Ambulance called, handed over by phone."),
        (Alert.Outcome.SENT_TO_EMERGENCY, "Sent to the emergency department, imaging asked for."),
        (Alert.Outcome.SEEN, "Seen by the doctor on call within the hour. Plan agreed with the patient."),
    ),
    Tier.SAME_DAY: (
        (Alert.Outcome.SEEN, "Seen in clinic today, examined, medicine changed."),
        (Alert.Outcome.SEEN, "Seen today, X-ray ordered."),
        (Alert.Outcome.SELF_CARE, "Talked it through by phone, tablets adjusted, will check in tomorrow."),
        (Alert.Outcome.NO_PROBLEM, "Called: misunderstood the question, is well."),
    ),
    Tier.WITHIN_24H: (
        (Alert.Outcome.SELF_CARE, "Advice given by phone."),
        (Alert.Outcome.SELF_CARE, ""),
        (Alert.Outcome.NO_PROBLEM, "Called, all well."),
        (Alert.Outcome.CANNOT_REACH, "No answer twice, message left with the caregiver."),
    ),
    Tier.ROUTINE: ((Alert.Outcome.NO_PROBLEM, ""), (Alert.Outcome.SELF_CARE, "")),
}


def work_on(alert: Alert, team: Team, *, now: datetime) -> Iterator[Move]:
    """How this team deals with this alert from now on. The same alert is dealt with in the same way at every start."""
    tier = Tier(alert.tier)
    pace = PACES[tier]
    random = Random(f"{alert.episode_id} {alert.rule} {tier} {alert.opened_at:%Y-%m-%d}")
    colleague = alert.owner or random.choice(team.with_role("nurse", "nurse", "doctor"))
    if alert.owner_id is None:
        at = _in_hours(max(now, alert.tier_at + _minutes(random, pace.take_on)), pace, team)
        yield Move(alert.pk, tier, at, partial(alerts.acknowledge, alert_id=alert.uuid, by=colleague))
    else:
        at = max(now, alert.acknowledged_at or now)
    outcome, note = random.choice(FOUND[tier])
    reached = tier > Tier.ROUTINE and outcome != Alert.Outcome.CANNOT_REACH
    if tier > Tier.ROUTINE and alert.contacted_at is None:
        at = at + _minutes(random, pace.reach)
        contact = partial(alerts.record_contact, alert_id=alert.uuid, by=colleague, by_what="phone", note="")
        yield Move(alert.pk, tier, at, partial(contact, reached=reached))
    at = _in_hours(at + _minutes(random, pace.close), pace, team)
    close = partial(alerts.close, alert_id=alert.uuid, by=colleague, outcome=outcome, note=note)
    yield Move(alert.pk, tier, at, partial(close, contacted=reached))


def _minutes(random: Random, bounds: tuple[float, float]) -> timedelta:
    return timedelta(minutes=random.uniform(*bounds))


def _in_hours(at: datetime, pace: Pace, team: Team) -> datetime:
    """What can wait is done between eight and six."""
    local = at.astimezone(ZoneInfo(team.world.zone))
    if pace.at_night or time(8) <= local.time() < time(18):
        return at
    morning = local.replace(hour=8, minute=local.minute, second=local.second)
    return morning if morning > local else morning + timedelta(days=1)
