"""What a clinic wants its patients to know, set by whoever runs the service."""

import pytest
from django.core.management import CommandError, call_command

from recovery.models import AuditEvent, Clinic
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_clinic_says_whether_names_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    factories.clinic("Hillside Spine Clinic")
    factories.clinic("Northgate Clinic")

    call_command("clinic", "hillside spine clinic", "--names-staff")
    call_command("clinic", "Hillside Spine Clinic", "--names-staff")

    assert list(Clinic.objects.order_by("name").values_list("names_staff", flat=True)) == [True, False]
    assert AuditEvent.objects.filter(what="changed clinic").count() == 1
    assert "the name and the role" in capsys.readouterr().out

    call_command("clinic", "Hillside Spine Clinic", "--no-names-staff")
    assert not Clinic.objects.filter(names_staff=True).exists()


def test_a_clinic_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandError, match="There is no clinic called Seaside"):
        call_command("clinic", "Seaside", "--names-staff")
