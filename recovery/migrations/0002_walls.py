"""What Django's schema cannot say: rows stay within their clinic; the application's role may not rewrite history."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql

from recovery.migrations._walls import hold

# (table, columns) -> (parent table, columns): a composite foreign key each
HELD = [
    ("consent", ["patient_id", "clinic_id"], "patient"),
    ("episode", ["patient_id", "clinic_id"], "patient"),
    ("episode", ["team_id", "clinic_id"], "careteam"),
    ("pause", ["episode_id", "clinic_id"], "episode"),
    ("devicetoken", ["episode_id", "clinic_id"], "episode"),
    ("devicetoken", ["episode_id", "patient_id"], "episode"),
    ("enrolmentcode", ["episode_id", "clinic_id"], "episode"),
    ("checkin", ["episode_id", "clinic_id"], "episode"),
    ("checkin", ["episode_id", "patient_id"], "episode"),
    ("checkinrevision", ["check_in_id", "episode_id", "clinic_id"], "checkin"),
    ("quarantine", ["episode_id", "clinic_id"], "episode"),
    ("assessment", ["episode_id", "clinic_id"], "episode"),
    ("assessment", ["check_in_id", "episode_id", "clinic_id"], "checkin"),
    ("alert", ["episode_id", "clinic_id"], "episode"),
    ("alert", ["team_id", "clinic_id"], "careteam"),
    ("alertevent", ["alert_id", "clinic_id"], "alert"),
    ("notification", ["alert_id", "clinic_id"], "alert"),
    ("attempt", ["notification_id", "clinic_id"], "notification"),
]

APPEND_ONLY = ["alertevent", "auditevent", "checkinrevision"]
NEVER_DELETED = [
    "alert",
    "assessment",
    "attempt",
    "checkin",
    "consent",
    "episode",
    "notification",
    "patient",
    "quarantine",
]

# The verdict of an assessment is never rewritten; only what is owed of it moves.
ASSESSMENT_MAY_CHANGE = [
    "is_current", "flagged_at", "flagged_by", "attempts", "next_attempt_at", "set_aside_at", "last_error",
]  # fmt: skip


def grant(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the application's role what it needs and no more. It must exist, and it must not be the owner."""
    role = settings.DATABASE_APP_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
        owner, exists = cursor.fetchone()
        if role == owner:
            raise RuntimeError(
                f"The application would connect as {role}, which owns the tables and could rewrite history. Set "
                "DATABASE_URL to another role and DATABASE_OWNER_URL to this one (see .env.example)."
            )
        if not exists:
            raise RuntimeError(
                f"Create the role {role} first (see .env.example): the application connects as it."
            )
        app = sql.Identifier(role)
        statements = [
            "GRANT USAGE ON SCHEMA public TO {app}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}",
            "REVOKE UPDATE ON recovery_assessment FROM {app}",
            f"GRANT UPDATE ({', '.join(ASSESSMENT_MAY_CHANGE)}) ON recovery_assessment TO {{app}}",
            *(f"REVOKE UPDATE, DELETE ON recovery_{table} FROM {{app}}" for table in APPEND_ONLY),
            *(f"REVOKE DELETE ON recovery_{table} FROM {{app}}" for table in NEVER_DELETED),
        ]
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(app=app))


class Migration(migrations.Migration):
    dependencies = [("recovery", "0001_initial")]

    operations = [
        *(hold(*row) for row in HELD),
        # The watch and the board live on small partial indexes of busy tables: keep their dead entries few.
        migrations.RunSQL(
            "ALTER TABLE recovery_episode SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85);"
            "ALTER TABLE recovery_assessment SET (autovacuum_vacuum_scale_factor = 0.02);"
            "ALTER TABLE recovery_notification SET (autovacuum_vacuum_scale_factor = 0.02)",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
