from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from rest_framework.request import Request

from recovery import access, clock, enrolment, reminders, verdicts
from recovery.access import Shared
from recovery.api import documents
from recovery.api.openapi import FOR_PHONES, described
from recovery.api.patients import episode_document, holder_document, patient_document
from recovery.api.views.base import PhoneView, answer
from recovery.clinical import protocol as protocols
from recovery.clinical.facts import hours_between
from recovery.clinical.protocol import Protocol
from recovery.clinical.timeline import Slot, day_number
from recovery.models import CheckIn, Episode


class Me(PhoneView):
    """Where the patient is in the recovery, what is normal now, what is due next, and whom to call."""

    shared = Shared.WITH_ALL

    @described("me", "Where the patient is in the recovery", answers={200: documents.Me}, refuses=FOR_PHONES)
    def get(self, request: Request) -> HttpResponse:
        now = clock.now()
        reminders.heard(device=self.device, now=now)
        episode = self.device.episode
        protocol = protocols.get(episode.protocol)
        hours = hours_between(episode.procedure_at, now)
        phase = protocol.phase_at(hours)
        numbers = verdicts.numbers_of(episode.clinic)
        card = protocol.education["call"]
        reported_at = self._last_completed_at()
        reported_h = None if reported_at is None else hours_between(episode.procedure_at, reported_at)
        return answer(
            documents.Me(
                patient=patient_document(self.device.patient),
                caregiver=holder_document(self.device),
                episode=episode_document(episode),
                hours=round(hours, 2),
                day=day_number(episode.procedure_at, now, ZoneInfo(episode.time_zone)),
                phase=documents.Phase(id=phase.id, name=phase.name, expect=phase.expect, advice=phase.advice),
                next_slot=_slot_document(protocol.next_slot(hours, reported_h), episode, now),
                done_for_now=_fills(protocol.slot_at(hours), reported_h),
                missed=_missed(episode, protocol, reported_at),
                numbers=documents.Numbers(**asdict(numbers)),
                red_flag_card=documents.RedFlagCard(title=card.title, text=numbers.filled_in(card.text)),
                footer=numbers.filled_in(protocol.footer),
            )
        )

    def _last_completed_at(self) -> datetime | None:
        """Whoever sent it: a caregiver has to know, too, whether a check-in is due."""
        completed = access.reports_of_anybody(self.device).filter(
            status=CheckIn.Status.COMPLETED, withdrawn_at=None
        )
        return completed.order_by("-effective_at", "-id").values_list("effective_at", flat=True).first()


class ThisPhone(PhoneView):
    """The phone that asks."""

    shared = Shared.WITH_ALL

    @described("sign_off", "Sign this phone off: its token ends", answers={204: None}, refuses=FOR_PHONES)
    def delete(self, request: Request) -> HttpResponse:
        enrolment.sign_off(device=self.device, now=clock.now())
        return HttpResponse(status=204)


def _opens_at(slot: Slot, episode: Episode) -> datetime:
    return episode.procedure_at + timedelta(hours=slot.open_h)


def _fills(slot: Slot | None, reported_h: float | None) -> bool:
    return slot is not None and reported_h is not None and reported_h >= slot.open_h


def _slot_document(slot: Slot | None, episode: Episode, now: datetime) -> documents.Slot | None:
    """None after the last slot, or when nobody expects check-ins any more."""
    if slot is None or episode.status == Episode.Status.ENDED:
        return None
    opens_at = _opens_at(slot, episode)
    return documents.Slot(
        id=slot.id,
        opens_at=opens_at,
        closes_at=episode.procedure_at + timedelta(hours=slot.close_h),
        open_now=opens_at <= now,
    )


def _missed(episode: Episode, protocol: Protocol, reported_at: datetime | None) -> tuple[documents.Line, ...]:
    """What to tell a patient whose check-in is missed now. A later completed check-in clears older gaps
    (specification 4), and while an episode is paused or over nothing is missed."""
    if episode.status != Episode.Status.ACTIVE:
        return ()
    judged = episode.assessments.filter(silent_slot__isnull=False, is_current=True)
    silence = judged.order_by("-effective_at").first()
    if silence is None:
        return ()
    slot = next((slot for slot in protocol.slots if slot.id == silence.silent_slot), None)
    if slot is None or (reported_at is not None and reported_at >= _opens_at(slot, episode)):
        return ()  # of a silence that could not be judged only the team is told
    told = verdicts.for_patient(episode=episode, assessment=silence)
    return tuple(documents.Line(rule=line.rule, text=line.text) for line in told.lines)
