"""A batch: many reports in one envelope. What is wrong with the envelope hides nothing of what stands in it."""

from typing import Any

from django.db import DatabaseError, InterfaceError

from recovery import checkins, verdicts
from recovery.api import refusals
from recovery.api.bodies import MOST_IN_A_BATCH, BatchBody, checked
from recovery.api.documents import BatchResult, BatchResults, Complaint
from recovery.api.parsing import Body
from recovery.api.problems import Problem, report
from recovery.api.reception import Answer, Item, Reception, found_in
from recovery.api.refusals import Found
from recovery.clinical.verdict import Verdict
from recovery.scanning import Flaw

MOST_JUDGED = 200
"""Of a refused batch, so that no body keeps the service busy. Of what lies beyond a human being is told."""

BROKEN_OFF = Flaw("not_json", None)
"""Where a list broke off. There is no report there."""


def take(reception: Reception, body: Body) -> BatchResults | Answer:
    """Take each report by itself. An Answer when it is no batch, or when the database does not answer: then the whole
    batch comes again, and those that were taken are found again."""
    document = None
    try:
        document = body.flawed_document()
        items = _items(document)
    except Problem as problem:
        return _refuse(reception, problem, body, document)
    results = []
    for item in items:
        given = reception.submit(item)
        if given.status == 503:
            return reception.put_off(map(_found, items))
        results.append(BatchResult(status=given.status, body=given.document))
    return BatchResults(results=tuple(results))


def keep_unsent(reception: Reception, body: Body, problem: Problem) -> Answer:
    """Of a phone that was signed out nothing is taken; each report is kept for the care team to read."""
    return _refuse(reception, problem, body, None)


def _items(document: dict[str, Any]) -> list[Item]:
    """The reports of a batch; what is wrong inside one is that one's matter. Raises Problem when it is no batch."""
    batch = checked(BatchBody, document)
    if len(batch.check_ins) > MOST_IN_A_BATCH:
        raise Problem("too_many")
    return [Item(value) for value in batch.check_ins]


def _items_in(document: dict[str, Any]) -> list[Item]:
    """The reports of what is no batch, those of a list that was given twice included."""
    match document.get("check_ins"):
        case list() as values:
            lists = [values]
        case Flaw(code="duplicate_key", was=given):
            lists = [values for values in given if isinstance(values, list)]
        case _:
            lists = []
    return [Item(value) for values in lists for value in values if value != BROKEN_OFF]


def _refuse(reception: Reception, problem: Problem, body: Body, document: dict[str, Any] | None) -> Answer:
    """Keep the envelope, and each report in it by itself. The patient is told the worst of them."""
    if problem.code in refusals.NOT_KEPT:
        return reception.answer_with(problem)
    items = _items_in(body.rest() if document is None else document)
    judged, beyond = items[:MOST_JUDGED], len(items) - MOST_JUDGED
    if beyond > 0:
        place = f"check_ins[{MOST_JUDGED}:{len(items)}]"
        problem.errors += (Complaint(place=place, code="not_read", detail=f"{beyond} were not read."),)
    envelope = Found({}, whole=document is not None and bool(judged) and beyond <= 0)
    try:
        told = [_keep(reception, problem, body.raw, envelope)]
        for item in judged:
            told += _told_of(item, reception, problem)
    except (DatabaseError, InterfaceError) as error:
        report(error, reception.request_id)
        return reception.put_off([_found(item) for item in judged] or [envelope])
    return reception.answer_with(refusals.tell(problem, told))


def _told_of(item: Item, reception: Reception, problem: Problem) -> list[Verdict]:
    """What the patient is told of one report of a refused batch. One that was sent before is not kept once more."""
    document, why = _read(item)
    try:
        before = reception.sent_before(document) if document is not None else None
    except checkins.WithdrawnBefore:
        return []
    if before is not None:
        return [verdicts.for_patient(episode=reception.device.episode, assessment=before.assessment)]
    return [_keep(reception, why or Problem(problem.code), item.raw, found_in(item, document))]


def _keep(reception: Reception, problem: Problem, raw: bytes, found: Found) -> Verdict:
    return refusals.keep(problem, device=reception.device, raw=raw, found=found, now=reception.now)


def _found(item: Item) -> Found:
    return found_in(item, _read(item)[0])


def _read(item: Item) -> tuple[dict[str, Any] | None, Problem | None]:
    """The report, or why it cannot be read."""
    try:
        return item.document(), None
    except Problem as problem:
        return None, problem
