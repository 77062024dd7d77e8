"""The clock of leases and back-off: the database's, real, and the same for every process and machine."""

from datetime import timedelta

from django.db.models import DateTimeField, DurationField, Func, Value
from django.db.models.expressions import Combinable, CombinedExpression


class DatabaseClock(Func):
    """The instant it is in the database, also in the middle of a transaction."""

    function = "clock_timestamp"
    arity = 0
    output_field = DateTimeField()


def after(delay: timedelta) -> CombinedExpression:
    """The instant so long after now."""
    return CombinedExpression(DatabaseClock(), Combinable.ADD, Value(delay, DurationField()), DateTimeField())
