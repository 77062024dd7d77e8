"""What a superuser does to the tables by hand, past every check in Python and every wall: each kind of damage is found
within two minutes, under its own name (O11)."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import override_settings
from psycopg.errors import QueryCanceled

from recovery.auditor import KINDS, checks
from recovery.auditor.checks import Check
from recovery.models import Episode
from services import ports
from services.provision import connect
from tests import factories
from tests.auditor import ward
from tests.auditor.ward import Ward
from tests.databases import empty_tables, in_database
from tests.notifications.postbox import postbox
from tests.services_plugin import current

RED = "SELECT min(id) FROM recovery_alert WHERE status = 'open' AND tier = 4"
OPEN = f"(SELECT episode_id FROM recovery_alert WHERE id = ({RED}))"
RUNNING = "(SELECT min(id) FROM recovery_episode WHERE status = 'active')"
REPORT = f"(SELECT min(id) FROM recovery_checkin WHERE episode_id = {OPEN})"
RED_REPORT = f"""(SELECT check_in_id FROM recovery_assessment v
    JOIN recovery_alert a ON a.first_assessment_id = v.id WHERE a.id = ({RED}))"""
FAR = "now() + interval '70 years'"


@dataclass(frozen=True)
class Damage:
    """`sql` as the superuser, with foreign keys and triggers out of force; `found` is the kind that tells of it."""

    name: str
    found: str
    sql: str


DAMAGES = [
    Damage(
        "a red flag's alert is deleted with its history",
        "red-flag-without-alert",
        f"""WITH gone AS ({RED}), a AS (DELETE FROM recovery_attempt WHERE notification_id IN (
                SELECT id FROM recovery_notification WHERE alert_id IN (SELECT * FROM gone))),
            n AS (DELETE FROM recovery_notification WHERE alert_id IN (SELECT * FROM gone)),
            e AS (DELETE FROM recovery_alertevent WHERE alert_id IN (SELECT * FROM gone))
            DELETE FROM recovery_alert WHERE id IN (SELECT * FROM gone)""",
    ),
    Damage("an alert's history is deleted", "alert-without-history",
           f"DELETE FROM recovery_alertevent WHERE kind = 'opened' AND alert_id = ({RED})"),
    Damage("an alert's tier is lowered", "alert-tier-changed",
           f"UPDATE recovery_alert SET tier = 3 WHERE id = ({RED})"),
    Damage("an alert is closed past the operations", "alert-ended-by-nobody",
           f"""UPDATE recovery_alert SET status = 'closed', ended_at = now(), outcome = 'seen', next_step_at = NULL,
               ended_by_id = (SELECT min(id) FROM recovery_user), patient_contacted = true WHERE id = ({RED})"""),
    Damage("an alert is taken on past the operations", "alert-taken-on-by-nobody",
           f"""UPDATE recovery_alert SET status = 'acknowledged', acknowledged_at = now(),
               owner_id = (SELECT min(id) FROM recovery_user) WHERE id = ({RED})"""),
    Damage("an alert is moved to another team", "alert-detached",
           f"UPDATE recovery_alert SET team_id = (SELECT max(id) FROM recovery_careteam) WHERE id = ({RED})"),
    Damage("a team is detached from its patients", "patient-detached",
           f"UPDATE recovery_episode SET team_id = (SELECT max(id) FROM recovery_careteam) WHERE id = {RUNNING}"),
    Damage("everybody of a team is put out of it", "team-of-nobody",
           "UPDATE recovery_membership SET ended_at = now() WHERE team_id = (SELECT min(id) FROM recovery_careteam)"),
    Damage("all intents of a red flag are hidden", "told-nobody",
           f"UPDATE recovery_notification SET status = 'failed', sent_at = NULL WHERE alert_id = ({RED})"),
    Damage("one intent is dropped", "message-hidden",
           f"""UPDATE recovery_notification SET status = 'dropped', sent_at = NULL
               WHERE id = (SELECT min(id) FROM recovery_notification WHERE alert_id = ({RED}))"""),
    Damage("one colleague's intent is deleted before it was sent", "colleague-left-out",
           f"""WITH gone AS (SELECT min(recipient_id) AS who FROM recovery_notification WHERE alert_id = ({RED})),
               e AS (DELETE FROM recovery_alertevent WHERE alert_id = ({RED}) AND kind = 'told'),
               m AS (UPDATE recovery_membership SET started_at = now() - interval '1 day')
               DELETE FROM recovery_notification WHERE alert_id = ({RED}) AND recipient_id = (SELECT who FROM gone)"""),
    Damage("a message that was sent is deleted", "message-lost",
           f"""DELETE FROM recovery_notification
               WHERE id = (SELECT min(id) FROM recovery_notification WHERE alert_id = ({RED}))"""),
    Damage("a message is called sent that nobody sent", "message-without-try",
           f"""DELETE FROM recovery_attempt WHERE notification_id IN (
               SELECT id FROM recovery_notification WHERE alert_id = ({RED}))"""),
    Damage("a message's due time is frozen", "message-frozen",
           f"""UPDATE recovery_notification SET status = 'waiting', sent_at = NULL, next_attempt_at = {FAR}
               WHERE alert_id = ({RED})"""),
    Damage("a lease is never given back", "message-overdue",
           f"""UPDATE recovery_notification SET status = 'sending', sent_at = NULL,
               next_attempt_at = now() - interval '1 second' WHERE alert_id = ({RED})"""),
    Damage("a message goes to somebody of another clinic", "told-a-stranger",
           f"""UPDATE recovery_notification SET recipient_id = (SELECT max(id) FROM recovery_user)
               WHERE id = (SELECT min(id) FROM recovery_notification WHERE alert_id = ({RED}))"""),
    Damage("a report's verdict is deleted", "report-not-judged",
           f"DELETE FROM recovery_assessment WHERE check_in_id = {REPORT}"),
    Damage("a verdict's tier is changed", "verdict-not-its-findings",
           f"UPDATE recovery_assessment SET tier = 0 WHERE check_in_id = {RED_REPORT}"),
    Damage("a verdict is changed to look right", "verdict-wrong",
           f"UPDATE recovery_assessment SET tier = 0, findings = '[]' WHERE check_in_id = {RED_REPORT}"),
    Damage("one finding of a verdict is dropped", "verdict-wrong",
           f"UPDATE recovery_assessment SET findings = findings - 1 WHERE check_in_id = {RED_REPORT}"),
    Damage("a verdict is made that of another revision", "verdict-of-another-revision",
           f"UPDATE recovery_assessment SET revision = 7 WHERE check_in_id = {REPORT}"),
    Damage("an answer is changed", "report-altered",
           f"""UPDATE recovery_checkin SET answers = jsonb_set(answers, '{{bladder}}', '"no"')
               WHERE id = {RED_REPORT}"""),
    Damage("an earlier revision is deleted", "revision-lost", "DELETE FROM recovery_checkinrevision"),
    Damage("a verdict is marked as put off for ever", "flagging-frozen",
           f"UPDATE recovery_assessment SET flagged_at = NULL, flagged_by = '', next_attempt_at = {FAR} "
           f"WHERE check_in_id = {RED_REPORT}"),
    Damage("a verdict is owed and nobody does it", "flagging-overdue",
           f"""UPDATE recovery_assessment SET flagged_at = NULL, flagged_by = '', next_attempt_at = NULL
               WHERE check_in_id = {RED_REPORT}"""),
    Damage("a verdict is set aside", "verdict-set-aside",
           f"""UPDATE recovery_assessment SET flagged_at = NULL, flagged_by = '', set_aside_at = now()
               WHERE check_in_id = {RED_REPORT}"""),
    Damage("a recovery's next look is taken away", "silence-unwatched",
           f"UPDATE recovery_episode SET next_due_at = NULL WHERE id = {RUNNING}"),
    Damage("a recovery's next look is frozen", "silence-frozen",
           f"UPDATE recovery_episode SET next_due_at = {FAR} WHERE id = {RUNNING}"),
    Damage("a recovery's next look is put off by one slot", "silence-frozen",
           f"UPDATE recovery_episode SET next_due_at = next_due_at + interval '24 hours' WHERE id = {OPEN}"),
    Damage("a missed slot is never looked at", "silence-overdue",
           f"UPDATE recovery_episode SET next_due_at = procedure_at WHERE id = {RUNNING}"),
    Damage("the verdict on a silence is deleted", "missed-slot-without-verdict",
           "DELETE FROM recovery_assessment WHERE silent_slot IS NOT NULL"),
    Damage("the verdict on a silence is softened", "silence-verdict-wrong",
           "UPDATE recovery_assessment SET findings = '[]', tier = 0 WHERE silent_slot IS NOT NULL"),
    Damage("a new judgement is put off for ever", "rejudging-overdue",
           f"UPDATE recovery_episode SET rejudge_from = now(), rejudge_next_at = {FAR} WHERE id = {RUNNING}"),
    Damage("a recovery is ended past the operations", "ended-by-nobody",
           f"""UPDATE recovery_episode SET status = 'ended', next_due_at = NULL,
               ended_at = procedure_at + interval '101 hours' WHERE id = {RUNNING}"""),
    Damage("a recovery is paused past the operations", "paused-by-nobody",
           f"UPDATE recovery_episode SET status = 'paused', next_due_at = NULL WHERE id = {RUNNING}"),
    Damage("a rule is muted past the operations", "muted-by-nobody",
           f"""INSERT INTO recovery_mute (clinic_id, episode_id, rule, tier, known, from_at, until_at, by_id, reason)
               SELECT clinic_id, episode_id, 'CHEST', 3, '{{}}', now() - interval '1 year', {FAR},
                      (SELECT min(id) FROM recovery_user), 'x' FROM recovery_alert WHERE id = ({RED})"""),
    Damage("a refused report's verdict is deleted", "refused-report-unseen",
           "DELETE FROM recovery_assessment WHERE quarantine_id IS NOT NULL"),
    Damage("a step of an escalation is frozen", "step-frozen",
           f"UPDATE recovery_alert SET next_step_at = NULL WHERE id = ({RED})"),
    Damage("a step of an escalation is passed over", "step-overdue",
           f"UPDATE recovery_alert SET next_step_at = opened_at WHERE id = ({RED})"),
]  # fmt: skip


Strike = Callable[[str], int]


@pytest.fixture(scope="module")
def healthy(django_db_setup: None, django_db_blocker: Any) -> Iterator[Ward]:
    """One ward for all of them: what is broken is put back from a copy (see `strike`)."""
    with django_db_blocker.unblock(), postbox() as box:
        with override_settings(EMAIL_HOST=ports.HOST, EMAIL_PORT=box.port):
            made = ward.make()
            harbour = factories.team(factories.clinic("Harbour Clinic"), "Harbour team")
            factories.member(harbour, "Cleo Marsh", password=None)
            yield made
        empty_tables()


@pytest.fixture(scope="module")
def copied(healthy: Ward) -> Iterator["Copy"]:
    with connect(in_database(current().admin_url, os.environ["DATABASE_OWNER_URL"])) as admin:
        if admin.info.parameter_status("is_superuser") != "on":
            pytest.skip("only a superuser can do such damage")
        admin.execute("SET session_replication_role = replica")
        yield Copy(admin)


@pytest.fixture
def strike(copied: "Copy", django_db_blocker: Any) -> Iterator[Strike]:
    """Says of how many rows something was changed, past every wall."""
    with django_db_blocker.unblock():
        yield lambda sql: copied.admin.execute(sql).rowcount
    copied.put_back()


class Copy:
    """All rows of ours as they were, in tables of this session."""

    def __init__(self, admin: psycopg.Connection) -> None:
        self.admin = admin
        self.columns: dict[str, str] = dict(
            admin.execute(
                "SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name LIKE 'recovery\\_%' AND is_generated = 'NEVER'"
                " GROUP BY table_name"
            ).fetchall()
        )
        for table, columns in self.columns.items():
            admin.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT {columns} FROM public.{table}")

    def put_back(self) -> None:
        with self.admin.transaction():
            for table, columns in self.columns.items():
                self.admin.execute(f"DELETE FROM public.{table}")
                self.admin.execute(
                    f"INSERT INTO public.{table} ({columns}) OVERRIDING SYSTEM VALUE"
                    f" SELECT {columns} FROM kept_{table}"
                )


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name.replace(" ", "-"))
def test_each_kind_of_damage_is_found_within_two_minutes(healthy: Ward, strike: Strike, damage: Damage):
    assert ward.look().is_well
    assert strike(damage.sql) >= 1

    assert damage.found in ward.looks()


def test_there_are_at_least_twenty_kinds():
    kinds = {damage.found for damage in DAMAGES}
    assert len(kinds) >= 20
    assert kinds <= set(KINDS)


def test_a_rule_of_the_database_that_is_taken_away_is_found(healthy: Ward, strike: Strike):
    strike("ALTER TABLE recovery_alert DROP CONSTRAINT alert_noise_known")
    try:
        assert "wall-down" in ward.looks()
    finally:
        strike(
            "ALTER TABLE recovery_alert ADD CONSTRAINT alert_noise_known CHECK (noise = ANY (ARRAY["
            "'', 'expected', 'mistake', 'double', 'nothing-to-do', 'fault', 'other']))"
        )


def test_what_is_mended_is_called_well_again(healthy: Ward, strike: Strike):
    was = Episode.objects.order_by("pk").values_list("next_due_at", flat=True)[0]
    strike(f"UPDATE recovery_episode SET next_due_at = {FAR} WHERE id = {RUNNING}")
    assert "silence-frozen" in ward.looks()

    Episode.objects.filter(pk=Episode.objects.earliest("pk").pk).update(next_due_at=was)

    assert ward.look(seconds=140).is_well


def test_what_is_being_done_at_this_instant_is_no_defect(healthy: Ward, strike: Strike):
    Episode.objects.filter(status="active").update(rejudge_from=factories.at(1))
    assert ward.look().is_well
    ward.settle(ward.NOW_H)

    assert ward.look(seconds=20).is_well


def test_a_check_that_does_not_end_in_time_is_an_alarm(
    healthy: Ward, settings: Any, strike: Strike, monkeypatch: pytest.MonkeyPatch
):
    endless = Check("flagging-overdue", "SELECT 0, NULL::bigint, '' FROM pg_sleep(60)")
    settings.AUDIT_STATEMENT_MS = 500
    with monkeypatch.context() as patch:
        patch.setattr(checks, "CHECKS", (*checks.CHECKS, endless))
        assert ward.look().is_well  # suspected: once may be a crowded machine

        standing = ward.look(seconds=20).standing

    late = {defect.detail for defect in standing if defect.kind == "check-too-slow"}
    assert "flagging-overdue" in late
    settings.AUDIT_STATEMENT_MS = 5_000
    assert ward.look(seconds=140).is_well


def test_a_look_that_cannot_even_begin_a_check_is_given_up_as_a_database_that_is_lost(
    healthy: Ward, strike: Strike, monkeypatch: pytest.MonkeyPatch
):
    """Anything else would end the program: it goes on after what the database raises."""

    def canceled(*_: object) -> None:
        raise OperationalError("canceling statement due to statement timeout") from QueryCanceled()

    monkeypatch.setattr(connection, "_savepoint", canceled)

    with pytest.raises(OperationalError, match="timeout"):
        ward.look()
