"""Every row about a patient names its clinic, and a composite key in the database holds it equal to its parent's.

The plain foreign keys of such rows therefore carry no constraint of their own (migrations add the composite ones):
a check-in whose clinic is not its episode's clinic cannot be stored.
"""

from typing import Any

from django.db import models


def held(to: str | type[models.Model], **options: Any) -> models.ForeignKey:
    """A foreign key that a composite key holds."""
    return models.ForeignKey(to, on_delete=models.PROTECT, db_constraint=False, **options)


def held_alone(to: str | type[models.Model], **options: Any) -> models.OneToOneField:
    """The same for one row at most."""
    return models.OneToOneField(to, on_delete=models.PROTECT, db_constraint=False, **options)


def clinic_of_parent() -> models.ForeignKey:
    return held("recovery.Clinic", related_name="+", db_index=False)
