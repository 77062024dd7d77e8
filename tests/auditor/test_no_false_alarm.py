"""What is healthy is called healthy, whatever happened on the way."""

from tests.auditor import ward
from tests.auditor.ward import Ward


def test_a_ward_in_which_everything_happened_is_well(healthy: Ward):
    first = ward.look()
    second = ward.look(seconds=20)

    assert [(each.kind, each.place, each.detail) for each in (*first.suspected, *second.suspected)] == []
    assert second.is_well
