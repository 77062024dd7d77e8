import uuid

from django.db import models
from django.db.models import Q


class ProtocolReplay(models.Model):
    """What would have been found in the last check-ins under another protocol, compared with what was: the difference
    that two people read before it is put into use. Names nobody. Append-only."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    old = models.CharField(max_length=40, help_text="Version of the protocol")
    old_digest = models.CharField(max_length=64, help_text="SHA-256 of its document")
    new = models.CharField(max_length=40)
    new_digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    judged = models.PositiveIntegerField(help_text="Check-ins")
    difference = models.JSONField(help_text="By rule and tier, as sign_off/replaying.py writes it")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(old_digest=models.F("new_digest")), name="replay_of_two"),
        ]

    def __str__(self) -> str:
        return f"replay {self.uuid}"


class ProtocolApproval(models.Model):
    """That a doctor has read the difference and stands for it, by password and second factor. Append-only."""

    replay = models.ForeignKey(ProtocolReplay, on_delete=models.PROTECT, related_name="approvals")
    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["replay", "user"], name="approved_once_by_each"),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk}"
