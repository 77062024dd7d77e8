from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from recovery import clock, reminders
from recovery.access import Shared
from recovery.api import documents, examples, parsing
from recovery.api.bodies import FormOpenedBody, PreferencesBody, ReminderReceiptBody, checked
from recovery.api.documents import Complaint
from recovery.api.openapi import FOR_PHONES, FOR_REPORTS, described
from recovery.api.parsing import OTHER_BYTES
from recovery.api.problems import Problem
from recovery.api.views.base import PhoneView, answer
from recovery.models import Preferences, Reminder

TEXT = "It is time for today's questions. They take about three minutes."

UNMEANT = {"remind_at": "quiet_time", "address": "not_an_address"}
"""What can be wrong with wishes beyond their form, by field."""

REMINDER_ID = OpenApiParameter(
    "reminder_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="As listed under `/me/reminders`"
)


class MyPreferences(PhoneView):
    """How the patient wishes to be reminded: where they are reached is nothing for a caregiver."""

    @described(
        "preferences",
        "How and when the patient is reminded",
        answers={200: documents.Preferences},
        refuses=(*FOR_PHONES, "not_shared"),
    )
    def get(self, request: Request) -> HttpResponse:
        return self._shown(reminders.of_episode(self.device.episode))

    @described(
        "set_preferences",
        "Choose how and when the patient is reminded",
        body=PreferencesBody,
        example=examples.PREFERENCES,
        answers={200: documents.Preferences},
        refuses=(*FOR_REPORTS, "not_shared", "invalid"),
    )
    def put(self, request: Request) -> HttpResponse:
        body = checked(PreferencesBody, parsing.read(self.wire, at_most=OTHER_BYTES).document())
        chosen = reminders.Chosen(
            channel=body.channel,
            address=body.address,
            remind_at=body.remind_at,
            repeats=body.repeats,
            quiet_from=body.quiet_from,
            quiet_until=body.quiet_until,
        )
        try:
            return self._shown(reminders.choose(device=self.device, chosen=chosen, now=clock.now()))
        except reminders.RemindersRefused as refused:
            field = refused.extra["field"]
            complaint = Complaint(place=field, code=UNMEANT[field], detail=refused.message)
            raise Problem("invalid", [complaint]) from None

    def _shown(self, row: Preferences) -> HttpResponse:
        return answer(
            documents.Preferences(
                channel=row.channel,
                address_hint=reminders.hint(row),
                remind_at=row.remind_at.isoformat("minutes"),
                repeats=row.repeats,
                quiet_from=row.quiet_from.isoformat("minutes"),
                quiet_until=row.quiet_until.isoformat("minutes"),
                time_zone=self.device.episode.time_zone,
                next_reminder_at=row.next_at,
            )
        )


class MyReminders(PhoneView):
    """What an app asks for, since nothing is pushed to it."""

    @described(
        "reminders",
        "Reminders that stand now",
        answers={200: documents.ReminderList},
        refuses=(*FOR_PHONES, "not_shared"),
    )
    def get(self, request: Request) -> HttpResponse:
        due = reminders.due_now(device=self.device, now=clock.now())
        return answer(documents.ReminderList(reminders=tuple(map(_document, due))))


class OneReminder(PhoneView):
    @described(
        "reminder_receipt",
        "Tell that a reminder was shown, or tapped",
        parameters=[REMINDER_ID],
        body=ReminderReceiptBody,
        example=examples.RECEIPT,
        answers={200: documents.Reminder},
        refuses=(*FOR_REPORTS, "not_shared", "invalid", "not_found"),
    )
    def put(self, request: Request, reminder_id: UUID) -> HttpResponse:
        body = checked(ReminderReceiptBody, parsing.read(self.wire, at_most=OTHER_BYTES).document())
        told = reminders.receipt(
            device=self.device,
            reminder_id=reminder_id,
            shown_at=body.shown_at,
            opened_at=body.opened_at,
            now=clock.now(),
        )
        return answer(_document(told))


class Form(PhoneView):
    shared = Shared.WITH_ALL

    @described(
        "form_opened",
        "Tell that the patient has begun to answer",
        body=FormOpenedBody,
        example=examples.FORM_OPENED,
        answers={200: documents.FormOpened},
        refuses=(*FOR_REPORTS, "invalid"),
    )
    def put(self, request: Request) -> HttpResponse:
        body = checked(FormOpenedBody, parsing.read(self.wire, at_most=OTHER_BYTES).document())
        noted = reminders.form_opened(device=self.device, at=body.opened_at, now=clock.now())
        return answer(documents.FormOpened(opened_at=noted))


def _document(row: Reminder) -> documents.Reminder:
    return documents.Reminder(
        id=row.uuid,
        slot=row.slot,
        due_at=row.due_at,
        expires_at=row.expires_at,
        text=TEXT,
        shown_at=row.shown_at,
        opened_at=row.opened_at,
    )
