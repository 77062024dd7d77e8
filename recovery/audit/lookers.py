"""Who looked at a recovery, for the patient: what their team opened, and what their own phones asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from recovery import statements
from recovery.audit.looks import LOOKED, PRINTED, REFUSED
from recovery.models import DeviceToken, Episode, Membership

LONGEST = timedelta(days=120)
"""What is shown of the past: a recovery and a month."""

EXPORTED = "exported person"
REFUSED_WITH_THE_PAGE = ("409", "422")
"""With these a form comes back that could not be taken, on the page that it stands on."""

LOOKS = {
    "patient": "opened your page",
    "patient-state": "had your page open",
    "alert": "read one of your alerts",
    "alert-state": "had one of your alerts open",
    "report": "read a report of yours that could not be taken as it was",
    "care-checkin": "opened a check-in to fill in with you",
    "care-checkin-told": "read what a check-in told you",
    "care-summary": "read the summary of your recovery",
    "enrol-sheet": "printed your enrolment sheet",
    "person": "opened the page on what is held about you",
    EXPORTED: "made a copy of everything that is held about you",
    "phone me": "opened this app",
    "phone check-ins": "read your check-ins",
    "phone check-in": "read one of your check-ins",
    "phone alerts": "read what became of your reports",
    "phone looks": "read who looked",
}
"""In words for the patient; a page that is not named here is one on which something about them is changed."""
OTHERWISE = "opened a page to change something about your care"
OWN_OTHERWISE = "asked for something else of your recovery"

# The newest first. Two looks of one instant are told apart by the ids of their requests, which anybody may know.
# Index: audit_by_episode of the team's; of phones the one by device.
_LOOKS = """
    SELECT seen.at, seen.request_id, seen.what, person.name, member.role, team.name, seen.device_id
      FROM recovery_auditevent seen
      LEFT JOIN recovery_user person ON person.id = seen.user_id
      LEFT JOIN LATERAL (
           SELECT m.role, m.team_id FROM recovery_membership m JOIN recovery_careteam t ON t.id = m.team_id
            WHERE m.user_id = seen.user_id AND t.clinic_id = %(clinic)s::bigint
            ORDER BY m.team_id <> %(team)s::bigint, m.started_at DESC LIMIT 1) member ON true
      LEFT JOIN recovery_careteam team ON team.id = member.team_id
     WHERE {whose}
       AND (starts_with(seen.what, %(looked)s::text) OR starts_with(seen.what, %(printed)s::text)
            OR seen.user_id IS NOT NULL
               AND (seen.what = %(exported)s::text
                    OR starts_with(seen.what, %(refused)s::text)
                       AND seen.detail->>'status' = ANY(%(with_the_page)s::text[])))
       AND seen.at > %(since)s::timestamptz
       AND (seen.at, seen.request_id) < (%(at)s::timestamptz, %(request_id)s::text)
     ORDER BY seen.at DESC, seen.request_id DESC LIMIT %(limit)s::bigint
"""
BY_TEAM = "seen.episode_id = %(episode)s::bigint AND seen.user_id IS NOT NULL"
BY_PHONES = "seen.device_id = ANY(%(devices)s::bigint[]) AND seen.user_id IS NULL"


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `role`, `team` and perhaps `name` are of somebody of the team, `phone` of a phone of the
    patient's, or of the `caregiver` who holds it."""

    at: datetime
    request_id: str
    what: str
    role: str = ""
    team: str = ""
    name: str = ""
    phone: UUID | None = None
    phone_name: str = ""
    caregiver: str = ""


def looks_at(
    episode: Episode,
    *,
    own: bool = False,
    before: tuple[datetime, str] | None = None,
    limit: int,
    now: datetime,
) -> list[Look]:
    """Who looked, the newest first: those of the team, or the patient's `own` phones. `before` is the place after the
    last one that was given.

    Names of staff are told where the clinic tells them elsewhere (`names_staff`); otherwise the role has to do: a nurse
    who is looked up at home is a hazard of its own, and the clinic knows who it was.
    """
    devices = DeviceToken.objects.filter(episode=episode).select_related("caregiver") if own else ()
    phones = {device.pk: device for device in devices}
    at, request_id = before or (now + timedelta(days=1), "")
    parameters = {
        "clinic": episode.clinic_id,
        "team": episode.team_id,
        "episode": episode.pk,
        "devices": list(phones),
        "looked": LOOKED,
        "printed": PRINTED,
        "exported": EXPORTED,
        "refused": REFUSED,
        "with_the_page": [*REFUSED_WITH_THE_PAGE],
        "since": now - LONGEST,
        "at": at,
        "request_id": request_id,
        "limit": limit,
    }
    rows = statements.fetch_all(_LOOKS.format(whose=BY_PHONES if own else BY_TEAM), parameters)
    names_staff = episode.clinic.names_staff
    return [_look(row, phones.get(row[6]), names_staff=names_staff) for row in rows]


def _look(row: tuple[Any, ...], phone: DeviceToken | None, *, names_staff: bool) -> Look:
    at, request_id, what, name, role, team, _ = row
    page = what.removeprefix(LOOKED).removeprefix(PRINTED).removeprefix(REFUSED)
    if phone is not None:
        what = LOOKS.get(page, OWN_OTHERWISE)
        helper = phone.caregiver.name if phone.caregiver else ""
        return Look(at, request_id, what, phone=phone.uuid, phone_name=phone.name, caregiver=helper)
    return Look(
        at,
        request_id,
        LOOKS.get(page, OTHERWISE),
        role=Membership.Role(role).label if role else "Care team",
        team=team or "",
        name=(name or "") if names_staff else "",
    )
