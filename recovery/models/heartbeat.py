from django.db import models


class Heartbeat(models.Model):
    """A row that is owed to each program every few seconds, and drained by it as any other: that the process exists
    says nothing, that it drained a row does. All instants are real time, by the database's clock."""

    program = models.CharField(primary_key=True, max_length=40, help_text="watch, worker, sender-email ...")
    due_at = models.DateTimeField(help_text="When it is owed again")
    drained_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"heartbeat of {self.program}"


class Tally(models.Model):
    """What is counted over all processes and outlives each of them, such as nudges that could not be published."""

    what = models.CharField(primary_key=True, max_length=40)
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(help_text="Real time, by the database's clock")

    def __str__(self) -> str:
        return f"tally of {self.what}"
