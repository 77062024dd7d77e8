from django.db import models
from django.db.models import Q

from .clinic import Clinic

LEAST_DAYS = 7


class RetentionRule(models.Model):
    """For how many days a clinic keeps one kind of what is kept for a time (retention/kinds.py), if not for as long as
    usual. Records of patients are kept for years of their own: Clinic.record_years."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=24)
    days = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "kind"], name="one_retention_rule_per_kind"),
            models.CheckConstraint(
                condition=Q(days__range=(LEAST_DAYS, 36_500)), name="kept_for_a_week_at_least"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.days} days"


class RetentionTurn(models.Model):
    """When the watch looks next for what of a kind has been kept for long enough, and what it found at its last look.
    By the product's clock."""

    kind = models.CharField(primary_key=True, max_length=24)
    next_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True)
    oldest_at = models.DateTimeField(null=True, help_text="Of what is kept")
    gone = models.BigIntegerField(default=0, help_text="Ever since")

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="retention_due")]

    def __str__(self) -> str:
        return f"turn of {self.kind}"
