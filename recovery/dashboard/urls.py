from django.urls import path

from recovery.dashboard.views import (
    alert,
    board,
    care,
    handover,
    moves,
    patient,
    patients,
    phones,
    reports,
    review,
)

app_name = "dashboard"

urlpatterns = [
    path("", board.board, name="board"),
    path("board/list", board.board_list, name="board-list"),
    path("review", review.review, name="review"),
    path("handover", handover.handover, name="handover"),
    path("reports", reports.reports, name="reports"),
    path("reports/<uuid:report_id>", reports.report, name="report"),
    path("reports/<uuid:report_id>/judge", reports.judge, name="judge-report"),
    path("reports/<uuid:report_id>/dismiss", reports.dismiss, name="dismiss-report"),
    path("patients", patients.patients, name="patients"),
    path("patients/<uuid:episode_id>", patient.patient, name="patient"),
    path("patients/<uuid:episode_id>/state", patient.patient_state, name="patient-state"),
    path("patients/<uuid:episode_id>/note", care.note, name="care-note"),
    path("patients/<uuid:episode_id>/mute", care.mute, name="care-mute"),
    path("patients/<uuid:episode_id>/mute/<uuid:alert_id>/end", care.unmute, name="care-unmute"),
    path("patients/<uuid:episode_id>/pause", care.pause, name="care-pause"),
    path("patients/<uuid:episode_id>/resume", care.resume, name="care-resume"),
    path("patients/<uuid:episode_id>/end", care.end, name="care-end"),
    path("patients/<uuid:episode_id>/summary", care.summary, name="care-summary"),
    path("patients/<uuid:episode_id>/code", phones.code, name="care-code"),
    path("patients/<uuid:episode_id>/phones", phones.phones, name="care-phones"),
    path("patients/<uuid:episode_id>/phones/<uuid:device_id>/revoke", phones.revoke, name="care-revoke"),
    path("alerts/<uuid:alert_id>", alert.alert, name="alert"),
    path("alerts/<uuid:alert_id>/state", alert.alert_state, name="alert-state"),
    path("alerts/<uuid:alert_id>/acknowledge", moves.acknowledge, name="acknowledge"),
    path("alerts/<uuid:alert_id>/contact", moves.record_contact, name="record-contact"),
    path("alerts/<uuid:alert_id>/note", moves.add_note, name="add-note"),
    path("alerts/<uuid:alert_id>/close", moves.close, name="close"),
]
