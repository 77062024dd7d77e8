"""A batch: many reports in one envelope. What is wrong with the envelope hides nothing of what stands in it."""

from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from recovery.api import refusals
from recovery.api.bodies import MOST_IN_A_BATCH, BatchBody, checked
from recovery.api.documents import BatchResult, BatchResults, Complaint
from recovery.api.parsing import Body, Flaw
from recovery.api.problems import Problem, report
from recovery.api.reception import Answer, Item, Reception
from recovery.clinical.verdict import Verdict

MOST_JUDGED = 200
"""Of a refused batch, so that no body keeps the service busy. Of what lies beyond a human being is told."""


def take(reception: Reception, body: Body) -> BatchResults | Answer:
    """Take each report by itself. An Answer when it is no batch, or when the database does not answer: then the whole
    batch comes again, and those that were taken are found again."""
    document = None
    try:
        document = body.flawed_document()
        items = _items(document)
    except Problem as problem:
        return _refuse(reception, problem, body.raw, _found_in(document))
    results = []
    for item in items:
        given = reception.submit(item)
        if given.status == 503:
            return reception.put_off(_read(item)[0] for item in items)
        results.append(BatchResult(status=given.status, body=given.document))
    return BatchResults(results=tuple(results))


def _items(document: dict[str, Any]) -> list[Item]:
    """The reports of a batch; what is wrong inside one is that one's matter. Raises Problem when it is no batch."""
    batch = checked(BatchBody, document)
    if len(batch.check_ins) > MOST_IN_A_BATCH:
        raise Problem("too_many")
    return [Item(value) for value in batch.check_ins]


def _found_in(document: dict[str, Any] | None) -> list[Item]:
    """The reports of what is no batch, those of a list that was given twice included."""
    match (document or {}).get("check_ins"):
        case list() as values:
            return [Item(value) for value in values]
        case Flaw(code="duplicate_key", was=lists):
            return [Item(value) for values in lists if isinstance(values, list) for value in values]
        case _:
            return []


def _refuse(reception: Reception, problem: Problem, raw: bytes, items: Sequence[Item]) -> Answer:
    """Keep the envelope, and each report in it by itself. The patient is told the worst of them."""
    judged, beyond = items[:MOST_JUDGED], len(items) - MOST_JUDGED
    if problem.code in refusals.NOT_KEPT:
        return reception.answer_with(problem)
    if beyond > 0:
        place = f"check_ins[{MOST_JUDGED}:{len(items)}]"
        problem.errors += (Complaint(place=place, code="not_read", detail=f"{beyond} were not read."),)
    try:
        told = [_keep(reception, problem, raw, {} if judged and beyond <= 0 else None)]
        for item in judged:
            document, why = _read(item)
            told.append(_keep(reception, why or Problem(problem.code), item.raw, document))
    except (OperationalError, InterfaceError) as error:
        report(error, reception.request_id)
        return reception.put_off([_read(item)[0] for item in judged] or [None])
    return reception.answer_with(
        refusals.tell(problem, told, device=reception.device, if_nothing=refusals.ASK_AGAIN)
    )


def _keep(reception: Reception, problem: Problem, raw: bytes, document: Any) -> Verdict:
    return refusals.keep(
        problem, device=reception.device, raw=raw, document=document, id_in_path=None, now=reception.now
    )


def _read(item: Item) -> tuple[dict[str, Any] | None, Problem | None]:
    """What can be read of a report, or why nothing can."""
    try:
        return item.document(), None
    except Problem as problem:
        return None, problem
