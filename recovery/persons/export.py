"""Everything that the service holds about one patient, as one document.

It is read from the tables themselves, column by column (persons/shape.py), so that a new column cannot be forgotten.
Rows stand in the row that they belong to. A row that has a uuid is named by it; any other by its part and a number that
holds within this document alone. Who of the staff did something is told by role and a number, and by name where the
clinic names its staff to patients.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q

from recovery import audit, sealing, verdicts
from recovery.errors import Refused
from recovery.models import (
    Assessment,
    AuditEvent,
    CareTeam,
    CheckIn,
    Clinic,
    DeviceToken,
    Episode,
    Membership,
    Patient,
    User,
)
from recovery.models.sealed import SealedBytesField
from recovery.persons.shape import LEFT_OUT, PARTS, Part

FORMAT = "recovery-export/1"
SEALED = "sealed_"
LOST = "(sealed under a key that is known no more)"

Rows = dict[tuple[Part, int], list[models.Model]]


class NoSuchPerson(Refused):
    code = "no_such_person"
    message = "Nobody of this clinic has this number."


def find(*, uuid: UUID | None = None, clinic: str = "", hospital_number: str = "") -> Patient:
    """By the public id, or by the hospital number within the clinic of this name. Raises NoSuchPerson, also where two
    have it: what is held about one must not be given to another."""
    people = Patient.objects.exclude(episodes__team__canary__isnull=False)
    if uuid is not None:
        found = people.filter(uuid=uuid)
    else:
        found = people.filter(clinic__name__iexact=clinic, hospital_number__iexact=hospital_number)
    match list(found.distinct()[:2]):
        case [person]:
            return person
        case []:
            raise NoSuchPerson
        case _:
            raise NoSuchPerson(
                "Two have this number, in large and small letters. Name the person by the uuid."
            )


@transaction.atomic
def export(patient: Patient, *, by: User | None, now: datetime) -> dict[str, Any]:
    """The document, and that it was made. It ends up in the hands of the person it is about: nothing of anybody else is
    in it. `by`: nobody, when it was made beside the service.

    Nobody erases the person meanwhile: half of it would be taken for all. It is told of their last recovery, on whose
    phone they read who looked.
    """
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    document = _Writer(patient).document(now)
    last = Episode.objects.filter(patient=patient).order_by("-pk").values_list("pk", flat=True).first()
    audit.record(
        what="exported person",
        now=now,
        clinic=patient.clinic_id,
        user=by,
        subject=("patient", patient.uuid, last),
    )
    return document


def as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2) + "\n"


class _Writer:
    def __init__(self, patient: Patient) -> None:
        self.patient = patient = Patient.objects.get(pk=patient.pk)  # as it is now
        self.clinic = Clinic.objects.get(pk=patient.clinic_id)
        self.rows: Rows = defaultdict(list)
        self.names: dict[tuple[type[models.Model], int], str] = {}
        self.staff: dict[int, dict[str, str]] = {}
        self.teams = dict(CareTeam.objects.filter(clinic=self.clinic).values_list("pk", "name"))
        for part in PARTS:
            self._read(part, [patient.pk])
        self._name_staff()

    def document(self, now: datetime) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "made_at": now,
            "clinic": {"name": self.clinic.name, "telephone": self.clinic.team_phone},
            "person": self._row(self.patient, but=frozenset({"clinic"})),
            **self._parts(PARTS, self.patient.pk),
            "audit_of_the_person": [self._row(row) for row in self._audit],
        }

    # --- reading

    def _read(self, part: Part, parents: Sequence[int]) -> None:
        found = part.model._default_manager.filter(**{f"{part.by}__in": parents}).order_by(part.order, "pk")
        rows = list(found)
        for number, row in enumerate(rows, 1):
            self.rows[part, getattr(row, f"{part.by}_id")].append(row)
            self.names[part.model, row.pk] = _public_id(row) or f"{part.name} {number}"
        for inner in part.parts:
            self._read(inner, [row.pk for row in rows])

    @cached_property
    def _audit(self) -> list[AuditEvent]:
        """What names the person, or a phone of theirs, and no recovery: it stands in none of them."""
        ids = [self.patient.uuid, *(row.uuid for row in self._all() if hasattr(row, "uuid"))]
        phones = [row.pk for row in self._all() if isinstance(row, DeviceToken)]
        mine = Q(subject_id__in=ids) | Q(device__in=phones)
        return list(AuditEvent.objects.filter(mine, episode=None).order_by("at", "pk"))

    def _all(self) -> Iterable[models.Model]:
        return (row for rows in self.rows.values() for row in rows)

    def _name_staff(self) -> None:
        """Each by their role in this clinic and a number, in the order in which they come."""
        ids: dict[int, None] = {}
        for row in [*self._all(), *self._audit]:
            for field in row._meta.concrete_fields:
                if field.related_model is User and getattr(row, field.attname):
                    ids[getattr(row, field.attname)] = None
        roles = dict(
            Membership.objects.filter(user__in=ids, team__clinic=self.clinic)
            .order_by("started_at", "pk")
            .values_list("user", "role")
        )
        people = dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))
        for number, pk in enumerate(ids, 1):
            role = Membership.Role(roles[pk]).label if pk in roles else "Staff"
            named = {"name": people[pk]} if self.clinic.names_staff else {}
            self.staff[pk] = {"who": f"person {number}", "role": role} | named

    # --- writing

    def _parts(self, parts: Sequence[Part], parent: int) -> dict[str, Any]:
        return {
            part.name: [
                self._row(row, but=frozenset({part.by})) | self._parts(part.parts, row.pk)
                for row in self.rows[part, parent]
            ]
            for part in parts
        }

    def _row(self, row: models.Model, *, but: frozenset[str] = frozenset()) -> dict[str, Any]:
        model = type(row)
        told: dict[str, Any] = {}
        if not _public_id(row) and (model, row.pk) in self.names:
            told["named"] = self.names[model, row.pk]
        for field in model._meta.concrete_fields:
            if field.name in but or (model, field.name) in LEFT_OUT:
                continue
            if (field.primary_key and not field.is_relation) or field.name in {"clinic", "patient"}:
                continue
            told[field.name.removeprefix(SEALED)] = self._value(row, field)
        if isinstance(row, Assessment):
            told["advice_shown"] = self._advice(row)
        return told

    def _value(self, row: models.Model, field: "models.Field[Any, Any]") -> Any:
        value = getattr(row, field.attname)
        if value is None:
            return None
        if field.is_relation:
            return self._named(field, value)
        if isinstance(field, SealedBytesField):
            return bytes(value).decode(errors="replace")
        if field.name.startswith(SEALED) and value:
            try:
                return sealing.unseal(value)
            except sealing.CannotUnseal:
                return LOST
        return value

    def _named(self, field: "models.Field[Any, Any]", key: int) -> Any:
        of = field.related_model
        if of is User:
            return self.staff[key]
        if of is CareTeam:
            return self.teams[key]
        assert isinstance(of, type)
        return self.names.get((of, key), "of somebody else")

    def _advice(self, verdict: Assessment) -> Mapping[str, Any] | None:
        """What the patient reads of it, as the service tells it now. Of a silence they are told nothing."""
        if verdict.silent_slot is not None:
            return None
        tell = verdicts.of_refused if verdict.quarantine_id else verdicts.for_patient
        try:
            told = tell(episode=Episode(pk=verdict.episode_id, clinic=self.clinic), assessment=verdict)
        except KeyError:  # of a protocol that this release has not
            return None
        return {
            "action": told.action,
            "lines": [line.text for line in told.lines],
            "notes": list(told.notes),
            "footer": told.footer,
        }


def _public_id(row: models.Model) -> str:
    if isinstance(row, CheckIn):
        return str(row.client_id)
    return str(getattr(row, "uuid", "") or "")
