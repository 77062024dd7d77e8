"""What somebody was shown, or asked for in vain: each page and each answer that shows something, each refusal of
somebody who is known. The patient can read who looked at their recovery (recovery/audit/lookers.py).

A deed is remembered by itself, with what it does (recovery/audit/recording.py); a request that remembered one leaves no
second event here.
"""

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError

from recovery import asking, statements
from recovery.models import DeviceToken, User

log = logging.getLogger(__name__)

LOOKED = "looked: "
PRINTED = "printed: "
"""A page that is made to leave the house on paper."""
REFUSED = "refused: "
IN_VAIN = "changed nothing: "
"""What these events begin with; the name of the page follows."""

ON_PAPER = {"handover", "enrol-sheet", "enrol-sheets", "care-summary"}

AGAIN_AFTER = timedelta(minutes=15)
"""What an open page asks for by itself is the same look for so long: nobody stays signed in longer without a deed."""

NAMED = {"episode_id": "episode", "alert_id": "alert", "report_id": "quarantine"}

# The page's object leads to the recovery; a list belongs to none, and is told in each clinic that whoever looked works
# for: it shows something of all of them. Which those are is told by a function of the owner's: who gave one factor
# alone has none of them in reach. What was refused as not there is named as it was asked for, and nothing is looked up
# for it. Nothing is returned: whoever has left is not shown what is remembered of them.
_LOOK = """
    WITH it AS (
        SELECT id, clinic_id, 'episode' AS subject, uuid FROM recovery_episode WHERE uuid = %(episode)s::uuid
        UNION ALL
        SELECT episode_id, clinic_id, 'alert', uuid FROM recovery_alert WHERE uuid = %(alert)s::uuid
        UNION ALL
        SELECT episode_id, clinic_id, 'quarantine', uuid FROM recovery_quarantine WHERE uuid = %(report)s::uuid
    ), works_for AS (
        SELECT unnest(recovery_clinics_of_account(%(user)s::bigint)::bigint[]) AS clinic_id
    ), its AS (
        SELECT coalesce((SELECT clinic_id FROM it LIMIT 1), %(clinic)s::bigint) AS clinic_id
    ), home AS (
        SELECT clinic_id FROM its WHERE clinic_id IS NOT NULL
         UNION ALL
        SELECT works_for.clinic_id FROM works_for, its WHERE its.clinic_id IS NULL
         UNION ALL
        SELECT recovery_last_clinic_of(%(user)s::bigint) FROM its
         WHERE its.clinic_id IS NULL AND NOT EXISTS (SELECT FROM works_for)
    )
    INSERT INTO recovery_auditevent (clinic_id, at, user_id, device_id, what, subject, subject_id, episode_id,
           request_id, browser, detail)
    SELECT home.clinic_id, %(now)s::timestamptz, %(user)s::bigint, %(device)s::bigint, %(what)s::text,
           coalesce((SELECT subject FROM it LIMIT 1), %(kind)s::text),
           coalesce((SELECT uuid FROM it LIMIT 1), %(asked)s::uuid),
           coalesce((SELECT id FROM it LIMIT 1), %(own)s::bigint),
           %(request_id)s::text, %(browser)s::text, %(detail)s::jsonb
      FROM home
     WHERE NOT EXISTS (
           SELECT FROM recovery_auditevent before
            WHERE before.clinic_id = home.clinic_id AND before.at > %(not_since)s::timestamptz
              AND before.what = %(what)s::text
              AND before.user_id IS NOT DISTINCT FROM %(user)s::bigint
              AND before.device_id IS NOT DISTINCT FROM %(device)s::bigint
              AND before.browser = %(browser)s::text
              AND before.subject_id IS NOT DISTINCT FROM
                  coalesce((SELECT uuid FROM it LIMIT 1), %(asked)s::uuid))
"""


def record_look(
    *,
    page: str,
    now: datetime,
    user: User | None = None,
    device: DeviceToken | None = None,
    of: Mapping[str, object] | None = None,
    status: int = 200,
    by_itself: bool = False,
) -> None:
    """Remember that somebody was shown something, or was refused it (`status` from 400 on), or pressed what changed
    nothing (from 300 on). `of` are the ids in the address. `by_itself`: an open page asked.

    A look that cannot be written down is allowed: whoever needs help is looked at. The log then says who looked at
    what, by the same ids, and the auditor raises an alarm (recovery/auditor/memory.py).
    """
    request = asking.now()
    ids = {name: value for name, value in (of or {}).items() if isinstance(value, UUID)}
    known = {} if status == 404 else ids
    last = next(reversed(ids), "")
    parameters = {
        "what": f"{_kind(page, status)}{page}"[:60],
        "now": now,
        "user": user.pk if user else None,
        "device": device.pk if device else None,
        "clinic": device.clinic_id if device else None,
        "own": device.episode_id if device else None,
        "request_id": request.request_id,
        "browser": request.browser,
        "episode": known.get("episode_id"),
        "alert": known.get("alert_id"),
        "report": known.get("report_id"),
        "kind": NAMED.get(last, last.removesuffix("_id")),
        "asked": ids.get(last),
        "detail": "{}" if status < 400 else json.dumps({"status": status}),
        "not_since": now - AGAIN_AFTER if by_itself else None,
    }
    try:
        statements.run(_LOOK, parameters)
    except DatabaseError as error:
        log.error(
            "not recorded (%s): %s by user %s phone %s of %s, request %s",
            type(error).__name__,
            parameters["what"],
            user.uuid if user else "-",
            device.uuid if device else "-",
            ids.get(last, "-"),
            request.request_id,
        )


def _kind(page: str, status: int) -> str:
    if status >= 400:
        return REFUSED
    if status >= 300 or status == 204:
        return IN_VAIN
    return PRINTED if page in ON_PAPER else LOOKED
