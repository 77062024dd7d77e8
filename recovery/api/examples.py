"""Requests as a phone sends them, shown in the API's description."""

from typing import Any

REDEEM: dict[str, Any] = {"code": "7QK4-2M8C-PX3T", "device": {"name": "Ana's phone", "platform": "android"}}

CHECK_IN: dict[str, Any] = {
    "id": "0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11",
    "observed_at": "2026-03-03T09:15:00+01:00",
    "sent_at": "2026-03-03T09:18:20+01:00",
    "status": "completed",
    "answered_by": "patient",
    "app_version": "android/1.4.0",
    "answers": {
        "cannot_move": "no",
        "weakness": "no",
        "numbness": "new_or_worse",
        "numbness_where": ["one_leg"],
        "bladder": "no",
        "bowel": "no",
        "breathing": "no",
        "chest_pain": "no",
        "bleeding": "none",
        "pain_now": 4,
        "pain_controlled": "yes",
        "temp": {"value": 36.8, "unit": "C"},
    },
}

CORRECTION: dict[str, Any] = {name: value for name, value in CHECK_IN.items() if name != "id"} | {
    "base_revision": 1
}

BATCH: dict[str, Any] = {"check_ins": [CHECK_IN]}

PREFERENCES: dict[str, Any] = {
    "channel": "sms",
    "address": "+44 7700 900123",
    "remind_at": "10:00",
    "repeats": 1,
    "quiet_from": "21:00",
    "quiet_until": "08:00",
}

RECEIPT: dict[str, Any] = {"shown_at": "2026-03-03T10:00:04+01:00", "opened_at": "2026-03-03T10:02:31+01:00"}

FORM_OPENED: dict[str, Any] = {"opened_at": "2026-03-03T10:02:35+01:00"}

CAREGIVER: dict[str, Any] = {
    "name": "Tom Whitfield",
    "relation": "son",
    "phone": "07700 900456",
    "scope": "read",
    "agreed_to": "caregiver/1",
}

SCOPE: dict[str, Any] = {"scope": "report"}
