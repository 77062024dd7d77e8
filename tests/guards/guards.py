"""The guards that keep a red flag from being lost or told twice, each with what is left when it is removed, and the
test that then fails. A guard whose removal nothing notices is untested, and would be lost in some clean-up one day."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """`text` stands once in `file`; without the guard there is `instead`."""

    name: str
    file: str
    text: str
    instead: str
    test: str


def constraint(name: str, sql: str, test: str) -> Guard:
    """One of the database's, dropped by a migration more."""
    return Guard(f"constraint {name}", "", name, sql, test)


def _drop(table: str, name: str) -> str:
    return f"ALTER TABLE recovery_{table} DROP CONSTRAINT {name}"


CLAIMS = "recovery/notifications/claims.py"
OUTCOMES = "recovery/notifications/outcomes.py"
PLAN = "recovery/notifications/plan.py"
OWED = "recovery/alerts/owed.py"
FLAGGING = "recovery/alerts/flagging.py"
WATCH = "recovery/watch.py"
NUDGES = "recovery/nudges.py"

OF_CLAIMS = "tests/notifications/test_claims.py"
OF_DELIVERY = "tests/notifications/test_delivery.py"
OF_CYCLE = "tests/watch/test_cycle.py"
OF_NUDGES = "tests/tasks/test_nudges.py"
OF_GUARDS = "tests/guards/test_without_them.py"

GUARDS = (
    # one of each, whoever comes at once
    constraint(
        "check_in_once_per_patient",
        _drop("checkin", "check_in_once_per_patient"),
        f"{OF_GUARDS}::test_the_database_holds_one_report_under_an_id_of_a_patients",
    ),
    constraint(
        "one_open_alert_per_rule",
        "DROP INDEX one_open_alert_per_rule",
        f"{OF_GUARDS}::test_the_database_holds_one_open_alert_of_a_rule",
    ),
    constraint(
        "told_once_per_step",
        _drop("notification", "told_once_per_step"),
        "tests/notifications/test_plan.py::test_the_database_holds_one_intent_per_alert_step_person_and_channel",
    ),
    constraint(
        "silence_once_per_slot",
        "DROP INDEX silence_once_per_slot",
        "tests/operations/test_silence.py::test_two_watches_at_once_judge_a_slot_once",
    ),
    constraint(
        "one_current_assessment",
        "DROP INDEX one_current_assessment",
        f"{OF_GUARDS}::test_the_database_holds_one_current_verdict_of_a_report",
    ),
    Guard(
        "a report is judged on the history that it is written to",
        "recovery/checkins/intake.py",
        "WHERE id = %(episode)s AND sequence = %(sequence)s AND NOT",
        "WHERE id = %(episode)s AND NOT",
        f"{OF_GUARDS}::test_what_came_between_reading_the_history_and_writing_the_verdict_is_seen",
    ),
    Guard(
        "a move of an alert is legal in the state that it is in",
        "recovery/alerts/moves.py",
        "pk=alert.pk, status__in=allowed)",
        "pk=alert.pk)",
        "tests/operations/test_alerts_moves.py",
    ),
    Guard(
        "an alert ends as it was read",
        "recovery/alerts/moves.py",
        "    if name in ENDS:\n        may_move",
        "    if False:\n        may_move",
        f"{OF_GUARDS}::test_what_joined_an_alert_meanwhile_is_not_ended_with_it",
    ),
    # who is at something keeps nobody waiting, and nobody does it a second time
    Guard(
        "SKIP LOCKED, claiming a message",
        CLAIMS,
        "FOR UPDATE SKIP LOCKED",
        "FOR UPDATE",
        f"{OF_GUARDS}::test_who_is_at_a_message_keeps_nobody_from_the_next",
    ),
    Guard(
        "SKIP LOCKED, looking for what is owed",
        OWED,
        "FOR UPDATE SKIP LOCKED",
        "FOR UPDATE",
        f"{OF_GUARDS}::test_who_is_at_a_report_keeps_nobody_from_the_next",
    ),
    Guard(
        "SKIP LOCKED, flagging a report",
        FLAGGING,
        "FOR NO KEY UPDATE SKIP LOCKED",
        "FOR NO KEY UPDATE",
        f"{OF_GUARDS}::test_who_is_nudged_for_what_somebody_is_at_goes_on",
    ),
    Guard(
        "SKIP LOCKED, judging silence",
        "recovery/silence/reading.py",
        "FOR NO KEY UPDATE SKIP LOCKED",
        "FOR NO KEY UPDATE",
        f"{OF_GUARDS}::test_a_patient_whose_phone_is_reporting_keeps_no_other_silence_unseen",
    ),
    Guard(
        "a report is flagged once",
        FLAGGING,
        "WHERE id = %s AND flagged_at IS NULL FOR",
        "WHERE id = %s FOR",
        "tests/operations/test_alerts.py::test_flagging_twice_does_it_once",
    ),
    # what was begun and not ended comes to an end
    Guard(
        "lease expiry",
        CLAIMS,
        "WHERE n.status IN ('waiting', 'sending') AND {{due}}",
        "WHERE n.status = 'waiting' AND {{due}}",
        f"{OF_CLAIMS}::test_a_claim_holds_until_its_lease_is_over_and_no_longer",
    ),
    Guard(
        "the lease itself",
        CLAIMS,
        "attempts = n.attempts + 1, next_attempt_at = clock_timestamp() + %(lease)s",
        "attempts = n.attempts + 1",
        f"{OF_CLAIMS}::test_a_claim_holds_until_its_lease_is_over_and_no_longer",
    ),
    Guard(
        "renewal of a lease",
        CLAIMS,
        "settings.DELIVERY_LEASE_S / 3",
        "settings.DELIVERY_LEASE_S * 3",
        f"{OF_CLAIMS}::test_who_waits_for_a_slow_provider_keeps_the_claim",
    ),
    Guard(
        "a lease that ran out is nobody's",
        CLAIMS,
        "        attempts=held.attempt,\n        next_attempt_at__gt=DatabaseClock(),",
        "        attempts=held.attempt,",
        f"{OF_GUARDS}::test_who_is_late_leaves_what_ran_out_to_whoever_comes",
    ),
    Guard(
        "who lost a claim writes nothing over whoever has it",
        CLAIMS,
        "        attempts=held.attempt,\n",
        "",
        f"{OF_GUARDS}::test_who_lost_a_claim_does_not_call_it_failed",
    ),
    Guard(
        "a try is counted before it is made",
        OWED,
        "SET attempts = attempts + 1,",
        "SET attempts = attempts,",
        "tests/operations/test_alerts_failures.py",
    ),
    Guard(
        "SKIP LOCKED, taking the steps of an escalation",
        "recovery/escalation/firing.py",
        "           FOR NO KEY UPDATE SKIP LOCKED\n    ), others",
        "           FOR NO KEY UPDATE\n    ), others",
        f"{OF_GUARDS}::test_an_alert_that_somebody_is_at_keeps_no_other_from_its_step",
    ),
    Guard(
        "no step is taken early",
        "recovery/escalation/firing.py",
        "WHERE next_step_at <= %(now)s AND id <> ALL",
        "WHERE id <> ALL",
        "tests/escalation/test_steps.py::test_a_step_is_not_taken_before_it_is_due",
    ),
    Guard(
        "no escalation ends in nobody",
        "recovery/escalation/schedule.py",
        '"step": len(policy.steps), "next_step_at": now + policy.again}',
        '"step": len(policy.steps), "next_step_at": None}',
        "tests/escalation/test_steps.py",
    ),
    Guard(
        "an alert keeps the policy that it was opened under",
        "recovery/escalation/schedule.py",
        "return read_tier(alert.escalation, Tier(alert.tier))",
        "return read_tier({}, Tier(alert.tier))",
        "tests/escalation/test_leaving.py::test_f36_an_alert_keeps_the_policy_that_it_was_opened_under",
    ),
    # nobody is told of what needs nobody any more
    Guard(
        "state re-check, claiming",
        CLAIMS,
        '_NEEDED = "(seen.wanted AND seen.in_use)"',
        '_NEEDED = "(seen.in_use)"',
        f"{OF_DELIVERY}::test_nobody_is_told_of_an_alert_that_ended_meanwhile",
    ),
    Guard(
        "state re-check, just before sending",
        CLAIMS,
        "return time.monotonic() - self._held_at < 0.5",
        "return True",
        f"{OF_DELIVERY}::test_nobody_is_told_of_an_alert_that_ended_while_the_line_was_being_opened",
    ),
    # the sweep, step by step
    Guard(
        "sweep: reports that were not flagged",
        WATCH,
        'take("flagged", lambda: alerts.flag_owed(limit=AT_ONCE, now=now))',
        "pass",
        f"{OF_CYCLE}::test_a_red_flag_reaches_the_mailbox_in_one_turn",
    ),
    Guard(
        "sweep: messages that were not sent",
        WATCH,
        'take("sent", lambda: delivery.deliver_due(limit=LIMIT, road="watch", now=now, stop=stop))',
        "pass",
        f"{OF_CYCLE}::test_a_red_flag_reaches_the_mailbox_in_one_turn",
    ),
    Guard(
        "sweep: alerts that nobody was told of",
        WATCH,
        'take("planned", lambda: plan.tell_untold(limit=LIMIT, now=now))',
        "pass",
        "tests/watch/test_untold.py::test_when_all_have_left_whoever_joins_is_told",
    ),
    Guard(
        "sweep: silence",
        WATCH,
        'take("silent", lambda: silence.judge_due(limit=SILENT, now=now))',
        "pass",
        f"{OF_CYCLE}::test_silence_is_judged_flagged_and_told_in_one_turn",
    ),
    Guard(
        "sweep: reports to be judged anew",
        WATCH,
        'take("rejudged", lambda: assessments.rejudge_owed(limit=LIMIT, now=now))',
        "pass",
        f"{OF_GUARDS}::test_what_a_late_report_made_owed_is_judged_anew_by_the_watch",
    ),
    Guard(
        "sweep: steps of escalations",
        WATCH,
        'take("escalated", lambda: escalation.fire_due(limit=AT_ONCE, now=now))',
        "pass",
        f"{OF_GUARDS}::test_when_nobody_acts_the_watch_tells_the_next",
    ),
    Guard(
        "a step that fails takes no turn from the others",
        WATCH,
        'log.error("the watch could not finish its turn (%s): %s", kind, type(error).__name__)',
        "raise",
        f"{OF_CYCLE}::test_a_step_that_raises_takes_no_turn_from_the_others",
    ),
    # a nudge can do no harm
    Guard(
        "a nudge leaves after the commit",
        NUDGES,
        "transaction.on_commit(publish_nudge, robust=True)",
        "publish_nudge()",
        f"{OF_NUDGES}::test_a_nudge_waits_for_the_commit_and_is_dropped_with_its_transaction",
    ),
    Guard(
        "a nudge that fails is caught",
        NUDGES,
        'counts["failed"] += 1',
        "raise",
        f"{OF_NUDGES}::test_a_nudge_that_cannot_be_published_leaves_the_row_and_those_after_it",
    ),
    Guard(
        "nudges rest while the broker does not answer",
        NUDGES,
        "not breaker.allows() or",
        "",
        f"{OF_NUDGES}::test_after_three_failures_nothing_is_tried_for_a_while",
    ),
    Guard(
        "a publish waits half a second at most",
        "config/settings.py",
        '"socket_timeout": 0.5,',
        "",
        "tests/tasks/test_settings.py::test_f02_a_publish_waits_half_a_second_at_worst",
    ),
    Guard(
        "an acknowledgement that is lost gives its room back",
        "config/broker.py",
        "            virtual.QoS.ack(self, delivery_tag)\n            raise\n\n    def reject",
        "            raise\n\n    def reject",
        "tests/faults/test_celery.py::test_f15_a_worker_whose_acknowledgements_were_lost_hears_again",
    ),
    Guard(
        "a silent database is given up",
        "config/postgres/base.py",
        "timeout or longest_wait_s())",
        "timeout)",
        "tests/house/test_silent_database.py::test_a_statement_is_given_up_and_its_connection_with_it",
    ),
    # the watcher is watched
    Guard(
        "auditor: its checks",
        "recovery/auditor/looking.py",
        "for check in (*checks.CHECKS, *checks.STEPS):",
        "for check in ():",
        "tests/auditor/test_damage.py::test_each_kind_of_damage_is_found_within_two_minutes",
    ),
    Guard(
        "auditor: what is judged anew",
        "recovery/auditor/looking.py",
        'with _in_time("anew", findings):',
        "if False:",
        "tests/auditor/test_damage.py::test_each_kind_of_damage_is_found_within_two_minutes",
    ),
    Guard(
        "auditor: its sweeps",
        "recovery/auditor/looking.py",
        "for done, sweep in enumerate(sweeps.SWEEPS):",
        "for done, sweep in enumerate(()):",
        "tests/auditor/test_damage.py::test_each_kind_of_damage_is_found_within_two_minutes",
    ),
    Guard(
        "auditor: the walls of the database",
        "recovery/auditor/looking.py",
        '_take("wall-down", findings, walls.look)',
        "pass",
        "tests/auditor/test_damage.py::test_a_rule_of_the_database_that_is_taken_away_is_found",
    ),
    Guard(
        "auditor: a check that is too slow is an alarm",
        "recovery/auditor/looking.py",
        'findings.found.append(Found("check-too-slow", 0, None, kind))',
        "pass",
        "tests/auditor/test_damage.py::test_a_check_that_does_not_end_in_time_is_an_alarm",
    ),
    # what a patient sends is not read otherwise than it was meant, and by nobody else
    Guard(
        "of two values for one answer neither is taken",
        "recovery/scanning.py",
        "if len(document) < len(pairs):",
        "if False:",
        "tests/operations/test_scanning.py",
    ),
    Guard(
        "tenancy",
        "recovery/access.py",
        'return AlertQuerySet(Alert).filter(team__in=memberships(user).values("team"))',
        "return AlertQuerySet(Alert).all()",
        "tests/operations/test_alerts_moves.py",
    ),
)
