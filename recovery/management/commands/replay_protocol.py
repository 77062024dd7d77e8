"""`manage.py replay_protocol OLD NEW`: what a protocol would change, shown on the last check-ins."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recovery import clock, sign_off
from recovery.clinical.protocol import ProtocolError
from recovery.errors import Refused
from recovery.management.every_clinic import ForEveryClinic


class Command(ForEveryClinic):
    help = (
        "Judge the last check-ins by two protocols and print what differs, rule by rule. Prints what two doctors then "
        "approve with approve_protocol; nobody can be enrolled under the new one before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("old", help="a version such as vk-default/1, or a YAML file")
        parser.add_argument("new", help="the same")
        parser.add_argument("--last", type=int, default=sign_off.LAST, help=f"check-ins ({sign_off.LAST})")

    def handle(self, *args: Any, old: str, new: str, last: int, **options: Any) -> None:
        try:
            kept = sign_off.compare(old=old, new=new, last=last, now=clock.now())
        except Refused as refused:
            raise CommandError(refused.message) from None
        except ProtocolError as error:
            raise CommandError(str(error)) from None
        found = kept.difference
        self.stdout.write(f"{found['judged']} check-ins, {found['the_same']} judged the same.")
        for rule, changes in found["rules"].items():
            for change, count in changes.items():
                self.stdout.write(f"  {rule}: {change}: {count}")
        for change, count in found["tiers"].items():
            self.stdout.write(f"  worst of the check-in: {change}: {count}")
        self.stdout.write(
            f"Red flags lost or lowered: {found['red_flags_lost']}; new: {found['red_flags_new']}."
        )
        self.stdout.write(f"Approve: manage.py approve_protocol {kept.uuid} --as EMAIL, two doctors.")
