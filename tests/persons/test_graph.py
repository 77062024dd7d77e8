"""No table is forgotten: whatever leads to a patient is in the export, or stands in a list with the reason."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

from recovery import persons
from recovery.models import Patient
from recovery.persons.shape import every

OURS = list(apps.get_app_config("recovery").get_models())


def leads_to(model: type[models.Model], to: type[models.Model], seen: frozenset[type] = frozenset()) -> bool:
    """By any road of keys."""
    return model is to or any(
        leads_to(other, to, seen | {model}) for other in _named_by(model) if other not in seen
    )


def _named_by(model: type[models.Model]) -> Iterator[type[models.Model]]:
    for field in model._meta.concrete_fields:
        if isinstance(field.related_model, type):
            yield field.related_model


ABOUT_PATIENTS = [model for model in OURS if leads_to(model, Patient)]


@pytest.mark.parametrize("model", ABOUT_PATIENTS)
def test_s49_each_table_that_leads_to_a_patient_is_exported_or_left_out_with_a_reason(
    model: type[models.Model],
) -> None:
    exported = {Patient, *(part.model for part in every())}

    assert (model in exported) != (model in persons.ABOUT_NOBODY), model


def test_what_is_left_out_is_there_and_has_a_reason() -> None:
    for (model, name), reason in persons.LEFT_OUT.items():
        assert model._meta.get_field(name)
        assert len(reason) > 10
    assert set(persons.ABOUT_NOBODY) <= set(ABOUT_PATIENTS)


def test_a_part_hangs_on_the_part_around_it() -> None:
    def hangs(parts: object, parent: type[models.Model]) -> None:
        for part in parts:  # type: ignore[attr-defined]
            assert part.model._meta.get_field(part.by).related_model is parent, part.name
            hangs(part.parts, part.model)

    hangs(persons.PARTS, Patient)
