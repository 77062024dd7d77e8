"""The Celery application. What it may be trusted with: docs/adr/0003-what-celery-may-be-trusted-with.md."""

import os

from celery import Celery

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault(
    "CELERY_SKIP_CHECKS", "1"
)  # a worker needs the tasks, and must run when the web half is broken

broker.use()
app = Celery("recovery")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["recovery"])
