"""Keeping a refused body. The same body is kept once, and no cap on what is kept mutes a red flag."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from recovery import assessments, audit, nudges, verdicts
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, Episode, Quarantine
from recovery.quarantine.judging import judged

MOST_BYTES = 256 * 1024
"""What is kept of one body; a check-in is never larger."""


@transaction.atomic
def keep(
    *,
    device: DeviceToken,
    body: bytes,
    code: str,
    problems: Sequence[Mapping[str, str]],
    readable: bool,
    now: datetime,
    client_id: UUID | None = None,
    observed_at: datetime | None = None,
    readings: Sequence[Mapping[str, Any]] = ({},),
    same_as: bytes | None = None,
) -> Assessment:
    """Keep a refused body, judge what can be read of it (see `judged`), and nudge the team. `same_as` is what makes two
    bodies the same, where it is not all of them.

    The same body sent again is kept once, unless something else is read in it this time: what one door or an older
    protocol could not read keeps nothing from being judged. Beyond the cap per device and day a body is judged for the
    patient but only counted, unless it holds an urgent finding that the team has not been told: no cap mutes a red
    flag. Raises Episode.DoesNotExist when the patient was erased meanwhile.
    """
    episode = (
        Episode.objects.select_for_update(of=("self",), no_key=True)
        .select_related("clinic")
        .get(pk=device.episode_id, erased_at=None)
    )
    once = (same_as or body) + json.dumps([readable, *readings], sort_keys=True, default=str).encode()
    fingerprint = hashlib.sha256(once).hexdigest()
    known = (
        Assessment.objects.filter(quarantine__device=device, quarantine__fingerprint=fingerprint)
        .select_related("quarantine", "episode")
        .first()
    )
    if known is not None and not _told_anew(known):
        return known
    if known is not None:
        fingerprint = hashlib.sha256(once + now.isoformat().encode()).hexdigest()
    assessment = judged(
        episode=episode, readable=readable, observed_at=observed_at, readings=readings, now=now
    )
    if _counted_beyond_cap(device, now=now) and not _is_news(assessment):
        return assessment
    assessment.quarantine, is_first = Quarantine.objects.get_or_create(
        device=device,
        fingerprint=fingerprint,
        defaults={
            "clinic_id": device.clinic_id,
            "episode": episode,
            "client_id": client_id,
            "received_at": now,
            "body": body[:MOST_BYTES],
            "readable": readable,
            "code": code,
            "problems": list(problems),
            "answers": _beyond_doubt(readings),
            "observed_at": observed_at,
        },
    )
    if not is_first:  # the same body came twice at once, and the other was first
        return Assessment.objects.get(quarantine=assessment.quarantine)
    assessment.next_attempt_at = Now() + assessments.GRACE
    assessment.save(force_insert=True)
    audit.record(
        what="sent refused report",
        now=now,
        clinic=device.clinic_id,
        device=device,
        subject=assessment.quarantine,
        code=code,
    )
    nudges.flag(assessment.pk)
    return assessment


def _beyond_doubt(readings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answers that are the same however the report is meant."""
    first, *others = readings
    return {name: value for name, value in first.items() if all(it.get(name) == value for it in others)}


def _told_anew(known: Assessment) -> bool:
    """Whether a body that was refused before is a new report all the same: it names no id by which a phone would send
    the same one again, and what it says is not before the team any more."""
    if known.quarantine is None or known.quarantine.client_id is not None or known.flagged_at is None:
        return False
    return _is_news(known)


def _counted_beyond_cap(device: DeviceToken, *, now: datetime) -> bool:
    """Whether the phone has used up its day. If so, the newest row of the day counts this body."""
    today = Quarantine.objects.filter(device=device, received_at__gt=now - timedelta(days=1))
    if today.count() < Quarantine.PER_DEVICE_AND_DAY:
        return False
    newest = today.order_by("-received_at", "-id").values("pk")[:1]
    Quarantine.objects.filter(pk__in=newest).update(beyond=F("beyond") + 1)
    return True


def _is_news(assessment: Assessment) -> bool:
    """Whether it holds an urgent finding that no live alert of the episode tells already. No cap may mute that."""
    told = {
        (rule, tier)
        for rule, tier in Alert.objects.filter(episode=assessment.episode, status__in=Alert.LIVE).values_list(
            "rule", "tier"
        )
    }
    return any(
        finding.tier >= Tier.SAME_DAY
        and not any(rule == finding.rule and tier >= finding.tier for rule, tier in told)
        for finding in verdicts.findings_of(assessment)
    )
