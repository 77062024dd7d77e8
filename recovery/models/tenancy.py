"""Every row about a patient names its clinic, and a composite key in the database holds it equal to its parent's.

The plain foreign keys of such rows therefore carry no constraint of their own (migrations add the composite ones):
a check-in whose clinic is not its episode's clinic cannot be stored.

And row-level security shows a statement the rows of those clinics alone that are in reach (recovery/tenancy.py). A
migration puts it up with each new table: `fence` of migrations/_walls.py.
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


_READ_BEFORE = "of a person, who may work for several clinics; read before it is known for which"
_OF_THE_SERVICE = "of the service itself, of no clinic: numbers and names of programs"
_OF_DJANGO = "of Django, with rows of no clinic"

UNFENCED = {
    "recovery_user": _READ_BEFORE,
    "recovery_membership": "says who works for which clinic: what is in reach is read from it",
    "recovery_oversight": "says who works for which clinic: what is in reach is read from it",
    "recovery_staffsession": _READ_BEFORE,
    "recovery_recoverycode": _READ_BEFORE,
    "mfa_authenticator": _READ_BEFORE,
    "account_emailaddress": _READ_BEFORE,
    "account_emailconfirmation": _READ_BEFORE,
    "recovery_tries": "counts tries at signing in, by addresses of nobody who is known yet",
    "recovery_auditbatch": "sums over the events of all clinics, which show none of them",
    "recovery_auditrun": _OF_THE_SERVICE,
    "recovery_retentionturn": _OF_THE_SERVICE,
    "recovery_protocolreplay": "how a protocol changed, in numbers over all clinics",
    "recovery_protocolapproval": "who signed off how a protocol changed, for all clinics",
    "recovery_heartbeat": _OF_THE_SERVICE,
    "recovery_tally": _OF_THE_SERVICE,
    "auth_group": _OF_DJANGO,
    "auth_group_permissions": _OF_DJANGO,
    "auth_permission": _OF_DJANGO,
    "django_content_type": _OF_DJANGO,
    "django_migrations": _OF_DJANGO,
    "django_session": _OF_DJANGO,
    "recovery_user_groups": _OF_DJANGO,
    "recovery_user_user_permissions": _OF_DJANGO,
}
"""The tables without the second wall, each with its reason. Every other one has it."""
