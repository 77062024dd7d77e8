"""Rows for tests, made by the operations themselves wherever there is one. Four people stand in every scene: patient
Ana, nurse Ben (her clinic), nurse Cleo (another clinic), admin Dee (Ana's clinic)."""

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from recovery import caregivers, enrolment
from recovery.models import Caregiver, CareTeam, Clinic, DeviceToken, Episode, Membership, User
from recovery.submissions import Submission

T0 = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""Time zero of every procedure in the tests, unless another is given."""

PASSWORD = "correct horse battery staple"

ALL_CLEAR: dict[str, Any] = {
    "pain_now": 2,
    "pain_change": "same",
    "pain_where": ["treated_area"],
    "pain_controlled": "yes",
    "temp": {"value": 36.7, "unit": "C"},
    "feels_feverish": "no",
    "rigors": "no",
    "cannot_move": "no",
    "weakness": "no",
    "numbness": "no",
    "bladder": "no",
    "bowel": "no",
    "breathing": "no",
    "chest_pain": "no",
    "cough": "no",
    "bleeding": "none",
    "bandage": "on_dry",
    "wound": [],
    "immersion": "no",
    "allergy": [],
    "calf": "no",
    "drowsy": "no",
    "confused": "no",
    "opioid_taken": "no",
    "drove": "no",
    "heavy_lifting": "no",
    "fall": "no",
    "mobility": "usual",
    "blood_thinner": "not_on",
    "wants_call": "no",
}

BASELINE: dict[str, Any] = {
    "pain_now": 8,
    "pain_where": ["treated_area"],
    "temp": {"value": 36.6, "unit": "C"},
    "mobility": "with_help",
    "weakness": "no",
    "numbness": "no",
    "bladder": "no",
    "bowel": "no",
    "breathing": "no",
}

_numbers = itertools.count(1)


UUIDS = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def without_ids(text: str) -> str:
    """In which a few digits can be looked for: by chance an id has them too, once in some thousand runs."""
    return UUIDS.sub("", text)


def at(hours: float) -> datetime:
    """The instant so many hours after time zero."""
    return T0 + timedelta(hours=hours)


def clinic(name: str = "Hillside Spine Clinic", **fields: Any) -> Clinic:
    return Clinic.objects.create(
        **{
            "name": name,
            "time_zone": "Europe/London",
            "team_phone": "020 7946 0101",
            "urgent_line": "020 7946 0102",
            "emergency_number": "999",
            "crisis_line": "116 123",
            "night_cover": True,
        }
        | fields
    )


def team(of: Clinic | None = None, name: str = "Spine team") -> CareTeam:
    return CareTeam.objects.create(clinic=of or clinic(), name=name)


def member(of: CareTeam, name: str = "Ben Okafor", role: str = "nurse", **fields: Any) -> User:
    email = f"{name.split()[0].lower()}.{next(_numbers)}@example.org"
    user = User.objects.create_user(**{"email": email, "name": name, "password": PASSWORD} | fields)
    Membership.objects.create(user=user, team=of, role=role)
    return user


def episode(of: CareTeam | None = None, *, name: str = "Ana Whitfield", **fields: Any) -> Episode:
    number = next(_numbers)
    return enrolment.enrol(
        **{
            "team": of or team(),
            "patient": enrolment.NewPatient(
                name=name,
                born_on=date(1950, 4, 12),
                hospital_number=f"H{number:06}",
                phone="07700 900123",
                caregiver_name="Tom Whitfield",
                caregiver_phone="07700 900456",
            ),
            "procedure": "vertebroplasty",
            "procedure_at": T0,
            "time_zone": "Europe/London",
            "risk_factors": [],
            "levels": ["L1"],
            "baseline": BASELINE,
            "baseline_at": T0 - timedelta(hours=2),
            "consent_wording": "monitoring/1",
            "now": T0,
        }
        | fields
    )


def phone(of: Episode, *, now: datetime = T0) -> tuple[DeviceToken, str]:
    """A phone that redeemed a code of this episode, as the doors see it, and its token."""
    code = enrolment.issue_code(episode=of, now=now)
    _, token = enrolment.redeem(code=code, device_name="Ana's phone", platform="web", now=now)
    return reload_phone(token), token


def caregiver(
    of: Episode,
    name: str = "Tom Whitfield",
    *,
    scope: str = "report",
    by: User | None = None,
    now: datetime = T0,
) -> tuple[Caregiver, str]:
    """Somebody whom the patient lets help, as the team wrote down, and the token of a phone of theirs."""
    wish = caregivers.Wish(name=name, relation="son", scope=scope, wording=caregivers.WORDING)
    helper, code = caregivers.grant_by_staff(
        episode_id=of.uuid, wish=wish, by=by or member(of.team, "Nia Boateng"), now=now
    )
    return helper, enrolment.redeem(code=code, device_name=f"{name}'s phone", platform="web", now=now)[1]


def reload_phone(token: str) -> DeviceToken:
    device = phone_with(token)
    assert device is not None
    return device


def phone_with(token: str) -> DeviceToken | None:
    """As a request of it does, after which its clinic alone is in reach."""
    from recovery import access, tenancy

    with tenancy.every_clinic():
        return access.phone(token)


def submission(hours: float = 20, *, completed: bool = True, **changes: Any) -> Submission:
    """A check-in felt and sent so many hours after time zero: all clear but for the changes (None: not answered)."""
    fields = {
        name: changes.pop(name)
        for name in ("client_id", "observed_at", "sent_at", "answered_by", "app_version")
        if name in changes
    }
    return Submission(
        **{
            "client_id": uuid4(),
            "observed_at": at(hours),
            "sent_at": at(hours),
            "answered_by": "patient",
            "app_version": "test/1",
        }
        | fields,
        completed=completed,
        answers=ALL_CLEAR | changes,
    )
