"""Where reports arrive, one by one or in a batch: read, checked, handed over; whatever is refused is kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from recovery import checkins
from recovery.api import receipts, refusals
from recovery.api.bodies import check_in_body, checked, correction_body
from recovery.api.documents import Complaint, ProblemDocument, Receipt
from recovery.api.parsing import refuse_flaws, written_again
from recovery.api.problems import Problem, report
from recovery.api.refusals import Found
from recovery.errors import Refused
from recovery.models import DeviceToken

NOT_THE_PATH = Complaint(place="id", code="not_the_path", detail="This is not the id in the path.")


class Sent(Protocol):
    """A report as it came. `document` raises Problem when it cannot be read; `rest` is what can be read even then."""

    @property
    def raw(self) -> bytes: ...

    def document(self) -> dict[str, Any]: ...

    def rest(self) -> dict[str, Any]: ...


def found_in(sent: Sent, document: dict[str, Any] | None = None) -> Found:
    """What can be read of a report; `document` if that was found out."""
    return Found(sent.rest()) if document is None else Found(document, whole=True)


@dataclass(frozen=True, slots=True)
class Item:
    """One report of a batch."""

    value: Any

    @property
    def raw(self) -> bytes:
        return written_again(self.value)

    def document(self) -> dict[str, Any]:
        refuse_flaws(self.value)
        if not isinstance(self.value, dict):
            raise Problem("not_an_object")
        return self.value

    def rest(self) -> dict[str, Any]:
        return self.value if isinstance(self.value, dict) else {}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    document: Receipt | ProblemDocument
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reception:
    """Takes the reports of one phone, at one instant."""

    device: DeviceToken
    now: datetime
    request_id: str

    def submit(self, sent: Sent) -> Answer:
        """A new report. 201; 200 when it was sent before."""

        def take(document: dict[str, Any]) -> checkins.Receipt:
            body = checked(check_in_body(self.device.episode.protocol), document)
            return checkins.submit(
                device=self.device,
                submission=body.submission(body.id, caregiver=self.device.caregiver_id),
                now=self.now,
            )

        return self._answer(sent, take, created=201)

    def correct(self, sent: Sent, client_id: UUID) -> Answer:
        """A new revision of a report: a correction, or the rest of a half-finished one."""

        def take(document: dict[str, Any]) -> checkins.Receipt:
            body = checked(correction_body(self.device.episode.protocol), document)
            if body.id not in {None, client_id}:
                raise Problem("invalid", [NOT_THE_PATH])
            return checkins.correct(
                device=self.device,
                submission=body.submission(client_id, caregiver=self.device.caregiver_id),
                base_revision=body.base_revision,
                now=self.now,
            )

        return self._answer(sent, take, created=200, id_in_path=client_id)

    def sent_before(self, document: dict[str, Any]) -> checkins.Receipt | None:
        """The receipt of a report that was taken before; None of any other. Raises WithdrawnBefore."""
        try:
            body = checked(check_in_body(self.device.episode.protocol), document)
        except Problem:
            return None
        return checkins.sent_before(
            device=self.device, submission=body.submission(body.id, caregiver=self.device.caregiver_id)
        )

    def refuse(self, problem: Problem, raw: bytes, found: Found, id_in_path: UUID | None = None) -> Answer:
        """Keep what was refused, unless it was for a moment only."""
        if problem.code in refusals.NOT_KEPT:
            return self.answer_with(problem)
        told = refusals.keep(
            problem, device=self.device, raw=raw, found=found, id_in_path=id_in_path, now=self.now
        )
        return self.answer_with(refusals.tell(problem, [told]))

    def put_off(self, found: Iterable[Found]) -> Answer:
        """The database cannot take it now: the phone keeps it and comes again, but what to do is said at once.

        `found` is what could be read of the reports, at least one.
        """
        told = [refusals.judge_unkept(each, device=self.device, now=self.now) for each in found]
        return self.answer_with(refusals.tell(Problem.unavailable(), told))

    def answer_with(self, problem: Problem) -> Answer:
        return Answer(problem.status, problem.document(self.request_id), problem.headers)

    def _answer(
        self,
        sent: Sent,
        take: Callable[[dict[str, Any]], checkins.Receipt],
        *,
        created: int,
        id_in_path: UUID | None = None,
    ) -> Answer:
        document = None
        try:
            try:
                document = sent.document()
                taken = take(document)
            except checkins.WithdrawnBefore as refused:  # judged when it came first, and taken back since
                return self.answer_with(Problem.of(refused))
            except (Problem, Refused) as refused:
                problem = refused if isinstance(refused, Problem) else Problem.of(refused)
                return self.refuse(problem, sent.raw, found_in(sent, document), id_in_path)
            except (DataError, IntegrityError) as error:  # sent again it would fail again, and never be seen
                report(error, self.request_id)
                found = found_in(sent, document)
                return self.refuse(Problem("not_stored"), sent.raw, found, id_in_path)
        except (
            DatabaseError,
            InterfaceError,
        ) as error:  # what cannot be remembered is not taken, either (ADR 28)
            report(error, self.request_id)
            return self.put_off([found_in(sent, document)])
        receipt = receipts.receipt(taken, self.device.episode)
        return (
            Answer(created, receipt) if taken.created else Answer(200, receipt, {"Idempotent-Replay": "true"})
        )
