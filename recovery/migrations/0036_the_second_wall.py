"""Row-level security: a statement reaches rows of those clinics alone that its context names (ADR 31).

The release before names none. So where there are clinics already, the wall goes up later, when its last program has
ended: `manage.py wall up` (docs/operations.md).
"""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql

from recovery.migrations._walls import FENCE, policy

TABLES = [
    "alert", "alertevent", "assessment", "attempt", "canary", "canaryrun", "caregiver", "careteam", "checkin",
    "checkinrevision", "consent", "contact", "devicetoken", "enrolmentcode", "episode", "episodeevent", "erasure",
    "escalationpolicy", "legalhold", "letter", "mute", "nightcheck", "notification", "patient", "pause", "phonesign",
    "preferences", "quarantine", "reminder", "retentionrule", "rotaoverride", "rotashift",
]  # fmt: skip
OF_NO_CLINIC_TOO = ["auditevent", "invitation"]
# The audit is written from wherever something is tried, and read by its clinic alone.
APPENDED = [
    "DROP POLICY IF EXISTS appended_by_all ON recovery_auditevent",
    "CREATE POLICY appended_by_all ON recovery_auditevent FOR INSERT WITH CHECK (true)",
]
POLICIES = [
    *(policy(table) for table in TABLES),
    *(policy(table, or_none=True) for table in OF_NO_CLINIC_TOO),
    policy("clinic", "id"),
    policy("defect"),
    APPENDED,
]
FENCED = [*TABLES, *OF_NO_CLINIC_TOO, "clinic", "defect"]

# Parts of each policy, which the planner puts in their place. Whatever is no array and not the word is nothing.
CONTEXT = """
    CREATE OR REPLACE FUNCTION recovery_every_clinic() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('recovery.clinics', true) = 'every';

    CREATE OR REPLACE FUNCTION recovery_clinics() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN starts_with(current_setting('recovery.clinics', true), '{')
                THEN current_setting('recovery.clinics', true)::bigint[] END;
"""

# Narrow ways through the wall, for who is not known yet: who has the secret is told the numbers of its clinics.
# The secret is $1: by its name it would be taken for a column of that name.
WAYS = {
    "session(key text)": """
        SELECT t.clinic_id FROM recovery_staffsession s
          JOIN recovery_user u ON u.id = s.user_id AND u.is_active
          JOIN recovery_membership m ON m.user_id = u.id AND m.ended_at IS NULL
          JOIN recovery_careteam t ON t.id = m.team_id
         WHERE s.session_key = $1
         UNION
        SELECT o.clinic_id FROM recovery_staffsession s
          JOIN recovery_user u ON u.id = s.user_id AND u.is_active
          JOIN recovery_oversight o ON o.user_id = u.id AND o.ended_at IS NULL AND o.clinic_id IS NOT NULL
         WHERE s.session_key = $1
    """,
    "phone(hash text)": "SELECT clinic_id FROM recovery_devicetoken WHERE token_hash = $1",
    "code(letters text)": "SELECT clinic_id FROM recovery_enrolmentcode WHERE selector = $1",
    "invitation(hash text)": """
        SELECT clinic_id FROM recovery_invitation WHERE token_hash = $1 AND clinic_id IS NOT NULL
    """,
    "message(key text)": """
        SELECT clinic_id FROM recovery_notification WHERE message_key = $1::uuid
         UNION
        SELECT clinic_id FROM recovery_letter WHERE uuid = $1::uuid
    """,
}

# The phone's own way gives its rows as well, and tells the context itself: so that it stays one statement. What is
# selected is worked out of the row that is found, after it was found: no other phone's clinic is ever told. Written as the
# server's own: it is read once, and needs no search path.
PHONE = """
    CREATE OR REPLACE FUNCTION recovery_phone(hash text)
    RETURNS TABLE (device recovery_devicetoken, episode recovery_episode, clinic recovery_clinic, told text)
    LANGUAGE sql VOLATILE SECURITY DEFINER ROWS 1 BEGIN ATOMIC
        SELECT d, e, c, pg_catalog.set_config('recovery.clinics', '{' || d.clinic_id::text || '}', false)
          FROM recovery_devicetoken d
          JOIN recovery_episode e ON e.id = d.episode_id
          JOIN recovery_clinic c ON c.id = d.clinic_id
         WHERE d.token_hash = $1 AND d.revoked_at IS NULL;
    END
"""

# What happened to somebody's account is remembered in each clinic that they work for, or did when they left: whoever
# did it may have none of them in reach, or not all. Of an address that nobody has: one event, of no clinic.
ACCOUNT = """
    CREATE OR REPLACE FUNCTION recovery_remember_account(
        what text, at timestamptz, by bigint, account bigint, address text, request text, browser text, detail jsonb,
        not_since timestamptz
    ) RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        INSERT INTO recovery_auditevent
               (clinic_id, at, user_id, what, subject, subject_id, request_id, browser, detail)
        SELECT home.clinic_id, $2, $3, $1, CASE WHEN person.id IS NULL THEN '' ELSE 'user' END, person.uuid, $6, $7, $8
          FROM (SELECT 1) one
          LEFT JOIN recovery_user person ON person.id = $4 OR lower(person.email) = lower($5)
          LEFT JOIN LATERAL (
               SELECT t.clinic_id FROM recovery_membership m JOIN recovery_careteam t ON t.id = m.team_id
                WHERE m.user_id = person.id AND (m.ended_at IS NULL OR NOT EXISTS (
                      SELECT FROM recovery_membership o WHERE o.user_id = person.id AND o.ended_at IS NULL))
                UNION
               SELECT o.clinic_id FROM recovery_oversight o
                WHERE o.user_id = person.id AND o.ended_at IS NULL AND o.clinic_id IS NOT NULL) home ON true
         WHERE NOT EXISTS (
               SELECT FROM recovery_auditevent before
                WHERE before.at > $9 AND before.what = $1
                  AND before.subject_id IS NOT DISTINCT FROM person.uuid
                  AND (before.clinic_id = home.clinic_id OR before.clinic_id IS NULL AND home.clinic_id IS NULL))
    $$
"""

# Whoever left has no clinic in reach. What they try is remembered where they were last.
LAST_CLINIC = """
    CREATE OR REPLACE FUNCTION recovery_last_clinic_of(account bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT t.clinic_id FROM recovery_membership m JOIN recovery_careteam t ON t.id = m.team_id
         WHERE m.user_id = $1 ORDER BY m.ended_at DESC LIMIT 1
    $$
"""

NAMES = [
    "phone",
    "remember_account",
    "last_clinic_of",
    *(f"clinics_of_{each.partition('(')[0]}" for each in WAYS),
]


def way(signature: str, query: str) -> str:
    return f"""
        CREATE OR REPLACE FUNCTION recovery_clinics_of_{signature} RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT coalesce(array_agg(it.clinic_id)::text, '{{}}') FROM ({query}) it
        $$
    """


def ways(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Made as the owner, who is not walled in; for the application's role alone."""
    app = sql.Identifier(settings.DATABASE_APP_ROLE)
    with schema_editor.connection.cursor() as cursor:
        for statement in (CONTEXT, PHONE, ACCOUNT, LAST_CLINIC, *(way(*each) for each in WAYS.items())):
            cursor.execute(statement)
        for name in NAMES:
            for grant in (
                "REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION {name} TO {app}",
            ):
                cursor.execute(sql.SQL(grant).format(name=sql.Identifier(f"recovery_{name}"), app=app))


def up_where_nobody_is_yet(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM recovery_clinic)")
        if not cursor.fetchone()[0]:
            for table in FENCED:
                cursor.execute(f"ALTER TABLE recovery_{table} ENABLE ROW LEVEL SECURITY")


def down(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        for table in FENCED:
            cursor.execute(f"ALTER TABLE recovery_{table} DISABLE ROW LEVEL SECURITY")
            cursor.execute(f"DROP POLICY IF EXISTS {FENCE} ON recovery_{table}")
        cursor.execute(APPENDED[0])


class Migration(migrations.Migration):
    atomic = False  # each table is held for a blink, and none while another is waited for
    dependencies = [("recovery", "0035_what_is_held_is_kept")]

    operations = [
        migrations.RunPython(ways, migrations.RunPython.noop),
        *(migrations.RunSQL(each, migrations.RunSQL.noop) for each in POLICIES),
        migrations.RunPython(up_where_nobody_is_yet, down),
    ]
