import uuid

from django.db import models
from django.db.models import F, Q

from .caregiver import Caregiver
from .episode import Episode
from .patient import Patient
from .tenancy import clinic_of_parent, held, held_alone


class DeviceToken(models.Model):
    """A phone that may report for one episode: the patient's own, or that of the caregiver it names. Only the hash of
    its token is stored; revoking takes effect at once."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    patient = held(Patient, related_name="devices")
    episode = held(Episode, related_name="devices")
    caregiver = held(Caregiver, null=True, related_name="devices")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex")
    name = models.CharField(max_length=100)
    platform = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "episode", "clinic"], name="device_of_episode"),
            models.CheckConstraint(
                condition=Q(token_hash__regex=r"^[0-9a-f]{64}$"), name="device_token_is_hashed"
            ),
        ]

    def __str__(self) -> str:
        return f"device {self.uuid}"


class EnrolmentCode(models.Model):
    """A one-time code that a phone redeems for a device token: 72 hours, one use, five wrong tries.

    The code is a selector, by which it is found, and a secret, of which only the hash is stored; a wrong secret
    behind a right selector is a wrong try of this code.
    """

    MAX_WRONG_TRIES = 5

    clinic = clinic_of_parent()
    episode = held(Episode, related_name="enrolment_codes")
    caregiver = held(Caregiver, null=True, related_name="enrolment_codes", db_index=False)
    selector = models.CharField(max_length=8, unique=True)
    secret_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    device = held_alone(DeviceToken, null=True, related_name="enrolment_code")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wrong_tries__lte=5), name="code_locks_after_five_wrong_tries"),
            models.CheckConstraint(
                condition=Q(redeemed_at=None, device=None)
                | Q(redeemed_at__isnull=False, device__isnull=False, wrong_tries__lt=5),
                name="code_redeemed_by_one_device",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="code_expires"),
            models.CheckConstraint(condition=Q(secret_hash__regex=r"^[0-9a-f]{64}$"), name="code_is_hashed"),
        ]

    def __str__(self) -> str:
        return f"enrolment code {self.pk}"
