"""How staff are let in: invitations, sessions, recovery codes, and the two roles that reach no patient."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils.module_loading import import_string

from .clinic import CareTeam, Clinic, Membership


class StaffSession(AbstractBaseSession):
    """A browser that is signed in, or about to. Deleting the row ends it at the next request."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        "recovery.User",
        on_delete=models.CASCADE,
        null=True,
        related_name="sessions",
        help_text="None: nobody yet",
    )
    is_whole = models.BooleanField(
        db_default=False, help_text="Both factors were given. What is not opens no clinic (ADR 31)"
    )
    began_at = models.DateTimeField(help_text="When they signed in")
    seen_at = models.DateTimeField(help_text="When they last did something, to half a minute")

    def __str__(self) -> str:
        return f"session {self.uuid}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")


class RecoveryCode(models.Model):
    """Stands in for the second factor once, when the telephone that gives it is lost."""

    user = models.ForeignKey("recovery.User", on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, help_text="SHA-256 of the code with its owner")
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"recovery code of user {self.user_id}"


class Oversight(models.Model):
    """A role that reaches no patient: it puts nobody into a care team, and patients are reached by teams alone."""

    class Role(models.TextChoices):
        AUDITOR = "auditor", "Auditor"
        OPERATOR = "operator", "Operator"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="oversight")
    role = models.CharField(max_length=20, choices=Role)
    clinic = models.ForeignKey(
        Clinic,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Of an auditor; none of an operator",
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role="auditor", clinic__isnull=False) | Q(role="operator", clinic=None),
                name="oversight_of_its_kind",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "clinic"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="oversight_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.uuid}"


class Invitation(models.Model):
    """Somebody may join, with this role, by a link that was mailed to them. It works once, and not for long."""

    ROLES = [*Membership.Role.choices, *Oversight.Role.choices]

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what stands in the link")
    email = models.EmailField()
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=ROLES)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(
        CareTeam, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    renews = models.BooleanField(help_text="For somebody who is here already and lost their second factor")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=Membership.Role.values, team__isnull=False, clinic__isnull=False)
                | Q(role="auditor", team=None, clinic__isnull=False)
                | Q(role="operator", team=None, clinic=None),
                name="invitation_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None), name="invitation_ends_once"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "created_at"], name="invitation_by_clinic")]

    def __str__(self) -> str:
        return f"invitation {self.uuid}"
