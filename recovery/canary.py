"""The canary patient of each clinic: every few minutes a red flag through the API, Celery and a channel, and whether it
arrived. It closes its own alert, so that the next red flag opens another.

The patient belongs to a team in which nobody is (models/canary.py), so nobody is shown it, counted it or paged by it.
"""

import json
import logging
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from recovery import alerts, enrolment, episodes, outside, sealing
from recovery.errors import Refused
from recovery.models import (
    Alert,
    Canary,
    CanaryRun,
    CareTeam,
    Clinic,
    DeviceToken,
    Episode,
    Membership,
    Notification,
    User,
)

log = logging.getLogger(__name__)

NAME = "Canary"
NUMBER = "canary"
TEAM = "Canary (no patients)"
NEVER = datetime(9999, 12, 31, tzinfo=UTC)

AGAIN_S = 3.0
"""A phone that was not answered sends again, under the same id."""

BEGINS_ANEW = timedelta(days=1)
"""A recovery has no more than a day's reports of it: each new one is judged against all before it."""

SENT = (Notification.Status.SENT, "delivered")

ANSWERS: dict[str, Any] = {
    "pain_now": 2, "pain_change": "same", "pain_where": ["treated_area"], "pain_controlled": "yes",
    "temp": {"value": 36.7, "unit": "C"}, "feels_feverish": "no", "rigors": "no", "cannot_move": "no",
    "weakness": "no", "numbness": "no", "bladder": "new_or_worse", "bowel": "no", "breathing": "no",
    "chest_pain": "no", "cough": "no", "bleeding": "none", "bandage": "on_dry", "wound": [], "immersion": "no",
    "allergy": [], "calf": "no", "drowsy": "no", "confused": "no", "opioid_taken": "no", "drove": "no",
    "heavy_lifting": "no", "fall": "no", "mobility": "usual", "blood_thinner": "not_on", "wants_call": "no",
}  # fmt: skip


@dataclass
class Flight:
    """A red flag on its way. Times by this process's monotonic clock."""

    canary: Canary
    run: CanaryRun
    body: dict[str, Any]
    began: float
    posted: bool = False
    next_post: float = 0.0
    fault: str = ""


# --- the patient


@transaction.atomic
def ensure(clinic: Clinic) -> Canary:
    """The canary of a clinic, made when there is none."""
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    known = Canary.objects.filter(clinic=clinic).select_related("team", "user", "episode").first()
    if known is not None:
        return known
    team = CareTeam.objects.create(clinic=clinic, name=TEAM, next_night_check_at=NEVER)
    user = User.objects.create_user(_address(clinic), None, name=NAME)
    Membership.objects.create(user=user, team=team, role=Membership.Role.DOCTOR)
    return Canary.objects.create(clinic=clinic, team=team, user=user)


def renew(canary: Canary, *, now: datetime) -> Canary:
    """Begin a new recovery of it when the last is a day old, with a phone of its own."""
    held = Canary.objects.filter(pk=canary.pk, sealed_token__gt="", began_at__gt=Now() - BEGINS_ANEW)
    if held.exclude(episode=None).exists() and _token(canary):
        return canary
    with transaction.atomic():
        canary = Canary.objects.select_for_update(of=("self",), no_key=True).get(pk=canary.pk)
        close_all(canary, now=now)
        for episode in Episode.objects.filter(team=canary.team).exclude(status=Episode.Status.ENDED):
            _end(episode, canary.user, now=now)
        episode = enrolment.enrol(
            team=canary.team,
            patient=enrolment.NewPatient(name=NAME, born_on=date(1900, 1, 1), hospital_number=NUMBER),
            procedure=Episode.Procedure.VERTEBROPLASTY,
            procedure_at=now - timedelta(hours=1),
            time_zone=canary.clinic.time_zone,
            risk_factors=[],
            consent_wording="canary/1",
            now=now - timedelta(minutes=30),
        )
        code = enrolment.issue_code(episode=episode, now=now)
        _, token = enrolment.redeem(code=code, device_name=NAME, platform="canary", now=now)
        Canary.objects.filter(pk=canary.pk).update(
            episode=episode, sealed_token=sealing.seal(token), began_at=Now()
        )
    return Canary.objects.select_related("clinic", "team", "user", "episode").get(pk=canary.pk)


def close_all(canary: Canary, *, now: datetime) -> None:
    """What was opened by a red flag before: it would only be joined by the next one, and nobody told again."""
    live = Alert.objects.filter(team=canary.team, status__in=Alert.LIVE)
    for uuid in live.values_list("uuid", flat=True):
        try:
            alerts.close(
                alert_id=uuid,
                by=canary.user,
                outcome=Alert.Outcome.NO_PROBLEM,
                contacted=True,
                note="Canary.",
                now=now,
            )
        except Refused as refused:  # another process was first
            log.info("a canary's alert was not closed: %s", refused.code)


# --- its red flag


def begin(canary: Canary, *, now: datetime) -> Flight | None:
    """Begin this round, if nobody has. One in each CANARY_EVERY_S, whoever asks."""
    number = int(now.timestamp() // settings.CANARY_EVERY_S)
    if CanaryRun.objects.filter(clinic=canary.clinic, round__gte=number).exists():
        return None
    client_id = uuid4()
    run, is_ours = CanaryRun.objects.get_or_create(
        clinic=canary.clinic, round=number, defaults={"started_at": Now(), "client_id": client_id}
    )
    if not is_ours:
        return None
    canary = renew(canary, now=now)
    close_all(canary, now=now)
    at = now.isoformat()
    body = {
        "id": str(client_id),
        "observed_at": at,
        "sent_at": at,
        "status": "completed",
        "answered_by": "patient",
        "app_version": "canary/1",
        "answers": ANSWERS,
    }
    return Flight(canary, run, body, began=time.monotonic())


def follow(flight: Flight, *, now: datetime) -> CanaryRun | None:
    """Post what was not taken yet, and look whether it has arrived. The run, once it has ended."""
    if not flight.posted and time.monotonic() >= flight.next_post:
        _post(flight)
    waited_s = time.monotonic() - flight.began
    told = _told(flight) if flight.posted else None
    if told is not None:
        return _ended(flight, CanaryRun.Outcome.ARRIVED, now=now, took_ms=round(waited_s * 1000), **told)
    if waited_s > settings.CANARY_WITHIN_S:
        return _ended(flight, CanaryRun.Outcome.ABSENT, now=now, fault=flight.fault or "not-told")
    return None


def is_absent(clinic_id: int) -> bool:
    """Whether the last two of its red flags did not arrive."""
    ended = CanaryRun.objects.filter(clinic=clinic_id).exclude(outcome="").order_by("-round")
    last = list(ended.values_list("outcome", flat=True)[:2])
    return last == [CanaryRun.Outcome.ABSENT] * 2


def _post(flight: Flight) -> None:
    flight.next_post = time.monotonic() + AGAIN_S
    answer = outside.request(
        "POST",
        f"{settings.CANARY_URL}/api/v1/check-ins",
        body=json.dumps(flight.body).encode(),
        headers={
            "Host": urlsplit(settings.BASE_URL).netloc,
            "Authorization": f"Bearer {_token(flight.canary)}",
            "Content-Type": "application/json",
        },
    )
    flight.posted = answer.is_good
    flight.fault = "" if answer.is_good else answer.fault or f"http-{answer.status}"


def _told(flight: Flight) -> dict[str, str] | None:
    """By which roads it came to the provider that took the message; None while it has not."""
    arrived = Notification.objects.filter(
        alert__episode=flight.canary.episode,
        alert__latest_assessment__check_in__client_id=UUID(flight.body["id"]),
        recipient=flight.canary.user,
        status__in=SENT,
    )
    row = arrived.values_list("alert__latest_assessment__flagged_by", "sent_by").order_by("pk").first()
    return None if row is None else {"flagged_by": row[0], "sent_by": row[1]}


def _ended(flight: Flight, outcome: CanaryRun.Outcome, *, now: datetime, **columns: Any) -> CanaryRun:
    CanaryRun.objects.filter(pk=flight.run.pk, outcome="").update(outcome=outcome, ended_at=Now(), **columns)
    close_all(flight.canary, now=now)
    return CanaryRun.objects.get(pk=flight.run.pk)


def _end(episode: Episode, by: User, *, now: datetime) -> None:
    episodes.end(episode_id=episode.uuid, reason="A new recovery of the canary begins.", by=by, now=now)
    for device in DeviceToken.objects.filter(episode=episode, revoked_at=None).select_related(
        "episode__clinic"
    ):
        enrolment.revoke(device=device, by=by, now=now)


def _token(canary: Canary) -> str:
    """Empty when it was sealed under a key that is known no more: then a new phone is needed."""
    try:
        return sealing.unseal(canary.sealed_token) if canary.sealed_token else ""
    except sealing.CannotUnseal:
        return ""


def _address(clinic: Clinic) -> str:
    name, _, host = settings.CANARY_MAIL.rpartition("@")
    return f"{name}+{clinic.uuid.hex[:12]}@{host}"
