from django.db import models
from django.db.models import F, Q

from recovery.clinical.tiers import Tier

from .alert import TIERS
from .episode import Episode
from .sealed import SealedTextField
from .tenancy import clinic_of_parent, held


class Mute(models.Model):
    """One rule of one episode is known and expected until a date. Never an emergency; ended by anything worse."""

    clinic = clinic_of_parent()
    episode = held(Episode, related_name="mutes", db_index=False)
    rule = models.CharField(max_length=40)
    tier = models.PositiveSmallIntegerField(choices=TIERS)
    known = models.JSONField(help_text="The finding that is expected; what is worse ends the mute")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="+")
    reason = SealedTextField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "rule"], condition=Q(ended_at=None), name="one_mute_per_rule"
            ),
            models.CheckConstraint(
                condition=Q(tier__range=(Tier.ROUTINE, Tier.SAME_DAY)), name="no_mute_of_an_emergency"
            ),
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="mute_ends_after_start"),
            models.CheckConstraint(condition=~Q(reason=""), name="muted_with_reason"),
        ]

    def __str__(self) -> str:
        return f"mute of {self.rule} for episode {self.episode_id}"
