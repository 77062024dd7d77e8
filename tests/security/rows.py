"""Where the rows of the security checklist are shown that have their tests elsewhere. Those in this folder, and those
anywhere whose name begins with the row's number, are found by name."""

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "S1": (
        "tests.test_access_matrix:test_every_route_is_in_the_table",
        "tests.test_access_matrix:test_every_caller_is_answered_as_the_table_says",
        "tests.test_access_matrix:test_what_is_somebody_elses_looks_as_if_it_were_not_there",
    ),
    "S2": (
        "tests.dashboard.test_enrol:test_a_stranger_cannot_enrol_into_this_team",
        "tests.dashboard.test_enrol_list:test_a_stranger_cannot_fill_another_team",
        "tests.dashboard.test_care:test_an_alert_of_another_patient_is_not_found_under_this_one",
        "tests.dashboard.test_care:test_the_phone_of_another_patient_is_not_found_under_this_one",
        "tests.fuzz.test_pages:test_no_page_fails_and_none_shows_or_changes_what_is_somebody_elses",
    ),
    "S3": (
        "tests.api.test_pages:test_a_filter_that_does_not_exist_is_refused_not_ignored",
        "tests.api.test_pages:test_a_cursor_of_somebody_else_shows_nothing_of_theirs",
        "tests.dashboard.test_patients:test_a_stranger_finds_nobody",
        "tests.dashboard.test_queue:test_the_team_of_strangers_chooses_nothing",
    ),
    "S4": ("tests.house.test_rules_of_the_house:test_doors_reach_rows_through_access_alone",),
    "S7": (
        "tests.api.test_me:test_no_second_identifier_leaves_for_the_phone",
        "tests.api.test_schema:test_what_is_answered_fits_what_is_described",
    ),
    "S8": ("tests.api.test_signing_in:test_a_cookie_signs_no_phone_in",),
    "S9": (
        "tests.security.staff_doors.test_team:test_s9_another_role_counts_at_the_next_request",
        "tests.security.staff_doors.test_team:test_s9_who_leaves_sees_nothing_from_the_next_request_on_and_is_signed_out",
        "tests.operations.test_alerts_moves:test_who_left_the_team_finds_nothing_at_the_next_request",
        "tests.dashboard.test_board:test_a_poll_after_signing_out_sends_the_whole_page_to_sign_in",
    ),
    "S10": (
        "tests.tasks.test_nudges:test_all_that_lies_at_the_broker_is_an_id",
        "tests.tasks.test_tasks:test_ids_that_no_longer_exist_are_nothing",
    ),
    "S11": ("tests.api.test_enrolment:test_only_the_hash_of_a_token_is_stored",),
    "S12": (
        "tests.api.test_signing_in:test_a_revoked_phone_is_told_so_from_its_next_request_on",
        "tests.api.test_signing_in:test_revoking_one_phone_leaves_the_other_signed_in",
    ),
    "S13": (
        "tests.dashboard.test_accounts:test_somebody_whose_account_is_closed_cannot_sign_in_and_is_out_at_once",
    ),
    "S17": ("tests.dashboard.test_accounts:test_signing_out_needs_a_press",),
    "S18": (
        "tests.api.test_enrolment:test_a_code_that_never_was_is_answered_like_a_mistyped_one",
        "tests.dashboard.test_accounts:test_an_address_nobody_has_gets_no_other_answer",
    ),
    "S19": (
        "tests.api.test_enrolment:test_five_wrong_tries_lock_a_code",
        "tests.api.test_enrolment:test_twenty_at_once_redeem_a_code_once",
        "tests.operations.test_enrolment:test_a_code_lives_for_72_hours",
        "tests.operations.test_enrolment:test_parallel_guesses_cannot_pass_the_lock",
    ),
    "S20": ("tests.dashboard.test_tries:test_nobody_is_shut_out_by_what_somebody_else_tries_elsewhere",),
    "S21": ("tests.operations.test_enrolment:test_parallel_guesses_cannot_pass_the_lock",),
    "S22": (
        "tests.dashboard.test_tries:test_while_nothing_can_be_counted_nobody_signs_in_and_nobody_is_put_out",
        "tests.dashboard.test_tries:test_phones_do_not_notice",
    ),
    "S23": ("tests.dashboard.test_tries:test_phones_do_not_notice",),
    "S27": (
        "tests.api.test_headers:test_every_answer_carries_them",
        "tests.dashboard.test_accounts:test_no_copy_is_kept_of_any_page",
    ),
    "S31": (
        "tests.api.test_problems:test_no_such_path_is_a_problem_document",
        "tests.api.test_problems:test_a_fault_is_answered_without_its_cause_and_logged_without_its_text",
        "tests.bad_input.test_wire:test_b26_a_body_that_is_too_large",
    ),
    "S32": ("tests.api.test_wire:test_what_is_malformed_gets_one_refusal",),
    "S34": ("tests.bad_input.test_texts:test_b36_what_wants_to_be_obeyed_is_a_text_like_any_other",),
    "S35": (
        "tests.browser.test_reports:test_what_came_cannot_act_hide_or_turn_the_page",
        "tests.dashboard.test_patient:test_what_people_typed_is_never_markup",
        "tests.dashboard.test_enrol_list:test_markup_in_a_cell_is_text",
        "tests.dashboard.test_rota:test_names_are_shown_as_names",
    ),
    "S36": ("tests.figures.test_sheet:test_no_cell_begins_like_a_formula_and_none_breaks_the_table",),
    "S37": (
        "tests.dashboard.test_enrol_list:test_a_file_that_cannot_be_read_says_why",
        "tests.dashboard.test_enrol_list:test_more_than_five_hundred_are_refused_before_they_are_read",
        "tests.dashboard.test_enrol_list:test_a_list_is_kept_in_memory_and_has_an_end",
    ),
    "S39": (
        "tests.notifications.test_reach:test_no_way_of_writing_it_leads_inside",
        "tests.notifications.test_reach:test_a_name_that_comes_to_mean_something_inside_is_refused_when_it_is_connected_to",
        "tests.notifications.test_webhook:test_what_will_not_go_away_is_final_and_a_redirection_is_not_followed",
    ),
    "S40": (
        "tests.notifications.test_sms:test_what_stands_in_a_message_cannot_become_another_field",
        "tests.notifications.test_message:test_no_word_of_health_and_no_name_leaves",
    ),
    "S41": ("tests.api.test_problems:test_a_request_id_from_outside_is_not_taken_over",),
    "S42": (
        "tests.operations.test_alerts_moves:test_of_twenty_colleagues_at_once_one_wins",
        "tests.operations.test_alerts_hands:test_of_twenty_who_take_over_at_once_one_wins_and_the_others_are_told",
    ),
    "S43": ("tests.api.test_problems:test_nothing_a_patient_says_is_logged",),
    "S44": (
        "tests.notifications.test_message:test_no_word_of_health_and_no_name_leaves",
        "tests.notifications.test_webhook:test_the_body_says_how_urgent_it_is_and_where_to_sign_in_and_nothing_else",
    ),
    "S45": (
        "tests.api.test_logs:test_what_patients_are_and_say_is_not_shown_by_the_objects_that_carry_it",
        "tests.api.test_logs:test_a_page_that_fails_over_a_row_logs_where_and_not_what",
    ),
    "S46": (
        "tests.dashboard.test_patients:test_what_was_looked_for_stands_in_no_address",
        "tests.phone.test_signing_on:test_a_code_comes_with_the_address_and_leaves_it_at_once",
    ),
    "S47": (
        "tests.dashboard.test_queue:test_whoever_is_not_signed_in_is_told_nothing_even_with_the_right_tag",
    ),
    "S50": (
        "tests.audit.test_looks:test_every_page_of_the_list_of_routes_is_a_look",
        "tests.audit.test_looks:test_what_a_phone_is_shown_and_what_it_sends_is_remembered",
    ),
    "S54": ("tests.notifications.test_receipts:test_s54_what_is_not_signed_changes_nothing",),
    "S55": (
        "tests.notifications.test_webhook:test_what_leaves_is_signed_with_every_live_secret_over_what_arrives",
        "tests.notifications.test_webhook:test_a_receiver_that_answers_for_ever_is_not_listened_to",
        "tests.notifications.test_webhook_tls:test_a_certificate_that_nobody_vouches_for_is_refused",
    ),
    "S57": (
        "tests.operations.test_quarantine:test_no_cap_mutes_a_red_flag_that_the_team_was_not_told",
        "tests.operations.test_quarantine:test_beyond_the_cap_bodies_are_only_counted",
        "tests.security.staff_doors.test_team:test_an_administrator_fills_nobodys_mailbox",
    ),
    "S58": ("tests.tasks.test_settings:test_celery_is_trusted_with_no_more_than_this",),
    "S59": (
        "tests.house.test_databases:test_nobody_who_works_on_the_data_is_a_superuser",
        "tests.house.test_deployment:test_the_roles_are_made_as_for_the_demo",
    ),
    "S60": ("tests.house.test_rules_of_the_house:test_the_lock_holds_what_is_asked_for",),
}
