import uuid

from django.db import models
from django.db.models import Q

from .clinic import CareTeam
from .tenancy import clinic_of_parent, held


class EscalationPolicy(models.Model):
    """Who of a care team is told when nobody acts, tier by tier: one version of it, which never changes. The newest
    holds for alerts that open from then on; each alert keeps the one that it was opened under."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    team = held(CareTeam, related_name="escalation_policies", db_index=False)
    version = models.PositiveIntegerField(help_text="Counted from 1 for each team")
    document = models.JSONField(
        null=True, help_text="Tier by tier, as escalation/policy.py reads it; empty: back to the defaults"
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "recovery.User", on_delete=models.PROTECT, db_index=False, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "version"], name="policy_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="policy_version_from_1"),
        ]

    def __str__(self) -> str:
        return f"escalation policy {self.uuid}"
