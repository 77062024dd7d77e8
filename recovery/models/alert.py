import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q, Value

from recovery.clinical.tiers import Tier

from .assessment import Assessment
from .clinic import CareTeam
from .episode import Episode
from .sealed import EventDetailField
from .tenancy import clinic_of_parent, held

TIERS = [(tier.value, tier.label) for tier in Tier if tier > Tier.NONE]


class Alert(models.Model):
    """An open concern of one episode and rule, worked on by the team until somebody closes it (or, by the rule's
    clearing policy, until it resolves itself). While it is open, every new finding of the rule joins it."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Taken on"
        CLOSED = "closed", "Closed"
        RESOLVED = "resolved", "Resolved itself"

    LIVE = (Status.OPEN, Status.ACKNOWLEDGED)

    class Outcome(models.TextChoices):
        SELF_CARE = "self-care", "Advice for self-care"
        SEEN = "seen", "Seen by a clinician"
        SENT_TO_EMERGENCY = "sent-to-emergency", "Sent to emergency care"
        NO_PROBLEM = "no-problem-found", "No problem found"
        CANNOT_REACH = "cannot-reach", "Cannot reach the patient"

    class Noise(models.TextChoices):
        """Why an alert was noise: an alert that need not have been. Counted by rule, for the team's alert budget."""

        EXPECTED = "expected", "Known and expected in this patient"
        MISTAKE = "mistake", "An answer was given by mistake"
        DOUBLE = "double", "Already dealt with under another alert"
        NOTHING_TO_DO = "nothing-to-do", "True, but nothing had to be done"
        FAULT = "fault", "A fault of the phone or the app"
        OTHER = "other", "Another reason"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    team = held(CareTeam, related_name="alerts", db_index=False)
    episode = held(Episode, related_name="alerts", db_index=False)
    rule = models.CharField(max_length=40)
    tier = models.PositiveSmallIntegerField(
        choices=TIERS, help_text="The highest it ever had; it never falls"
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)

    opened_at = models.DateTimeField()
    tier_at = models.DateTimeField(help_text="When it reached its tier; the target is counted from here")
    first_assessment = held(Assessment, related_name="+")
    latest_assessment = held(Assessment, related_name="+")
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When the team was last told; limits repeats"
    )
    changed_at = models.DateTimeField(help_text="When anything about it last changed; the board's tag")

    owner = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True, help_text="When it was first taken on")
    taken_over_at = models.DateTimeField(
        null=True, blank=True, help_text="When its owner took it over from a colleague"
    )
    asked = models.ForeignKey(
        "recovery.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Who was asked to take it on, or over, and has not yet",
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    contacted_at = models.DateTimeField(null=True, blank=True, help_text="First time the patient was reached")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    patient_contacted = models.BooleanField(null=True, help_text="Stated at closing")
    noise = models.CharField(
        max_length=16,
        choices=Noise,
        blank=True,
        db_default="",
        help_text="Why it was noise; empty: it was not",
    )

    escalation = models.JSONField(
        default=dict,
        db_default=Value({}, models.JSONField()),
        help_text="The policy that it was opened under, from its tier upwards (escalation/policy.py)",
    )
    lap = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How often its steps began anew: raised, given back, round by round",
    )
    lap_at = models.DateTimeField(null=True, blank=True, help_text="From when the waits of its steps count")
    step = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How many steps of this lap were taken"
    )
    next_step_at = models.DateTimeField(
        null=True, blank=True, help_text="When its next step is due; empty: none is"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "clinic"], name="alert_of_clinic"),
            models.UniqueConstraint(
                fields=["episode", "rule"],
                condition=Q(status__in=["open", "acknowledged"]),
                name="one_open_alert_per_rule",
            ),
            models.CheckConstraint(
                condition=Q(tier__range=(Tier.ROUTINE, Tier.EMERGENCY)), name="alert_tier_known"
            ),
            models.CheckConstraint(
                condition=Q(status="open", owner=None, ended_at=None, outcome="")
                | Q(
                    status="acknowledged",
                    owner__isnull=False,
                    acknowledged_at__isnull=False,
                    ended_at=None,
                    outcome="",
                )
                | Q(
                    status="closed",
                    ended_at__isnull=False,
                    ended_by__isnull=False,
                    patient_contacted__isnull=False,
                )
                & ~Q(outcome="")
                | Q(
                    status="resolved",
                    ended_at__isnull=False,
                    ended_by=None,
                    outcome="",
                    tier__lt=Tier.SAME_DAY,
                ),
                name="alert_state_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=[
                        "",
                        "self-care",
                        "seen",
                        "sent-to-emergency",
                        "no-problem-found",
                        "cannot-reach",
                    ]
                ),
                name="alert_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(asked=None, asked_at=None)
                | Q(asked__isnull=False, asked_at__isnull=False, status__in=["open", "acknowledged"]),
                name="asked_while_it_lives",
            ),
            models.CheckConstraint(
                condition=Q(
                    noise__in=["", "expected", "mistake", "double", "nothing-to-do", "fault", "other"]
                ),
                name="alert_noise_known",
            ),
            models.CheckConstraint(
                condition=Q(noise="") | ~Q(outcome="sent-to-emergency"), name="an_emergency_was_no_noise"
            ),
            models.CheckConstraint(
                condition=Q(next_step_at=None) | Q(lap_at__isnull=False, tier__gte=Tier.WITHIN_24H),
                name="steps_have_a_lap",
            ),
        ]
        indexes = [
            models.Index(
                fields=["team", "-tier", "tier_at"],
                condition=Q(status__in=["open", "acknowledged"]),
                include=["id", "status", "episode", "rule", "contacted_at", "owner", "asked", "changed_at"],
                name="alert_board",
            ),
            models.Index(fields=["episode", "opened_at"], name="alert_by_episode"),
            models.Index(fields=["team", "opened_at"], name="alert_by_opening"),
            models.Index(
                fields=["id"],
                condition=Q(status="open", told_at=None, tier__gte=Tier.SAME_DAY),
                name="alert_untold",
            ),
            models.Index(
                fields=["team", "owner"],
                condition=Q(status="acknowledged", tier__gte=Tier.WITHIN_24H),
                name="alert_in_hands",
            ),
            models.Index(
                fields=["-tier", "next_step_at"],
                condition=Q(next_step_at__isnull=False),
                name="alert_step_due",
            ),
            models.Index(
                fields=["id"],
                condition=Q(tier__gte=Tier.WITHIN_24H, next_step_at=None)
                & (Q(status="open") | Q(status="acknowledged", contacted_at=None)),
                name="alert_without_step",
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.uuid}"

    @property
    def owned_since(self) -> datetime | None:
        return self.taken_over_at or self.acknowledged_at

    @property
    def reached_at(self) -> datetime | None:
        """When the patient was reached about what the alert is now: what was said before it was raised was about
        something milder, and they wait for a call again."""
        is_of_this_tier = self.contacted_at is not None and self.contacted_at >= self.tier_at
        return self.contacted_at if is_of_this_tier else None


class AlertEvent(models.Model):
    """Everything that ever happened to an alert, in order. Append-only."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        JOINED = "joined", "Reported again"
        RAISED = "raised", "Raised"
        CHANGED = "changed", "Patient changed the answer"
        TOLD = "told", "Team told"
        UNTOLD = "untold", "Could not be told"
        ACKNOWLEDGED = "acknowledged", "Taken on"
        ASKED = "asked", "A colleague was asked to take it on"
        TAKEN_OVER = "taken-over", "Taken over from a colleague"
        ESCALATED = "escalated", "Nobody acted: the next ones told"
        REMINDED = "reminded", "Owner reminded"
        GIVEN_BACK = "given-back", "Given back to the queue"
        CONTACTED = "contacted", "Contact recorded"
        NOTED = "noted", "Note"
        MUTED = "muted", "Muted until a date"
        NOISE = "noise", "Called noise, or no longer"
        CLOSED = "closed", "Closed"
        RESOLVED = "resolved", "Resolved itself"

    clinic = clinic_of_parent()
    alert = held(Alert, related_name="events", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    tier = models.PositiveSmallIntegerField(null=True, choices=TIERS)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, null=True, related_name="+")
    detail = EventDetailField(
        default=dict, help_text="What belongs to the kind: reached, by what, outcome, note"
    )

    class Meta:
        indexes = [models.Index(fields=["alert", "id"], name="events_of_alert")]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "assessment", "kind"],
                condition=Q(kind__in=["opened", "joined", "raised"]),
                name="a_finding_joins_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} alert {self.alert_id}"
