import uuid

from django.db import models
from django.db.models import F, Q

from .check_in import CheckIn
from .device import DeviceToken
from .episode import Episode
from .sealed import AnswersField, SealedBytesField, SealedTextField
from .tenancy import clinic_of_parent, held, held_alone


class Quarantine(models.Model):
    """A body from a signed-in phone that could not be taken as a check-in, kept as it came.

    Capped per device and day; beyond the cap only `beyond` of the day's newest row is counted up.
    """

    PER_DEVICE_AND_DAY = 50

    class Outcome(models.TextChoices):
        JUDGED = "judged", "Judged by hand"
        DISMISSED = "dismissed", "Dismissed"

    class Dismissal(models.TextChoices):
        SPOKEN = "spoken", "Spoke with the patient: nothing more to record"
        ARRIVED = "arrived", "The same report arrived in another way"
        EMPTY = "empty", "There is no answer in it, and the patient was asked"
        NOT_THE_PATIENT = "not-patient", "It is not from the patient: a test, or a fault of the app"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    episode = held(Episode, related_name="quarantine")
    device = held(DeviceToken, related_name="+")
    client_id = models.UUIDField(null=True, blank=True)
    received_at = models.DateTimeField()
    body = SealedBytesField()
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 of the body: sent again, it is kept once"
    )
    readable = models.BooleanField()
    code = models.CharField(max_length=40, help_text="The stable code of the refusal")
    problems = models.JSONField(default=list, help_text="Place and code of each problem; no values")
    answers = AnswersField(default=dict, help_text="The answers that could be read beyond doubt")
    observed_at = models.DateTimeField(null=True, help_text="When it was felt, if that could be read")
    beyond = models.PositiveIntegerField(default=0)

    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    check_in = held_alone(CheckIn, null=True, related_name="read_from")
    dismissed_as = models.CharField(max_length=12, choices=Dismissal, blank=True)
    reason = SealedTextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "episode", "clinic"], name="quarantine_of_episode"),
            models.UniqueConstraint(fields=["device", "fingerprint"], name="refused_body_kept_once"),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by=None, outcome="")
                | Q(
                    reviewed_at__gte=F("received_at"),
                    reviewed_by__isnull=False,
                    outcome__in=["judged", "dismissed"],
                ),
                name="quarantine_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(outcome="judged", check_in__isnull=False)
                | (~Q(outcome="judged") & Q(check_in=None)),
                name="judged_as_a_check_in",
            ),
            models.CheckConstraint(
                condition=(
                    Q(outcome="dismissed", dismissed_as__in=["spoken", "arrived", "empty", "not-patient"])
                    & ~Q(reason="")
                )
                | (~Q(outcome="dismissed") & Q(dismissed_as="")),
                name="dismissed_with_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["episode", "received_at"], condition=Q(reviewed_at=None), name="quarantine_to_review"
            ),
            models.Index(fields=["device", "received_at"], name="quarantine_of_device"),
        ]

    def __str__(self) -> str:
        return f"refused body {self.uuid}"
