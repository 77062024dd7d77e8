import uuid

from django.db import models
from django.db.models import F, Q

from .clinic import CareTeam
from .tenancy import clinic_of_parent, held

DAY_MIN = 24 * 60


class Planned(models.Model):
    """Somebody is on call for a team. Never changed but for being ended: another plan is another row.

    Of each level one person is planned at a time; the database refuses what overlaps (exclusion constraints of
    migration 0021, of rows that have not ended).
    """

    class Level(models.IntegerChoices):
        FIRST = 1, "First on call"
        SECOND = 2, "Second on call"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    team = held(CareTeam, related_name="+", db_index=False)
    level = models.PositiveSmallIntegerField(choices=Level)
    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "recovery.User", on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "recovery.User", on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )

    class Meta:
        abstract = True


class RotaShift(Planned):
    """A shift of the weekly pattern, by the clocks of the team's zone: one that is as long as the day or reaches past
    midnight belongs to the weekday on which it begins."""

    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday")
    begins_min = models.PositiveSmallIntegerField(help_text="Minutes after midnight, by the clock")
    lasts_min = models.PositiveSmallIntegerField(help_text="Minutes, by the clock: a day at most")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__in=[1, 2]), name="shift_level_known"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday_known"),
            models.CheckConstraint(
                condition=Q(begins_min__lt=DAY_MIN, lasts_min__range=(1, DAY_MIN)), name="shift_within_a_day"
            ),
        ]
        indexes = [models.Index(fields=["team"], condition=Q(ended_at=None), name="shift_planned")]

    def __str__(self) -> str:
        return f"shift {self.uuid}"


class RotaOverride(Planned):
    """Instead of whoever the weekly pattern names, between two instants."""

    from_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__in=[1, 2]), name="override_level_known"),
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="override_has_length"),
        ]
        indexes = [
            models.Index(fields=["team", "until_at"], condition=Q(ended_at=None), name="override_planned")
        ]

    def __str__(self) -> str:
        return f"override {self.uuid}"


class NightCheck(models.Model):
    """What the watch found when it looked whether somebody of a team can be reached in the night to come."""

    clinic = clinic_of_parent()
    team = held(CareTeam, related_name="+", db_index=False)
    night_on = models.DateField(help_text="The day on which the night begins, where the team is")
    checked_at = models.DateTimeField()
    covered = models.BooleanField(help_text="Somebody who can be reached is on call all night")
    unreachable = models.PositiveSmallIntegerField(help_text="Members of the team without a working channel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "night_on"], name="night_checked_once")]

    def __str__(self) -> str:
        return f"check of the night of {self.night_on}"
