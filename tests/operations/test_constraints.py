"""The database says no: each constraint has a test that tries to break it, past every check in Python."""

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.db.models import Model

from recovery.models import (
    Alert,
    AlertEvent,
    Assessment,
    Attempt,
    AuditEvent,
    AuditRun,
    Canary,
    CanaryRun,
    Caregiver,
    CareTeam,
    CheckIn,
    CheckInRevision,
    Clinic,
    Consent,
    Contact,
    Defect,
    DeviceToken,
    EnrolmentCode,
    Episode,
    EpisodeEvent,
    Erasure,
    EscalationPolicy,
    Invitation,
    LegalHold,
    Letter,
    Membership,
    Mute,
    NightCheck,
    Notification,
    Oversight,
    Patient,
    Pause,
    PhoneSign,
    Preferences,
    ProtocolApproval,
    ProtocolReplay,
    Quarantine,
    RecoveryCode,
    Reminder,
    RetentionRule,
    RotaOverride,
    RotaShift,
    User,
)
from tests import factories
from tests.factories import T0, at

pytestmark = pytest.mark.django_db


class World:
    """One sound row of each kind, and a second clinic, to make broken copies of."""

    def __init__(self) -> None:
        self.clinic = factories.clinic()
        self.team = factories.team(self.clinic)
        self.ben = factories.member(self.team)
        self.episode = factories.episode(self.team)
        self.device, _ = factories.phone(self.episode)
        self.other_clinic = factories.clinic("Harbour Clinic")
        self.other_team = factories.team(self.other_clinic)
        self.other_episode = factories.episode(self.other_team, name="Ida Moreau")
        self.check_in = self.new_check_in()
        self.assessment = self.new_assessment(check_in=self.check_in, revision=1)
        self.alert = self.new_alert()
        self.notification = self.new_notification()

    @cached_property
    def other_device(self) -> DeviceToken:
        return factories.phone(self.other_episode)[0]

    @cached_property
    def other_assessment(self) -> Assessment:
        return self.new_assessment(clinic=self.other_clinic, episode=self.other_episode, silent_slot="S1")

    def new_device(self, **fields: Any) -> DeviceToken:
        return DeviceToken.objects.create(
            **{
                "clinic": self.clinic,
                "patient": self.episode.patient,
                "episode": self.episode,
                "token_hash": uuid4().hex * 2,
                "name": "Ana's tablet",
                "platform": "web",
                "created_at": T0,
            }
            | fields
        )

    def new_check_in(self, **fields: Any) -> CheckIn:
        return CheckIn.objects.create(
            **{
                "clinic": self.clinic,
                "patient": self.episode.patient,
                "episode": self.episode,
                "device": self.device,
                "client_id": uuid4(),
                "status": "completed",
                "observed_at": at(20),
                "sent_at": at(20),
                "received_at": at(20),
                "effective_at": at(20),
                "answered_by": "patient",
                "app_version": "test/1",
                "answers": {"pain_now": 2},
                "fingerprint": "f" * 64,
            }
            | fields
        )

    def new_assessment(self, **fields: Any) -> Assessment:
        return Assessment.objects.create(
            **{
                "clinic": self.clinic,
                "episode": self.episode,
                "protocol": "vk-default/1",
                "judged_at": at(20),
                "effective_at": at(20),
                "hours": 20.0,
                "phase": "phase-1",
                "tier": 0,
            }
            | fields
        )

    def new_alert(self, **fields: Any) -> Alert:
        return Alert.objects.create(
            **{
                "clinic": self.clinic,
                "team": self.team,
                "episode": self.episode,
                "rule": "FEVER",
                "tier": 3,
                "opened_at": at(20),
                "tier_at": at(20),
                "changed_at": at(20),
                "first_assessment": self.assessment,
                "latest_assessment": self.assessment,
            }
            | fields
        )

    def new_notification(self, **fields: Any) -> Notification:
        return Notification.objects.create(
            **{
                "clinic": self.clinic,
                "alert": self.alert,
                "step": "opened",
                "recipient": self.ben,
                "channel": "email",
                "tier": 3,
                "planned_at": at(20),
                "next_attempt_at": at(20),
            }
            | fields
        )

    def new_contact(self, **fields: Any) -> Contact:
        return Contact.objects.create(
            **{
                "clinic": self.clinic,
                "user": self.ben,
                "channel": "email",
                "address": "ben@example.org",
                "line": "email",
                "created_at": T0,
            }
            | fields
        )

    def new_letter(self, **fields: Any) -> Letter:
        return Letter.objects.create(
            **{
                "clinic": self.clinic,
                "kind": "contact.test",
                "key": "1",
                "user": self.ben,
                "channel": "email",
                "line": "email",
                "due_at": at(20),
                "next_attempt_at": at(20),
            }
            | fields
        )

    def new_policy(self, **fields: Any) -> EscalationPolicy:
        return EscalationPolicy.objects.create(
            **{
                "clinic": self.clinic,
                "team": self.team,
                "version": 1,
                "created_at": T0,
                "created_by": self.ben,
            }
            | fields
        )

    def new_quarantine(self, **fields: Any) -> Quarantine:
        return Quarantine.objects.create(
            **{
                "clinic": self.clinic,
                "episode": self.episode,
                "device": self.device,
                "received_at": at(20),
                "body": b"{",
                "fingerprint": uuid4().hex * 2,
                "readable": False,
                "code": "syntax",
            }
            | fields
        )

    def new_code(self, **fields: Any) -> EnrolmentCode:
        return EnrolmentCode.objects.create(
            **{
                "clinic": self.clinic,
                "episode": self.episode,
                "selector": uuid4().hex[:8],
                "secret_hash": "a" * 64,
                "created_at": T0,
                "expires_at": at(72),
            }
            | fields
        )

    def change(self, row: Model, **fields: Any) -> None:
        type(row)._default_manager.filter(pk=row.pk).update(**fields)


BREAKS: dict[str, Callable[[World], Any]] = {
    # clinics, teams, people
    "clinic_has_team_phone": lambda w: w.change(w.clinic, team_phone=""),
    "clinic_has_urgent_line": lambda w: w.change(w.clinic, urgent_line="to be told"),
    "clinic_has_emergency_number": lambda w: w.change(w.clinic, emergency_number=""),
    "clinic_has_crisis_line": lambda w: w.change(w.clinic, crisis_line=" "),
    "team_name_once_per_clinic": lambda w: CareTeam.objects.create(clinic=w.clinic, name=w.team.name),
    "alert_budget_in_range": lambda w: w.change(w.team, alert_budget=0),
    "member_once_per_team": lambda w: Membership.objects.create(user=w.ben, team=w.team, role="doctor"),
    "membership_role_known": lambda w: Membership.objects.create(
        user=w.ben, team=w.other_team, role="visitor"
    ),
    "oversight_of_its_kind": lambda w: w_oversight(w, clinic=None),
    "oversight_once": lambda w: [w_oversight(w, role="operator", clinic=None) for _ in range(2)],
    "recovery_code_once": lambda w: [
        RecoveryCode.objects.create(user=w.ben, code_hash="f" * 64) for _ in range(2)
    ],
    "invitation_of_its_kind": lambda w: w_invitation(w, role="operator"),
    "invitation_ends_once": lambda w: w_invitation(w, accepted_at=at(20), withdrawn_at=at(20)),
    "invitation_within_team_clinic": lambda w: w_invitation(w, team=w.other_team),
    "shift_level_known": lambda w: w_shift(w, level=3),
    "shift_weekday_known": lambda w: w_shift(w, weekday=7),
    "shift_within_a_day": lambda w: w_shift(w, lasts_min=1441),
    "one_shift_at_a_time": lambda w: (
        w_shift(w, weekday=6, begins_min=1200, lasts_min=720),
        w_shift(w, level=2, weekday=0, begins_min=479),
        w_shift(w, weekday=0, begins_min=479),
    ),
    "rotashift_within_team_clinic": lambda w: w_shift(w, clinic=w.other_clinic),
    "override_level_known": lambda w: w_override(w, level=0),
    "override_has_length": lambda w: w_override(w, until_at=at(20)),
    "one_override_at_a_time": lambda w: (
        w_override(w),
        w_override(w, from_at=at(22), until_at=at(24)),
        w_override(w, ended_at=at(20)),
        w_override(w, from_at=at(21)),
    ),
    "rotaoverride_within_team_clinic": lambda w: w_override(w, clinic=w.other_clinic),
    "night_checked_once": lambda w: (w_night(w), w_night(w)),
    "nightcheck_within_team_clinic": lambda w: w_night(w, clinic=w.other_clinic),
    # the watcher is watched
    "one_canary_run_per_round": lambda w: (w_canary_run(w), w_canary_run(w)),
    "canary_run_ends_with_an_outcome": lambda w: w_canary_run(w, outcome="arrived"),
    "canary_within_team_clinic": lambda w: w_canary(w, team=w.other_team),
    "canary_within_episode_clinic": lambda w: w_canary(w, episode=w.other_episode),
    "a_defect_stands_once": lambda w: (w_defect(), w_defect(gone_at=T0), w_defect()),
    "a_defect_is_accepted_by_somebody_for_a_reason": lambda w: w_defect(accepted_at=T0, accepted_by=w.ben),
    "pinged_only_while_all_is_well": lambda w: AuditRun.objects.create(
        started_at=T0, took_ms=1, found=1, pinged_at=at(1)
    ),
    "user_email_once": lambda w: User.objects.create_user(w.ben.email.upper(), "x", name="Not Ben"),
    "hospital_number_once_per_clinic": lambda w: Patient.objects.create(
        clinic=w.clinic,
        name="Not Ana",
        born_on="1950-01-01",
        hospital_number=w.episode.patient.hospital_number,
    ),
    "patient_has_hospital_number": lambda w: w.change(w.episode.patient, hospital_number=""),
    "who_is_called_first_has_a_number": lambda w: w.change(
        w.episode.patient, call_first="caregiver", caregiver_phone=""
    ),
    "consent_given_before_withdrawn": lambda w: Consent.objects.create(
        clinic=w.clinic, patient=w.episode.patient, wording="1", given_at=at(1), withdrawn_at=at(0)
    ),
    "consent_within_patient_clinic": lambda w: Consent.objects.create(
        clinic=w.other_clinic, patient=w.episode.patient, wording="1", given_at=T0
    ),
    # episodes
    "one_running_episode_per_patient": lambda w: Episode.objects.create(
        clinic=w.clinic,
        patient=w.episode.patient,
        team=w.team,
        procedure="kyphoplasty",
        procedure_at=T0,
        time_zone="Europe/London",
        started_at=T0,
    ),
    "episode_procedure_known": lambda w: w.change(w.episode, procedure="discectomy"),
    "episode_status_known": lambda w: w.change(w.episode, status="lost", next_due_at=None),
    "episode_ended_when_ended": lambda w: w.change(w.episode, status="ended", next_due_at=None),
    "only_active_episodes_are_watched": lambda w: w.change(w.episode, status="paused"),
    "risk_factors_known": lambda w: w.change(w.episode, risk_factors=["smoker"]),
    "baseline_has_a_time": lambda w: w.change(w.episode, baseline_at=None),
    "episode_has_time_zone": lambda w: w.change(w.episode, time_zone=""),
    "episode_ends_after_start": lambda w: w.change(
        w.episode, status="ended", next_due_at=None, ended_at=T0 - timedelta(days=1)
    ),
    "episode_within_patient_clinic": lambda w: Episode.objects.create(
        clinic=w.clinic,
        patient=w.other_episode.patient,
        team=w.team,
        procedure="kyphoplasty",
        procedure_at=T0,
        time_zone="Europe/London",
        started_at=T0,
        status="ended",
        ended_at=T0,
    ),
    "episode_within_team_clinic": lambda w: w.change(w.episode, team=w.other_team),
    "one_running_pause": lambda w: [
        Pause.objects.create(clinic=w.clinic, episode=w.episode, from_at=at(hour)) for hour in (1, 2)
    ],
    "pause_ends_after_start": lambda w: Pause.objects.create(
        clinic=w.clinic, episode=w.episode, from_at=at(2), until_at=at(1)
    ),
    "auditevent_within_episode_clinic": lambda w: AuditEvent.objects.create(
        what="looked", at=T0, clinic=w.other_clinic, episode=w.episode
    ),
    "pause_within_episode_clinic": lambda w: Pause.objects.create(
        clinic=w.other_clinic, episode=w.episode, from_at=at(2), until_at=at(3)
    ),
    # reminders
    "reminder_channel_known": lambda w: w.change(w.episode.preferences, channel="pigeon"),
    "reminders_have_an_address": lambda w: w.change(w.episode.preferences, channel="email"),
    "reminders_within_reason": lambda w: w.change(w.episode.preferences, repeats=3),
    "nobody_is_reminded_who_wants_none": lambda w: w.change(w.episode.preferences, channel="none"),
    "preferences_within_episode_clinic": lambda w: w.change(w.episode.preferences, clinic=w.other_clinic),
    "reminded_once": lambda w: [w_reminder(w), w_reminder(w)],
    "reminded_somewhere": lambda w: w_reminder(w, channel="none"),
    "reminded_inside_the_slot": lambda w: w_reminder(w, due_at=at(36)),
    "reminder_within_episode_clinic": lambda w: w_reminder(w, clinic=w.other_clinic),
    "phonesign_within_episode_clinic": lambda w: PhoneSign.objects.create(
        clinic=w.other_clinic, episode=w.episode, heard_at=at(20)
    ),
    # phones
    "device_token_is_hashed": lambda w: w.change(w.device, token_hash="the token itself"),
    "recovery_devicetoken_token_hash_key": lambda w: w.new_device(token_hash=w.device.token_hash),
    "devicetoken_within_episode_clinic": lambda w: w.new_device(clinic=w.other_clinic),
    "devicetoken_within_episode_patient": lambda w: w.change(w.device, patient=w.other_episode.patient),
    "code_locks_after_five_wrong_tries": lambda w: w.new_code(wrong_tries=6),
    "code_redeemed_by_one_device": lambda w: w.new_code(redeemed_at=T0),
    "code_expires": lambda w: w.new_code(expires_at=T0),
    "code_is_hashed": lambda w: w.new_code(secret_hash="ABCD1234"),
    "enrolmentcode_within_episode_clinic": lambda w: w.new_code(clinic=w.other_clinic),
    "enrolmentcode_within_device_episode_clinic": lambda w: w.change(
        w.other_device.enrolment_code, episode=w.episode, clinic=w.clinic
    ),
    # caregivers
    "caregiver_has_a_name": lambda w: w_caregiver(w, name=""),
    "caregiver_scope_known": lambda w: w_caregiver(w, scope="everything"),
    "caregiver_agreed_to_a_wording": lambda w: w_caregiver(w, wording=""),
    "caregiver_granted_by_one": lambda w: w_caregiver(w, granted_on=w.device),
    "caregiver_revoked_by_one": lambda w: w_caregiver(w, revoked_at=at(30)),
    "caregiver_within_episode_clinic": lambda w: w_caregiver(w, clinic=w.other_clinic),
    "caregiver_within_episode_patient": lambda w: w_caregiver(w, patient=w.other_episode.patient),
    "caregiver_within_granted_on_episode_clinic": lambda w: w_caregiver(
        w, granted_by=None, granted_on=w.other_device
    ),
    "devicetoken_within_caregiver_episode_clinic": lambda w: w.new_device(caregiver=w_stranger(w)),
    "enrolmentcode_within_caregiver_episode_clinic": lambda w: w.new_code(caregiver=w_stranger(w)),
    "caregivers_answer_as_such": lambda w: w.new_check_in(caregiver=w_caregiver(w)),
    "checkin_within_caregiver_episode_clinic": lambda w: w.new_check_in(
        answered_by="carer", caregiver=w_stranger(w)
    ),
    "checkinrevision_within_caregiver_episode_clinic": lambda w: w_revision(w, caregiver=w_stranger(w)),
    # check-ins
    "check_in_once_per_patient": lambda w: w.new_check_in(client_id=w.check_in.client_id),
    "pain_0_to_10": lambda w: w.new_check_in(answers={"pain_now": 11}),
    "pain_is_a_number": lambda w: w.new_check_in(answers={"pain_now": "7"}),
    "numbness_known": lambda w: w.new_check_in(answers={"numbness": "a bit"}),
    "bandage_known": lambda w: w.new_check_in(answers={"bandage": "False"}),
    "answers_are_an_object": lambda w: w.new_check_in(answers=[{"pain_now": 2}]),
    "check_in_status_known": lambda w: w.new_check_in(status="stopped"),
    "answered_by_known": lambda w: w.new_check_in(answered_by="neighbour"),
    "revision_from_1": lambda w: w.new_check_in(revision=0),
    "observed_2000_to_2100": lambda w: w.new_check_in(observed_at="1970-01-01T00:00:00Z"),
    "checkin_within_episode_clinic": lambda w: w.new_check_in(clinic=w.other_clinic),
    "checkin_within_episode_patient": lambda w: w.new_check_in(patient=w.other_episode.patient),
    "checkin_within_device_episode_clinic": lambda w: w.new_check_in(device=w.other_device),
    "revision_once_per_check_in": lambda w: [w_revision(w), w_revision(w)],
    "checkinrevision_within_check_in_episode_clinic": lambda w: w_revision(w, episode=w.other_episode),
    # assessments
    "one_current_assessment": lambda w: w.new_assessment(check_in=w.check_in, revision=1),
    "silence_once_per_slot": lambda w: [w.new_assessment(silent_slot="S1") for _ in range(2)],
    "assessment_of_one_thing": lambda w: w.new_assessment(),
    "assessment_tier_known": lambda w: w.new_assessment(silent_slot="S1", tier=5),
    "flagged_by_when_flagged": lambda w: w.new_assessment(silent_slot="S1", flagged_at=at(20)),
    "assessment_within_episode_clinic": lambda w: w.new_assessment(silent_slot="S1", clinic=w.other_clinic),
    "assessment_within_check_in_episode_clinic": lambda w: w.new_assessment(
        check_in=w.check_in, revision=1, episode=w.other_episode, clinic=w.other_clinic, is_current=False
    ),
    "assessment_within_quarantine_episode_clinic": lambda w: w.new_assessment(
        quarantine=w.new_quarantine(), episode=w.other_episode, clinic=w.other_clinic
    ),
    # escalation
    "policy_version_once": lambda w: [w.new_policy() for _ in range(2)],
    "policy_version_from_1": lambda w: w.new_policy(version=0),
    "escalationpolicy_within_team_clinic": lambda w: w.new_policy(clinic=w.other_clinic),
    # alerts
    "one_open_alert_per_rule": lambda w: w.new_alert(),
    "alert_tier_known": lambda w: w.new_alert(rule="CHEST", tier=0),
    "alert_state_is_whole": lambda w: w.change(w.alert, status="closed", ended_at=at(21), ended_by=w.ben),
    "alert_outcome_known": lambda w: w.change(
        w.alert, status="closed", ended_at=at(21), ended_by=w.ben, patient_contacted=True, outcome="fine"
    ),
    "asked_while_it_lives": lambda w: w.change(w.alert, asked=w.ben),
    "steps_have_a_lap": lambda w: w.change(w.alert, next_step_at=at(21)),
    "alert_noise_known": lambda w: w.change(w.alert, noise="loud"),
    "an_emergency_was_no_noise": lambda w: w.change(
        w.alert,
        status="closed",
        ended_at=at(21),
        ended_by=w.ben,
        patient_contacted=True,
        outcome="sent-to-emergency",
        noise="expected",
    ),
    "alert_within_episode_clinic": lambda w: w.new_alert(
        rule="CHEST", clinic=w.other_clinic, team=w.other_team
    ),
    "alert_within_team_clinic": lambda w: w.new_alert(rule="CHEST", team=w.other_team),
    "alert_within_first_assessment_episode_clinic": lambda w: w.new_alert(
        rule="CHEST", first_assessment=w.other_assessment
    ),
    "alert_within_latest_assessment_episode_clinic": lambda w: w.change(
        w.alert, latest_assessment=w.other_assessment
    ),
    "a_finding_joins_once": lambda w: [w_event(w, kind="joined", assessment=w.assessment) for _ in range(2)],
    "alertevent_within_alert_clinic": lambda w: w_event(w, clinic=w.other_clinic),
    "one_mute_per_rule": lambda w: [w_mute(w), w_mute(w)],
    "no_mute_of_an_emergency": lambda w: w_mute(w, tier=4),
    "mute_ends_after_start": lambda w: w_mute(w, until_at=at(20)),
    "muted_with_reason": lambda w: w_mute(w, reason=""),
    "mute_within_episode_clinic": lambda w: w_mute(w, clinic=w.other_clinic),
    "episodeevent_within_episode_clinic": lambda w: EpisodeEvent.objects.create(
        clinic=w.other_clinic, episode=w.episode, what="paused episode", at=at(20)
    ),
    # telling
    "told_once_per_step": lambda w: w.new_notification(),
    "notification_within_contact_clinic": lambda w: w.new_notification(
        contact=w.new_contact(clinic=w.other_clinic)
    ),
    "contact_once": lambda w: (w.new_contact(ended_at=T0), w.new_contact(), w.new_contact()),
    "contact_channel_known": lambda w: w.new_contact(channel="pigeon"),
    "webhook_has_secrets": lambda w: w.new_contact(channel="webhook"),
    "sms_goes_to_a_number": lambda w: w.new_contact(channel="sms", address="07700 900123"),
    "contact_code_has_an_end": lambda w: w.new_contact(code_hash="f" * 64),
    "delivered_when_sent": lambda w: w.new_notification(delivered_at=at(21)),
    # letters
    "letter_once": lambda w: (w.new_letter(), w.new_letter()),
    "letter_to_staff_or_patient": lambda w: w.new_letter(episode=w.episode),
    "letter_sent_at_when_sent": lambda w: w.new_letter(status="delivered"),
    "letter_status_known": lambda w: w.new_letter(status="lost"),
    "letter_within_contact_clinic": lambda w: w.new_letter(contact=w.new_contact(clinic=w.other_clinic)),
    "letter_within_episode_clinic": lambda w: w.new_letter(user=None, episode=w.other_episode),
    "sent_at_when_sent": lambda w: w.change(w.notification, status="sent"),
    "notification_status_known": lambda w: w.change(w.notification, status="lost"),
    "notification_within_alert_clinic": lambda w: w.new_notification(step="raised", clinic=w.other_clinic),
    "attempt_number_once": lambda w: [w_attempt(w), w_attempt(w)],
    "attempt_within_notification_clinic": lambda w: w_attempt(w, clinic=w.other_clinic),
    # quarantine
    "refused_body_kept_once": lambda w: [w.new_quarantine(fingerprint="a" * 64) for _ in range(2)],
    "quarantine_reviewed_by_somebody": lambda w: w.new_quarantine(reviewed_at=at(21)),
    "dismissed_with_reason": lambda w: w.new_quarantine(
        reviewed_at=at(21), reviewed_by=w.ben, outcome="dismissed"
    ),
    "judged_as_a_check_in": lambda w: w.new_quarantine(
        reviewed_at=at(21), reviewed_by=w.ben, outcome="judged"
    ),
    "recovery_quarantine_check_in_id_key": lambda w: [
        w.new_quarantine(reviewed_at=at(21), reviewed_by=w.ben, outcome="judged", check_in=w.check_in)
        for _ in range(2)
    ],
    "quarantine_within_check_in_episode_clinic": lambda w: w.new_quarantine(
        episode=w.other_episode,
        clinic=w.other_clinic,
        device=w.other_device,
        reviewed_at=at(21),
        reviewed_by=w.ben,
        outcome="judged",
        check_in=w.check_in,
    ),
    # one person erased, or kept
    "one_erasure_at_a_time": lambda w: [w_erasure(w), w_erasure(w)],
    "erasure_scope_known": lambda w: w_erasure(w, scope="half"),
    "erasure_has_a_reason": lambda w: w_erasure(w, reason=""),
    "erasure_confirmed_by_somebody": lambda w: w_erasure(w, confirmed_at=at(20)),
    "erasure_by_two": lambda w: w_erasure(w, confirmed_at=at(20), confirmed_by=w.ben),
    "erased_when_confirmed": lambda w: w_erasure(w, done_at=at(20)),
    "erasure_within_patient_clinic": lambda w: w_erasure(w, clinic=w.other_clinic),
    "one_legal_hold_at_a_time": lambda w: [w_hold(w), w_hold(w)],
    "legal_hold_has_a_reason": lambda w: w_hold(w, reason=""),
    "replay_of_two": lambda w: w_replay(new_digest="a" * 64),
    "approved_once_by_each": lambda w: [
        w_approval(w, w_replay()),
        w_approval(w, ProtocolReplay.objects.get()),
    ],
    "one_retention_rule_per_kind": lambda w: [w_rule(w), w_rule(w)],
    "kept_for_a_week_at_least": lambda w: w_rule(w, days=6),
    "legalhold_within_patient_clinic": lambda w: w_hold(w, clinic=w.other_clinic),
    "quarantine_within_episode_clinic": lambda w: w.new_quarantine(clinic=w.other_clinic),
    "quarantine_within_device_episode_clinic": lambda w: w.new_quarantine(device=w.other_device),
}


def w_revision(w: World, **fields: Any) -> CheckInRevision:
    report = {
        name: getattr(w.check_in, name)
        for name in (
            "revision", "status", "observed_at", "sent_at", "received_at", "effective_at", "answered_by", "app_version",
            "answers", "fingerprint",
        )
    }  # fmt: skip
    return CheckInRevision.objects.create(
        **report
        | {
            "clinic": w.clinic,
            "episode": w.episode,
            "check_in": w.check_in,
            "superseded_at": at(21),
            "reason": "corrected",
        }
        | fields
    )


def w_erasure(w: World, **fields: Any) -> Erasure:
    return Erasure.objects.create(
        **{
            "clinic": w.clinic,
            "patient": w.episode.patient,
            "scope": "all",
            "reason": "By letter.",
            "asked_at": at(20),
            "asked_by": w.ben,
        }
        | fields
    )


def w_hold(w: World, **fields: Any) -> LegalHold:
    return LegalHold.objects.create(
        **{
            "clinic": w.clinic,
            "patient": w.episode.patient,
            "reason": "An inquiry.",
            "placed_at": at(20),
            "placed_by": w.ben,
        }
        | fields
    )


def w_caregiver(w: World, **fields: Any) -> Caregiver:
    return Caregiver.objects.create(
        **{
            "clinic": w.clinic,
            "patient": w.episode.patient,
            "episode": w.episode,
            "name": "Tom Whitfield",
            "scope": "report",
            "wording": "caregiver/1",
            "granted_at": T0,
            "granted_by": w.ben,
        }
        | fields
    )


def w_replay(**fields: Any) -> ProtocolReplay:
    return ProtocolReplay.objects.create(
        **{
            "old": "vk-default/1",
            "old_digest": "a" * 64,
            "new": "vk-default/2",
            "new_digest": "b" * 64,
            "made_at": T0,
            "judged": 1,
            "difference": {},
        }
        | fields
    )


def w_stranger(w: World) -> Caregiver:
    """Who helps with another recovery."""
    other = w.other_episode
    return w_caregiver(w, clinic=w.other_clinic, patient=other.patient, episode=other)


def w_approval(w: World, replay: ProtocolReplay) -> ProtocolApproval:
    return ProtocolApproval.objects.create(replay=replay, user=w.ben, approved_at=T0)


def w_rule(w: World, **fields: Any) -> RetentionRule:
    return RetentionRule.objects.create(**{"clinic": w.clinic, "kind": "letters", "days": 30} | fields)


def w_reminder(w: World, **fields: Any) -> Reminder:
    return Reminder.objects.create(
        **{
            "clinic": w.clinic,
            "episode": w.episode,
            "slot": "S1",
            "channel": "app",
            "since": at(12),
            "due_at": at(24),
            "planned_at": at(24),
            "expires_at": at(36),
        }
        | fields
    )


def w_event(w: World, **fields: Any) -> AlertEvent:
    return AlertEvent.objects.create(
        **{"clinic": w.clinic, "alert": w.alert, "kind": "noted", "at": at(20)} | fields
    )


def w_mute(w: World, **fields: Any) -> Mute:
    return Mute.objects.create(
        **{
            "clinic": w.clinic,
            "episode": w.episode,
            "rule": "FEVER",
            "tier": 3,
            "known": {},
            "from_at": at(20),
            "until_at": at(30),
            "by": w.ben,
            "reason": "Known.",
        }
        | fields
    )


def w_shift(w: World, **fields: Any) -> RotaShift:
    return RotaShift.objects.create(
        **{
            "clinic": w.clinic,
            "team": w.team,
            "level": 1,
            "user": w.ben,
            "created_at": T0,
            "weekday": 0,
            "begins_min": 600,
            "lasts_min": 60,
        }
        | fields
    )


def w_override(w: World, **fields: Any) -> RotaOverride:
    return RotaOverride.objects.create(
        **{
            "clinic": w.clinic,
            "team": w.team,
            "level": 1,
            "user": w.ben,
            "created_at": T0,
            "from_at": at(20),
            "until_at": at(22),
        }
        | fields
    )


def w_night(w: World, **fields: Any) -> NightCheck:
    return NightCheck.objects.create(
        **{
            "clinic": w.clinic,
            "team": w.team,
            "night_on": T0.date(),
            "checked_at": T0,
            "covered": True,
            "unreachable": 0,
        }
        | fields
    )


def w_oversight(w: World, **fields: Any) -> Oversight:
    return Oversight.objects.create(
        **{"user": w.ben, "role": "auditor", "clinic": w.clinic, "started_at": T0} | fields
    )


def w_invitation(w: World, **fields: Any) -> Invitation:
    return Invitation.objects.create(
        **{
            "token_hash": uuid4().hex * 2,
            "email": "nia@example.org",
            "name": "Nia Boateng",
            "role": "nurse",
            "clinic": w.clinic,
            "team": w.team,
            "renews": False,
            "created_at": T0,
            "expires_at": at(72),
        }
        | fields
    )


def w_canary_run(w: World, **fields: Any) -> CanaryRun:
    return CanaryRun.objects.create(**{"clinic": w.clinic, "round": 1, "started_at": T0} | fields)


def w_canary(w: World, **fields: Any) -> Canary:
    return Canary.objects.create(**{"clinic": w.clinic, "team": w.team, "user": w.ben} | fields)


def w_defect(**fields: Any) -> Defect:
    return Defect.objects.create(
        **{"kind": "told-nobody", "place": 1, "found_at": T0, "seen_at": T0} | fields
    )


def w_attempt(w: World, **fields: Any) -> Attempt:
    return Attempt.objects.create(
        **{"clinic": w.clinic, "notification": w.notification, "number": 1, "started_at": at(20)} | fields
    )


ALSO_BROKEN = {
    "alert_within_episode_clinic": "alert_within_(first|latest)_assessment_episode_clinic",
    "checkin_within_episode_clinic": "checkin_within_device_episode_clinic",
    "quarantine_within_episode_clinic": "quarantine_within_device_episode_clinic",
}
"""What holds the same row by another column that it must have. PostgreSQL looks at them in the order of the names of
its triggers, which are numbers as text: which is the first changes with the count of all tables ever made."""


@pytest.mark.parametrize("constraint", BREAKS)
def test_the_database_refuses(constraint: str) -> None:
    world = World()
    names = "|".join(filter(None, (constraint, ALSO_BROKEN.get(constraint))))

    with pytest.raises(IntegrityError, match=names), transaction.atomic():
        BREAKS[constraint](world)


@pytest.mark.parametrize("constraint", ALSO_BROKEN)
def test_what_another_holds_too_is_held_by_its_own_key(constraint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint])
        [(definition,)] = cursor.fetchall()

    assert definition == "FOREIGN KEY (episode_id, clinic_id) REFERENCES recovery_episode(id, clinic_id)"


# Made true by another constraint's columns: keys that composite keys point to.
TARGETS = {
    "team_of_clinic", "patient_of_clinic", "episode_of_clinic", "episode_of_patient", "check_in_of_episode",
    "device_of_episode", "caregiver_of_episode", "quarantine_of_episode", "assessment_of_episode", "alert_of_clinic",
    "notification_of_clinic",
    "contact_of_clinic",
}  # fmt: skip


def test_every_constraint_of_ours_has_somebody_who_tries_to_break_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND NOT indisprimary"
            " AND indrelid::regclass::text LIKE 'recovery\\_%'"
            " UNION SELECT conname FROM pg_constraint"
            " WHERE contype IN ('c', 'x') AND conrelid::regclass::text LIKE 'recovery\\_%'"
            " UNION SELECT conname FROM pg_constraint WHERE contype = 'f' AND conname LIKE '%\\_within\\_%'"
        )
        ours = {name for (name,) in cursor.fetchall()}
    generated = {name for name in ours if name.endswith(("_check", "_uniq", "_key"))}

    assert ours - generated - TARGETS == set(BREAKS) - generated


APPEND_ONLY = [
    AlertEvent,
    AuditEvent,
    CheckInRevision,
    EpisodeEvent,
    EscalationPolicy,
    ProtocolApproval,
    ProtocolReplay,
]


@pytest.mark.parametrize("model", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {table} SET id = id", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_history_cannot_be_rewritten_by_the_application(model: type[Model], verb: str) -> None:
    with pytest.raises(Error, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(table=model._meta.db_table))


@pytest.mark.parametrize(
    "model",
    [
        Alert,
        Assessment,
        Attempt,
        Canary,
        CanaryRun,
        CheckIn,
        Consent,
        Contact,
        Defect,
        Episode,
        Erasure,
        LegalHold,
        Letter,
        Notification,
        Patient,
        Preferences,
        Quarantine,
        Reminder,
    ],
)
def test_clinical_rows_cannot_be_deleted_by_the_application(model: type[Model]) -> None:
    with pytest.raises(Error, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table}")


def test_the_same_step_is_told_once_at_each_contact_and_once_where_there_is_none() -> None:
    world = World()
    world.new_notification(contact=world.new_contact())

    with pytest.raises(IntegrityError, match="told_once_per_step"), transaction.atomic():
        world.new_notification(contact=Contact.objects.get())
    world.new_notification(contact=world.new_contact(address="ben@home.example"))


def test_a_verdict_cannot_be_changed_afterwards() -> None:
    world = World()

    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        world.change(world.assessment, tier=4)


def test_a_refused_body_stays_as_it_came() -> None:
    world = World()
    kept = world.new_quarantine()

    changes: list[dict[str, Any]] = [
        {"body": b"{}"},
        {"received_at": at(1)},
        {"problems": []},
        {"answers": {}},
    ]
    for changed in changes:
        with pytest.raises(Error, match="permission denied"), transaction.atomic():
            world.change(kept, **changed)


def test_the_application_is_neither_superuser_nor_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
        assert cursor.fetchone() == (0,)
        with pytest.raises(Error, match="permission denied"), transaction.atomic():
            cursor.execute("CREATE TABLE mine (id int)")


def test_pain_temperature_fever_numbness_and_bandage_stand_in_columns() -> None:
    world = World()
    row = world.new_check_in(
        answers={
            "pain_now": 7,
            "temp": {"value": 100.4, "unit": "F"},
            "feels_feverish": "no",
            "numbness": "same",
            "bandage": "off",
        }
    )
    row.refresh_from_db()

    assert (row.pain, row.numbness, row.bandage, row.fever) == (7, "same", "off", True)
    assert row.temperature_c == 38


@pytest.mark.parametrize(
    ("answers", "degrees", "fever"),
    [
        ({}, None, None),
        ({"feels_feverish": "yes"}, None, True),
        ({"feels_feverish": "yes", "temp": {"value": 37.9, "unit": "C"}}, 37.9, False),
        ({"temp": {"value": 38.0, "unit": "C"}}, 38.0, True),
        ({"temp": {"value": 100.3, "unit": "F"}}, 37.94, False),
        ({"temp": {"value": 101.2, "unit": "C"}}, 38.44, True),  # entered in the wrong unit
        ({"temp": {"value": 20, "unit": "C"}, "feels_feverish": "no"}, None, False),
    ],
)
def test_temperature_is_read_in_the_unit_that_it_fits(
    answers: dict[str, Any], degrees: float | None, fever: bool | None
) -> None:
    row = World().new_check_in(answers=answers)
    row.refresh_from_db()

    assert (None if row.temperature_c is None else float(row.temperature_c), row.fever) == (degrees, fever)


def test_a_clinic_cannot_be_made_without_its_numbers() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Clinic.objects.create(name="New clinic", time_zone="Europe/London", night_cover=False)
