"""The floor: the same server and the same database settings, a bare DRF serializer of twelve fields and one INSERT.

No token, no tenant, no rules, no history: what any check-in endpoint in this framework costs before it does anything.
"""

import os

from django.conf import settings

from config import env

if not settings.configured:
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["rest_framework"],
        USE_TZ=True,
        DATABASES={
            "default": env.database(os.environ["DATABASE_URL"], name="DATABASE_URL")
            | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
        },
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
            "UNAUTHENTICATED_USER": None,
        },
        LOGGING_CONFIG=None,
    )
    import django

    django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import models, transaction
from django.urls import path
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class CheckIn(models.Model):
    id = models.BigAutoField(primary_key=True)
    enrolment_id = models.BigIntegerField()
    client_uuid = models.UUIDField()
    reported_for = models.DateField()
    submitted_at = models.DateTimeField()
    received_at = models.DateTimeField()
    day_no = models.SmallIntegerField()
    pain = models.SmallIntegerField()
    nausea = models.SmallIntegerField()
    temperature = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    swelling = models.SmallIntegerField()
    bleeding = models.SmallIntegerField()
    wound = models.CharField(max_length=16)
    meds_taken = models.BooleanField()
    note = models.TextField()

    class Meta:
        app_label = "floor"
        db_table = "bench_checkin"
        managed = False


class CheckInSerializer(serializers.Serializer):
    enrolment_id = serializers.IntegerField(min_value=1)
    client_uuid = serializers.UUIDField()
    reported_for = serializers.DateField()
    submitted_at = serializers.DateTimeField()
    pain = serializers.IntegerField(min_value=0, max_value=10)
    nausea = serializers.IntegerField(min_value=0, max_value=10)
    temperature = serializers.DecimalField(max_digits=4, decimal_places=1, allow_null=True)
    swelling = serializers.IntegerField(min_value=0, max_value=3)
    bleeding = serializers.IntegerField(min_value=0, max_value=3)
    wound = serializers.ChoiceField(choices=("clean", "red", "open", "discharge"))
    meds_taken = serializers.BooleanField()
    note = serializers.CharField(max_length=2000, allow_blank=True)


class CheckInView(APIView):
    def post(self, request: Request) -> Response:
        serializer = CheckInSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        now = timezone.now()
        with transaction.atomic():
            row = CheckIn._default_manager.create(**serializer.validated_data, received_at=now, day_no=1)
        return Response({"id": row.pk, "received_at": now.isoformat()}, status=status.HTTP_201_CREATED)


urlpatterns = [path("check-ins", CheckInView.as_view())]
application = get_wsgi_application()
