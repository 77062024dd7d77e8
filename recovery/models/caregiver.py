import uuid

from django.db import models
from django.db.models import F, Q

from .episode import Episode
from .patient import Patient
from .sealed import SealedTextField
from .tenancy import clinic_of_parent, held


class Caregiver(models.Model):
    """Somebody who answers for a patient under their own name, with the patient's consent: for one episode, as far as
    `scope` says, until it is revoked. Given by the patient on a phone of theirs (`granted_on`), or recorded by the team
    from what the patient said (`granted_by`).

    Whom the team calls stands with the patient (`caregiver_name`, `caregiver_phone`) and gives no right to anything.
    """

    class Scope(models.TextChoices):
        REPORT = "report", "May send check-ins"
        READ = "read", "May send check-ins and read the patient's"

    class Phone(models.TextChoices):
        """On whose it was ended, where no colleague did it."""

        PATIENT = "patient", "The patient’s"
        CAREGIVER = "caregiver", "The caregiver’s"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    patient = held(Patient, related_name="caregivers", db_index=False)
    episode = held(Episode, related_name="caregivers")
    name = SealedTextField()
    relation = SealedTextField(blank=True, help_text="In the patient's words: son, neighbour")
    phone = SealedTextField(blank=True)
    scope = models.CharField(max_length=10, choices=Scope)
    wording = models.CharField(max_length=64, help_text="Version of the text that the patient agreed to")
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    granted_on = held("recovery.DeviceToken", null=True, related_name="+", db_index=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    revoked_on = models.CharField(
        max_length=10, choices=Phone, blank=True, help_text="On whose phone, where no colleague did it"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "episode", "clinic"], name="caregiver_of_episode"),
            models.CheckConstraint(condition=~Q(name=""), name="caregiver_has_a_name"),
            models.CheckConstraint(condition=Q(scope__in=["report", "read"]), name="caregiver_scope_known"),
            models.CheckConstraint(condition=~Q(wording=""), name="caregiver_agreed_to_a_wording"),
            models.CheckConstraint(
                condition=Q(granted_by=None, granted_on__isnull=False)
                | Q(granted_by__isnull=False, granted_on=None),
                name="caregiver_granted_by_one",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, revoked_on="")
                | Q(revoked_at__gte=F("granted_at"), revoked_by__isnull=False, revoked_on="")
                | Q(
                    revoked_at__gte=F("granted_at"),
                    revoked_by=None,
                    revoked_on__in=["patient", "caregiver"],
                ),
                name="caregiver_revoked_by_one",
            ),
        ]

    def __str__(self) -> str:
        return f"caregiver {self.uuid}"
