"""`manage.py approve_protocol`: a doctor stands for what a protocol changes, with password and second factor."""

import json
from argparse import ArgumentParser
from getpass import getpass
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from recovery import clock, second_factor, sign_off
from recovery.errors import Refused
from recovery.models import ProtocolReplay, User


class Command(BaseCommand):
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
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        password = getpass("Your password: ")
        code = getpass("Six digits from your app: ")
        is_right = user is not None and user.check_password(password)
        if user is None or not is_right or not second_factor.takes(user=user, typed=code, now=clock.real()):
            raise CommandError("That is not you: nothing was approved.")
        try:
            count = sign_off.approve(replay_id=replay, by=user, now=clock.now())
        except Refused as refused:
            raise CommandError(refused.message) from None
        left = sign_off.NEEDED - count
        self.stdout.write(
            "It may be used." if left <= 0 else "Approved. Another doctor has to approve it, too."
        )
