from typing import Any
from uuid import UUID

from django.urls import path, register_converter
from pydantic_core import PydanticCustomError

from recovery.api.fields import UUID_PATTERN, client_id
from recovery.api.views.alerts import Alerts
from recovery.api.views.caregivers import CaregiverCode, MyCaregivers, MyPhones, OneCaregiver, OnePhone
from recovery.api.views.check_ins import Batch, CheckIns, OneCheckIn
from recovery.api.views.docs import ProblemKinds, Schema, docs
from recovery.api.views.enrolments import Redeem
from recovery.api.views.looks import Looks
from recovery.api.views.me import Me, ThisPhone
from recovery.api.views.on_call import OnCall
from recovery.api.views.questionnaire import Questionnaire
from recovery.api.views.reminders import Form, MyPreferences, MyReminders, OneReminder


class ClientIdInPath:
    """The same ids as in bodies; any other spelling is no address."""

    regex = UUID_PATTERN

    def to_python(self, value: str) -> UUID:
        try:
            return client_id(value)
        except PydanticCustomError as error:
            raise ValueError(error.type) from None

    def to_url(self, value: Any) -> str:
        return str(value)


register_converter(ClientIdInPath, "client_id")

app_name = "api"
urlpatterns = [
    path("enrolments/redeem", Redeem.as_view(), name="redeem"),
    path("me", Me.as_view(), name="me"),
    path("me/looks", Looks.as_view(), name="looks"),
    path("me/device", ThisPhone.as_view(), name="this-phone"),
    path("me/phones", MyPhones.as_view(), name="my-phones"),
    path("me/phones/<client_id:device_id>", OnePhone.as_view(), name="my-phone"),
    path("me/caregivers", MyCaregivers.as_view(), name="my-caregivers"),
    path("me/caregivers/<client_id:caregiver_id>", OneCaregiver.as_view(), name="my-caregiver"),
    path("me/caregivers/<client_id:caregiver_id>/code", CaregiverCode.as_view(), name="my-caregiver-code"),
    path("me/preferences", MyPreferences.as_view(), name="preferences"),
    path("me/reminders", MyReminders.as_view(), name="reminders"),
    path("me/reminders/<client_id:reminder_id>", OneReminder.as_view(), name="reminder"),
    path("me/form", Form.as_view(), name="form"),
    path("questionnaire", Questionnaire.as_view(), name="questionnaire"),
    path("check-ins", CheckIns.as_view(), name="check-ins"),
    path("check-ins/batch", Batch.as_view(), name="batch"),
    path("check-ins/<client_id:client_id>", OneCheckIn.as_view(), name="check-in"),
    path("alerts", Alerts.as_view(), name="alerts"),
    path("care/on-call", OnCall.as_view(), name="on-call"),
    path("problems/<slug:code>", ProblemKinds.as_view(), name="problem"),
    path("schema", Schema.as_view(), name="schema"),
    path("docs", docs, name="docs"),
]
