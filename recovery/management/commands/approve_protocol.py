"""`manage.py approve_protocol`: a doctor stands for what a protocol changes, with password and second factor."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from recovery import clock, sign_off
from recovery.errors import Refused
from recovery.management import oneself
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import ProtocolReplay


class Command(ForEveryClinic):
    help = "Show what a protocol changes, and approve it as yourself. Two doctors have to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("replay", type=UUID, help="what replay_protocol printed")
        parser.add_argument("--as", dest="email", required=True, help="what you sign in with")

    def handle(self, *args: Any, replay: UUID, email: str, **options: Any) -> None:
        kept = ProtocolReplay.objects.filter(uuid=replay).first()
        if kept is None:
            raise CommandError("There is no such replay.")
        self.stdout.write(f"{kept.old} -> {kept.new}, {kept.made_at:%Y-%m-%d %H:%M} UTC")
        self.stdout.write(json.dumps(kept.difference, indent=2))
        doctor = oneself.proved(email, command="approve_protocol")
        try:
            count = sign_off.approve(replay_id=replay, by=doctor, now=clock.now())
        except Refused as refused:
            raise CommandError(refused.message) from None
        left = sign_off.NEEDED - count
        self.stdout.write(
            "It may be used." if left <= 0 else "Approved. Another doctor has to approve it, too."
        )
