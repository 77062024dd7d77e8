"""By when the team means to have acted (specification 2, "Team target"), counted from when the tier was reached."""

from datetime import timedelta

from recovery.clinical.tiers import Tier

TAKE_ON = {
    Tier.EMERGENCY: timedelta(minutes=5),  # then a second person is paged
    Tier.SAME_DAY: timedelta(minutes=30),
    Tier.WITHIN_24H: timedelta(hours=8),
}
REACH = {
    Tier.SAME_DAY: timedelta(hours=4),
    Tier.WITHIN_24H: timedelta(hours=24),
}
"""An emergency has no such time: the patient was told to call for help, and the team phones at once."""
