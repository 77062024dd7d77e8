"""Somebody is on call in the demo, too."""

from datetime import timedelta

import pytest

from demo import staff
from recovery import clock, reachability
from recovery.models import Contact, RotaShift


@pytest.mark.django_db
def test_both_clinics_have_a_rota_and_everybody_can_be_reached_also_at_the_second_start():
    teams = [staff.muster(), staff.muster()][-1]
    begun = clock.now()
    noon = begun.replace(hour=18, minute=0) + timedelta(days=1)  # of Lakeside: the whole night is to come
    northbridge, lakeside = (reachability.tonight([team.row.pk], now=noon)[team.row.pk] for team in teams)
    assert northbridge.covered
    assert not lakeside.covered
    assert not reachability.needs_cover(teams[1].row.clinic)
    assert [northbridge.unreachable, lakeside.unreachable] == [{}, {}]
    assert Contact.objects.count() == 10
    assert RotaShift.objects.count() == 2 * (5 + 2 + 7) + 2 * (5 + 2)
