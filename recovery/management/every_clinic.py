"""Commands that look after all clinics: nobody asks by them but who runs the service."""

from typing import Any

from django.core.management.base import BaseCommand

from recovery import tenancy


class ForEveryClinic(BaseCommand):
    @tenancy.every_clinic()
    def execute(self, *args: Any, **options: Any) -> str | None:
        return super().execute(*args, **options)
