"""For programs that start a system (tests/system.py) without pytest: `make chaos`, `make drill`."""

import json
import os
from pathlib import Path

from tests.services_plugin import HANDED_DOWN, NOT_INHERITED


def prepare(directory: Path) -> None:
    """Systems lie there. Django is made ready, and is asked for no other database than that of a system."""
    for name in (*NOT_INHERITED, "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    nobodys = {"admin_url": "", "redis_url": "", "plan": {}, "directory": str(directory), "name": "alone"}
    os.environ[HANDED_DOWN] = json.dumps(nobodys)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from recovery import tenancy

    tenancy.assume_every_clinic()
