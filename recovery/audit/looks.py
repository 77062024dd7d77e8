"""Who looked at a recovery: each page that shows somebody signed in something of a patient, each export, each answer to
the patient's own phone. The patient can read it."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import DatabaseError

from recovery import asking, statements
from recovery.models import AuditEvent, DeviceToken, Episode, Membership, User

log = logging.getLogger(__name__)

LOOKED = "looked: "
"""What these events begin with; the name of the page follows."""

LOOKS = {
    "patient": "opened your page",
    "alert": "read one of your alerts",
    "report": "read a report of yours that could not be taken as it was",
    "care-checkin": "opened a check-in to fill in with you",
    "care-checkin-told": "read what a check-in told you",
    "care-summary": "read the summary of your recovery",
    "person": "opened the page on what is held about you",
    "enrol-sheet": "printed your enrolment sheet",
}
"""In words for the patient; a page that is not named here is one on which the team changes something about them."""
OTHERWISE = "opened a page to change something about your care"

LONGEST = timedelta(days=120)
"""What is shown of the past: a recovery and a month."""
MOST = 500

# The page's object leads to the recovery; a list belongs to none, and to the clinic of whoever looked.
_LOOK = """
    WITH it AS (
        SELECT id, clinic_id, 'episode' AS subject, uuid FROM recovery_episode WHERE uuid = %(episode)s
        UNION ALL
        SELECT episode_id, clinic_id, 'alert', uuid FROM recovery_alert WHERE uuid = %(alert)s
        UNION ALL
        SELECT episode_id, clinic_id, 'quarantine', uuid FROM recovery_quarantine WHERE uuid = %(report)s
    )
    INSERT INTO recovery_auditevent (clinic_id, at, user_id, device_id, what, subject, subject_id, episode_id,
           request_id, browser, detail)
    SELECT coalesce((SELECT clinic_id FROM it LIMIT 1), %(clinic)s,
                    (SELECT t.clinic_id FROM recovery_membership m JOIN recovery_careteam t ON t.id = m.team_id
                      WHERE m.user_id = %(user)s AND m.ended_at IS NULL ORDER BY t.id LIMIT 1)),
           %(now)s, %(user)s, %(device)s, %(what)s, coalesce((SELECT subject FROM it LIMIT 1), ''),
           (SELECT uuid FROM it LIMIT 1), coalesce((SELECT id FROM it LIMIT 1), %(own)s), %(request_id)s, %(browser)s,
           '{}'
 RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Look:
    """So many looks of one day, of people of one role, in words: for the patient."""

    on: date
    who: str
    what: str
    times: int


def record_look(
    *,
    page: str,
    now: datetime,
    user: User | None = None,
    device: DeviceToken | None = None,
    of: Mapping[str, object] | None = None,
) -> None:
    """Remember that somebody was shown something. `of` are the ids in the address: episode_id, alert_id, report_id.

    A look that cannot be written down is allowed: whoever needs help is looked at. The log says so, without a name.
    """
    request, ids = asking.now(), of or {}
    parameters = {
        "what": f"{LOOKED}{page}"[:60],
        "now": now,
        "user": user.pk if user else None,
        "device": device.pk if device else None,
        "clinic": device.clinic_id if device else None,
        "own": device.episode_id if device else None,
        "request_id": request.request_id,
        "browser": request.browser,
        "episode": _uuid(ids.get("episode_id")),
        "alert": _uuid(ids.get("alert_id")),
        "report": _uuid(ids.get("report_id")),
    }
    try:
        statements.fetch_all(_LOOK, parameters)
    except DatabaseError as error:
        log.error(
            "a look at %s was not recorded (%s), request %s", page, type(error).__name__, request.request_id
        )


def looks_at(episode: Episode, *, now: datetime) -> list[Look]:
    """Who of the staff looked, by day and role, the newest first."""
    zone = ZoneInfo(episode.time_zone)
    rows = (
        AuditEvent.objects.filter(
            episode=episode, user__isnull=False, what__startswith=LOOKED, at__gt=now - LONGEST
        )
        .order_by("-at", "-id")
        .values_list("at", "what", "user")[:MOST]
    )
    looks = list(rows)
    roles = dict(
        Membership.objects.filter(team=episode.team_id, user__in={user for _, _, user in looks})
        .order_by("started_at")
        .values_list("user", "role")
    )
    counted = Counter(
        (at.astimezone(zone).date(), _role(roles.get(user)), LOOKS.get(what.removeprefix(LOOKED), OTHERWISE))
        for at, what, user in looks
    )
    return [Look(on, who, what, times) for (on, who, what), times in counted.items()]


def _role(role: str | None) -> str:
    return Membership.Role(role).label if role else "Care team"


def _uuid(given: object) -> UUID | None:
    return given if isinstance(given, UUID) else None
