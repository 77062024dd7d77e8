import uuid

from django.db import models
from django.db.models import Q

from .clinic import Clinic
from .sealed import SealedTextField
from .tenancy import clinic_of_parent, held


class Patient(models.Model):
    """A person. Two identifiers (born on, hospital number) stand on every page and message about them."""

    class CallFirst(models.TextChoices):
        PATIENT = "patient", "The patient"
        CAREGIVER = "caregiver", "The caregiver"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    name = models.CharField(max_length=200)
    born_on = models.DateField()
    hospital_number = models.CharField(max_length=40)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=16, default="en")
    caregiver_name = models.CharField(max_length=200, blank=True)
    caregiver_phone = models.CharField(max_length=40, blank=True)
    call_first = models.CharField(
        max_length=10, choices=CallFirst, default=CallFirst.PATIENT, db_default=CallFirst.PATIENT
    )
    call_notes = SealedTextField(
        blank=True,
        default="",
        db_default="",
        help_text="When and how to call: after ten, hard of hearing, needs an interpreter",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "hospital_number"], name="hospital_number_once_per_clinic"
            ),
            models.CheckConstraint(condition=~Q(hospital_number=""), name="patient_has_hospital_number"),
            models.UniqueConstraint(fields=["id", "clinic"], name="patient_of_clinic"),
            models.CheckConstraint(
                condition=Q(call_first="patient") | (Q(call_first="caregiver") & ~Q(caregiver_phone="")),
                name="who_is_called_first_has_a_number",
            ),
        ]

    def __str__(self) -> str:
        return f"patient {self.uuid}"


class Consent(models.Model):
    """That a patient agreed to being monitored, to which wording, and when. Withdrawn, never deleted."""

    clinic = clinic_of_parent()
    patient = held(Patient, related_name="consents")
    wording = models.CharField(max_length=64, help_text="Version of the text that was agreed to")
    given_at = models.DateTimeField()
    recorded_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=models.F("given_at")),
                name="consent_given_before_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"
