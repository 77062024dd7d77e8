from django.db import migrations


class Migration(migrations.Migration):
    """The table of Django's database cache, which counts the tries at signing in for all processes together
    (docs/adr/0014-counting-tries-at-signing-in.md). Unlogged: after a crash of PostgreSQL it is empty, and counting begins
    anew."""

    dependencies = [("recovery", "0008_refused_reports_are_worked_on")]

    operations = [
        migrations.RunSQL(
            "CREATE UNLOGGED TABLE recovery_tries ("
            " cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);"
            "CREATE INDEX recovery_tries_expires ON recovery_tries (expires)",
            "DROP TABLE recovery_tries",
        ),
    ]
