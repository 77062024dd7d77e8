import uuid

from django.db import models
from django.db.models import F, Q

from .patient import Patient
from .sealed import SealedTextField
from .tenancy import clinic_of_parent, held


class Erasure(models.Model):
    """That somebody asked for a person to be erased, and what became of it: two people decide, the database does it
    (the function recovery_erase), and this row stays. It names the person by a number that says nothing."""

    class Scope(models.TextChoices):
        CONTACT = "contact", "Addresses, telephones, reminders and phones: what no duty keeps"
        ALL = "all", "Everything: who it is, and what was reported, found and done"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    patient = held(Patient, related_name="erasures")
    scope = models.CharField(max_length=8, choices=Scope)
    reason = SealedTextField(help_text="Who wants it and why; names nobody")
    no_duty = SealedTextField(
        blank=True, help_text="The clinic's decision why it need not keep the record until its time is over"
    )
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(
        null=True, blank=True, help_text="Of one that stands, set by the database alone"
    )
    removed = models.JSONField(default=dict, help_text="How many rows of each table")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(withdrawn_at=None, done_at=None), name="one_erasure_at_a_time"
            ),
            models.CheckConstraint(condition=Q(scope__in=["contact", "all"]), name="erasure_scope_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="erasure_has_a_reason"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="erasure_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("asked_by")), name="erasure_by_two"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(confirmed_at__isnull=False, withdrawn_at=None),
                name="erased_when_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.uuid}"


class LegalHold(models.Model):
    """Nothing of a person may be erased while it stands, whoever asks: a dispute, an inquiry. Lifted, never deleted."""

    clinic = clinic_of_parent()
    patient = held(Patient, related_name="legal_holds")
    reason = SealedTextField(help_text="Names nobody")
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(lifted_at=None), name="one_legal_hold_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="legal_hold_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"legal hold {self.pk}"
