from typing import Any

from django.core.management.base import CommandError, CommandParser

from recovery import audit
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import AuditBatch


class Command(ForEveryClinic):
    help = (
        "Verify the audit: that nothing of it was changed, added, removed or put into another order since it was "
        "written. Prints the last seal; keep it somewhere else, and give it as --seal the next time: so the end of the "
        "chain cannot be cut off unseen, either."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seal", help="A seal that an earlier verification printed: it must still be there"
        )

    def handle(self, *args: Any, seal: str | None = None, **options: Any) -> None:
        if seal is not None and not (seal := seal.strip()):
            raise CommandError(
                "--seal is empty: the end of the chain cannot be looked for. Nothing was verified."
            )
        flaws = [f"batch {flaw.batch}: {flaw.what}" if flaw.batch else flaw.what for flaw in audit.verify()]
        if seal and not AuditBatch.objects.filter(seal=seal).exists():
            flaws.append("the seal that you gave is not there: the end of the chain was cut off")
        last = AuditBatch.objects.order_by("-number").first()
        if flaws:
            raise CommandError("The audit is not as it was written:\n  " + "\n  ".join(flaws))
        if last is None:
            self.stdout.write("Nothing has been bound yet.")
        else:
            self.stdout.write(f"{last.number} batches are as they were written. Last seal: {last.seal}")
