//! The list of cases, and the macro that turns each into a test of a backend.

/// Runs the whole suite against a backend: one `#[tokio::test]` per case, named as a sentence, in the module
/// `$name`. `$backend` is a future of a fresh [`Backend`](crate::conformance::Backend), made anew for each case.
///
/// The calling crate needs `tokio` with `macros` and `rt-multi-thread` among its dev-dependencies.
///
/// Attributes before `$name` are put on every case.
///
/// ```ignore
/// caracal_storage::conformance!(sqlite, crate::make_backend());
/// ```
#[macro_export]
macro_rules! conformance {
    ($(#[$attribute:meta])* $name:ident, $backend:expr $(,)?) => {
        mod $name {
            $crate::conformance_cases! { [$(#[$attribute])*] $backend;
                units_of_work:
                    a_fresh_backend_answers_and_counts_its_statements,
                    dropping_a_work_rolls_everything_back,
                    a_change_its_event_and_its_audit_row_commit_together,
                    global_work_rolls_back_too,
                    read_access_refuses_every_write,
                    readers_run_at_once_and_beside_a_writer,
                    a_reading_work_sees_one_moment,
                    a_commit_after_a_refused_write_tells_the_truth,
                    writers_of_one_row_lose_no_update,
                    writers_of_many_rows_in_opposite_order_all_get_through,
                    a_lock_serialises_its_purpose,
                    a_lock_ends_with_its_work_and_stays_in_its_zone,
                    a_cancelled_work_leaves_all_or_nothing;
                grouped:
                    grouped_works_leave_all_that_each_of_them_would,
                    a_grouped_work_that_ends_without_a_commit_leaves_the_others,
                    a_broken_rule_of_one_grouped_work_leaves_the_others,
                    what_a_grouped_work_saw_lasts_once_it_has_settled,
                    a_grouped_work_whose_caller_is_gone_holds_nobody_up,
                    grouped_works_wait_for_whoever_holds_their_locks;
                isolation:
                    a_zone_sees_everything_of_its_own_and_nothing_of_another,
                    a_zone_that_does_not_exist_holds_nothing,
                    another_zones_registrations_cannot_be_changed,
                    another_zones_authority_cannot_be_ended_or_used,
                    a_row_cannot_refer_to_a_row_of_another_zone,
                    a_manifest_cannot_pull_in_another_zones_policy,
                    a_row_that_claims_another_zone_never_lands_there,
                    an_id_used_in_one_zone_cannot_reach_the_row_of_another,
                    rows_with_the_same_ids_live_apart_in_each_zone,
                    archived_and_short_lived_rows_stay_in_their_zone_too,
                    a_zones_admin_audit_cannot_be_read_from_another;
                restart:
                    what_was_committed_survives_a_restart,
                    what_was_not_committed_is_gone_after_a_restart,
                    counts_and_chains_go_on_where_they_stood;
                paging:
                    pages_of_the_directory_concatenate_under_equal_instants,
                    a_page_of_wide_rows_ends_by_its_bytes_and_goes_on,
                    pages_of_agents_concatenate_under_equal_instants,
                    pages_of_the_deployment_concatenate_under_equal_instants,
                    rows_added_and_removed_during_a_walk_hide_and_repeat_no_other,
                    the_last_page_says_that_it_is_the_last,
                    listings_go_by_time_and_name_both_ways_and_are_counted,
                    a_search_is_taken_literally_and_pages_in_every_order,
                    what_agents_do_is_searched_by_what_identifies_it_to_people;
                versions:
                    every_change_is_another_version,
                    an_update_of_a_version_that_is_no_more_gives_way,
                    a_held_version_is_that_of_what_is_not_archived,
                    versions_of_policies_and_what_is_in_force_are_changes,
                    whoever_changes_what_is_held_waits,
                    the_receipt_of_a_zone_is_found_in_it,
                    receipts_of_the_deployment_are_no_zones_and_come_once;
                accounts:
                    an_account_comes_back_as_it_was_stored_and_its_address_is_its_own,
                    a_session_ends_by_disuse_by_age_by_hand_and_with_its_account,
                    a_link_is_used_once_and_takes_the_place_of_the_former_one,
                    a_person_of_a_provider_has_one_account_and_signs_in_without_a_password,
                    an_attempt_is_counted_by_as_many_as_may_at_once,
                    a_passkey_is_of_one_account_counts_upwards_and_goes_with_it;
                zones:
                    a_zone_comes_back_as_it_was_stored,
                    a_slug_is_never_reused,
                    of_many_zones_with_one_slug_exactly_one_is_created,
                    an_archived_zone_is_gone,
                    an_update_replaces_names_and_flags_and_keeps_the_creation;
                applications:
                    an_application_comes_back_as_it_was_stored,
                    an_archived_application_stays_readable_and_unchangeable,
                    names_of_live_managed_applications_are_taken_whatever_their_case,
                    short_lived_applications_count_until_they_end,
                    whoever_registers_and_whoever_closes_registration_take_turns,
                    short_lived_applications_past_their_end_are_found_and_no_longer_live,
                    an_archived_short_lived_application_is_forgotten_once_nothing_names_it,
                    an_update_replaces_what_may_change_and_nothing_else;
                workloads:
                    a_workload_comes_back_as_it_was_stored,
                    a_workloads_name_is_unique_whatever_its_case,
                    an_issuer_is_trusted_once_until_it_is_archived,
                    a_workload_is_found_in_any_zone_by_its_id;
                approvals:
                    an_approval_comes_back_as_it_was_stored,
                    who_asks_the_same_again_gets_the_same_until_it_ends_or_is_used,
                    of_many_who_ask_the_same_exactly_one_opens_it,
                    a_decision_counts_once_and_while_it_is_open_to_it,
                    as_many_as_required_say_yes_and_one_no_is_enough,
                    whatever_a_caller_asked_for_ends_with_it,
                    of_many_who_use_an_approval_exactly_one_does,
                    a_yes_is_taken_back_until_it_is_used_or_ends,
                    what_nobody_has_decided_is_given_up_once,
                    an_approval_is_forgotten_a_while_after_its_end,
                    an_approval_of_another_zone_is_neither_decided_nor_used;
                notifications:
                    a_sink_comes_back_as_it_was_stored,
                    what_happens_is_put_in_line_once_for_each_sink_that_wants_to_know,
                    a_full_sink_is_told_no_more_and_the_others_are,
                    of_16_claims_of_one_sink_exactly_one_gets_the_delivery,
                    a_claim_whose_holder_died_comes_up_again_and_cannot_be_settled_late,
                    a_failed_attempt_waits_pauses_its_sink_and_is_given_up_at_last,
                    sinks_with_something_due_are_found_by_whether_they_fail,
                    approvals_that_ended_undecided_are_told_once,
                    deliveries_are_forgotten_a_while_after_they_ended_and_not_before;
                providers:
                    every_kind_of_provider_comes_back_as_it_was_stored,
                    a_providers_identifier_is_unique_among_the_active,
                    an_archived_provider_stays_readable_and_unchangeable,
                    a_resource_comes_back_as_it_was_stored,
                    a_resource_needs_a_provider_of_its_zone,
                    a_resources_identifier_is_unique_among_the_active,
                    of_many_resources_with_one_identifier_exactly_one_is_created,
                    a_resource_is_found_by_identifier_before_row_id,
                    an_archived_resource_grants_nothing,
                    what_is_registered_is_found_by_a_part_of_its_name;
                counts:
                    resources_are_counted_as_they_come_and_go,
                    rivals_who_make_and_archive_lose_no_count,
                    live_records_are_counted_up_to_a_bound,
                    policy_sets_are_counted_and_the_one_in_force_is_named,
                    of_16_rivals_for_the_last_places_as_many_win_as_there_are;
                filters:
                    zones_are_listed_by_slug_and_by_what_is_switched_in_them,
                    policies_are_listed_by_state_name_and_maker,
                    delegations_are_listed_by_either_end_and_resource,
                    admin_tokens_are_listed_by_reach_power_maker_and_state,
                    what_some_may_not_know_of_is_neither_listed_nor_counted_nor_found,
                    holds_in_force_are_listed_by_when_they_were_placed;
                connections:
                    a_connection_comes_back_as_it_was_stored,
                    a_subject_has_one_unrevoked_connection_at_a_provider,
                    of_many_who_renew_a_connection_exactly_one_does,
                    a_connection_that_is_revoked_meanwhile_is_not_renewed,
                    every_token_is_sealed_anew_unless_it_became_another,
                    an_attempt_is_taken_once_and_ends;
                grants:
                    a_grant_comes_back_as_it_was_stored_and_is_taken_back_once,
                    grants_are_found_by_what_they_are_about,
                    a_grant_ends_with_its_application_and_with_its_resource,
                    a_grant_of_another_zone_is_not_taken_back;
                secrets:
                    a_sealed_value_is_replaced_and_removed,
                    a_prefix_is_literal_text;
                policies:
                    a_policy_and_its_versions_come_back_as_stored,
                    a_policy_name_is_unique_among_the_active,
                    policy_versions_are_numbered_without_gaps_under_16_writers,
                    set_versions_are_numbered_without_gaps_under_16_writers,
                    the_active_set_brings_its_sources_in_manifest_order,
                    what_the_set_in_force_evaluates_to_is_kept_until_another_is,
                    one_version_is_a_shadow_until_another_is_or_it_ends,
                    only_a_version_of_the_set_can_be_activated,
                    at_most_one_set_is_active_under_concurrent_activations,
                    archiving_a_set_takes_it_out_of_force,
                    of_many_next_signing_keys_exactly_one_is_stored,
                    a_signing_key_out_of_turn_is_refused,
                    a_retired_key_verifies_until_its_last_mandate_ended,
                    a_key_held_elsewhere_is_destroyed_once_it_verifies_nothing;
                budgets:
                    what_is_used_up_adds_up_to_its_limits_and_no_further,
                    of_many_calls_as_many_pass_as_there_is_room_for,
                    what_a_holder_used_goes_with_it;
                canaries:
                    a_canary_comes_back_as_it_was_stored_and_one_runs_at_a_time,
                    what_is_counted_of_a_canary_adds_up_under_16_writers,
                    of_many_ends_of_a_canary_exactly_one_ends_it,
                    a_canary_ends_with_what_it_stands_beside;
                authority_records:
                    a_record_comes_back_as_it_was_stored,
                    revoking_a_record_ends_its_descendants_and_nobody_else,
                    revocation_passes_through_ended_records_to_active_ones_below,
                    a_deep_line_of_records_ends_as_a_whole,
                    of_many_revocations_exactly_one_reports_each_record,
                    only_a_record_that_lives_is_let_go_on,
                    a_record_that_is_let_go_on_while_it_is_revoked_is_either_and_never_both,
                    every_filter_of_records_selects,
                    reaping_expires_at_the_boundary_and_keeps_what_is_referenced;
                sessions:
                    a_session_comes_back_as_it_was_stored,
                    a_session_needs_its_application_record_and_parent,
                    every_filter_of_sessions_selects,
                    slots_are_held_exactly_as_long_as_the_entity_says,
                    overdue_tasks_and_lapsed_services_appear_at_their_boundary,
                    a_record_is_in_use_while_an_open_session_is_anchored_on_it,
                    a_locked_session_waits_for_the_work_that_holds_it;
                session_trees:
                    a_child_is_counted_and_uncounted,
                    a_dropped_start_counts_no_child,
                    children_are_counted_right_under_concurrency,
                    ending_a_tree_ends_its_descendants_root_first,
                    what_ended_before_its_tree_keeps_its_own_reason,
                    an_end_passes_through_ended_sessions_to_live_ones_below,
                    of_many_ends_of_one_tree_exactly_one_reports_each_session,
                    no_child_outlives_a_parent_that_ends_at_the_same_time,
                    a_tree_pauses_and_resumes_as_a_whole,
                    pausing_a_branch_leaves_the_rest_running,
                    ended_sessions_are_forgotten_from_the_leaves_up_once_nothing_refers_to_them;
                leases:
                    of_16_takeovers_with_one_generation_exactly_one_wins,
                    a_takeover_moves_the_deadline_and_fences_the_old_holder,
                    a_heartbeat_keeps_only_open_services_alive,
                    a_takeover_and_a_heartbeat_never_both_hold;
                delegations:
                    a_delegation_comes_back_as_it_was_stored,
                    a_delegation_needs_everything_it_refers_to,
                    a_lineage_runs_from_the_root_and_stops_at_its_limit,
                    a_delegation_that_is_its_own_parent_loops_nobody,
                    descendants_come_breadth_first_with_their_distance,
                    of_a_graph_the_nearest_are_read_and_the_live_are_counted,
                    delegations_are_listed_by_their_end,
                    at_most_a_hundred_inbound_delegations_are_returned,
                    only_live_delegations_are_listed_as_live,
                    what_one_application_handed_over_is_found_among_what_others_did,
                    the_epoch_moves_by_one_for_each_of_16_writers,
                    a_locked_delegation_waits_for_the_work_that_holds_it;
                delegation_ends:
                    revoking_follows_lineage_and_spares_bystanders,
                    revocation_passes_through_ended_delegations_to_active_ones_below,
                    of_many_revocations_exactly_one_reports_each_delegation,
                    revoking_with_a_session_takes_both_ends_and_their_descendants,
                    delegations_expire_at_their_boundary_and_within_the_limit,
                    of_many_reapers_exactly_one_expires_each_delegation,
                    no_delegation_outlives_a_parent_revoked_at_the_same_time;
                receipts:
                    a_second_request_with_the_same_key_sees_the_first_ones_receipt,
                    who_only_looks_for_a_receipt_waits_for_nobody_and_sees_what_is_committed,
                    of_8_requests_with_one_key_exactly_one_acts,
                    a_claim_ends_with_its_work,
                    keys_belong_to_their_operation_and_scope,
                    a_receipt_is_forgotten_at_its_end_and_not_before,
                    reaping_receipts_takes_the_expired_up_to_its_limit,
                    a_second_message_with_the_same_topic_and_key_is_dropped,
                    of_8_messages_with_one_key_exactly_one_stays;
                ledger:
                    an_event_comes_back_as_it_was_appended,
                    an_empty_ledger_has_an_empty_head,
                    batches_link_in_their_order_and_across_works,
                    a_batch_that_comes_again_changes_nothing,
                    the_same_content_in_another_spelling_is_a_duplicate,
                    an_id_with_other_content_is_reported_and_not_linked,
                    the_chain_has_no_gap_under_8_appenders,
                    one_batch_from_8_consumers_is_linked_once,
                    each_zone_has_a_chain_of_its_own,
                    a_range_starts_after_its_position_and_keeps_its_limit;
                ledger_search:
                    every_filter_of_events_selects,
                    search_pages_go_both_ways_and_are_complete_within_one_microsecond,
                    events_are_searched_by_what_they_say_and_counted,
                    the_events_of_a_request_come_oldest_first,
                    pages_of_a_request_are_bounded_by_count_and_bytes_and_hold_each_event_once,
                    events_of_several_requests_are_found_by_type_and_within_the_zone;
                ledger_blocks:
                    sealed_events_are_found_as_if_each_had_been_looked_at,
                    an_event_is_known_again_after_its_block_was_sealed,
                    what_a_unit_of_work_gave_up_is_not_remembered,
                    a_search_that_looks_in_vain_ends_its_page_and_goes_on,
                    an_event_that_no_entry_can_hold_is_refused;
                ledger_window:
                    a_window_is_walked_whole_and_once_while_its_blocks_are_sealed;
                retention:
                    what_a_prune_checkpoint_covers_goes_and_its_hashes_stay,
                    nothing_sealed_goes_without_the_next_prune_checkpoint,
                    what_is_held_stays_until_the_hold_is_lifted,
                    old_entries_are_sealed_however_few_they_are,
                    retention_is_said_of_each_zone_and_of_the_deployment;
                chains:
                    each_chain_is_counted_once_in_the_order_in_which_it_began,
                    chains_that_begin_at_once_have_numbers_of_their_own,
                    a_chain_that_did_not_begin_is_not_counted;
                records:
                    records_are_the_entries_of_a_log_of_their_own,
                    sealed_records_are_found_as_if_each_had_been_looked_at,
                    old_records_go_behind_a_prune_checkpoint_and_their_hashes_stay,
                    holds_of_a_zone_count_for_its_records_and_nothing_of_the_deployment_is_held;
                admin_audit:
                    an_administrative_record_comes_back_as_it_was_appended,
                    zone_chains_and_the_deployments_chain_are_apart,
                    an_administrative_chain_has_no_gap_under_8_writers,
                    every_filter_of_administrative_records_selects,
                    a_token_is_found_by_its_digest_until_it_is_revoked,
                    a_digest_is_unique_among_unrevoked_tokens,
                    rotating_a_class_of_tokens_keeps_those_that_are_named,
                    a_zone_and_its_first_audit_row_are_one_commit;
                state_owners:
                    an_object_comes_from_one_document_until_another_takes_it_over;
                subjects:
                    a_subject_is_what_its_records_say,
                    a_subject_that_is_kept_out_is_not_admitted_until_it_is_let_in;
                deployment:
                    an_application_is_found_in_any_zone_archived_or_not,
                    everything_that_ended_since_an_instant_is_named_with_its_zone,
                    expired_delegations_count_as_ended,
                    zones_where_sessions_outlive_their_owner_are_named,
                    the_tokens_of_a_zone_end_with_it,
                    zones_with_something_overdue_are_named_from_the_boundary_on,
                    a_zone_with_a_delegation_past_its_end_is_overdue,
                    a_revision_moves_with_everything_a_snapshot_is_loaded_from,
                    of_two_who_record_the_first_key_one_has_to_read_again,
                    keys_are_retired_and_taken_up_again;
            }
        }
    };
}

/// Expands to one module per file of cases and one test per case.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ([$($attribute:tt)*] $backend:expr; $($module:ident: $($case:ident),+;)+) => {
        $crate::conformance_cases! { @modules [$($attribute)*] [$backend] $($module: $($case),+;)+ }
    };
    (@modules $attributes:tt [$backend:expr] $($module:ident: $($case:ident),+;)*) => {$(
        $crate::conformance_cases! { @module $attributes [$backend] $module: $($case),+; }
    )*};
    (@module $attributes:tt [$backend:expr] $module:ident: $($case:ident),+;) => {
        mod $module {$(
            $crate::conformance_cases! { @case $attributes [$backend] $module $case }
        )+}
    };
    (@case [$($attribute:tt)*] [$backend:expr] $module:ident $case:ident) => {
        $($attribute)*
        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::conformance::run(async {
                $crate::conformance::$module::$case($backend.await).await;
            })
            .await;
        }
    };
}

#[cfg(test)]
mod tests {
    /// Every file of cases, as the compiler sees it.
    const SOURCES: &[(&str, &str)] = &[
        ("units_of_work", include_str!("units_of_work.rs")),
        ("isolation", include_str!("isolation.rs")),
        ("restart", include_str!("restart.rs")),
        ("paging", include_str!("paging.rs")),
        ("zones", include_str!("zones.rs")),
        ("applications", include_str!("applications.rs")),
        ("workloads", include_str!("workloads.rs")),
        ("approvals", include_str!("approvals.rs")),
        ("notifications", include_str!("notifications.rs")),
        ("providers", include_str!("providers.rs")),
        ("connections", include_str!("connections.rs")),
        ("secrets", include_str!("secrets.rs")),
        ("policies", include_str!("policies.rs")),
        ("authority_records", include_str!("authority_records.rs")),
        ("sessions", include_str!("sessions.rs")),
        ("session_trees", include_str!("session_trees.rs")),
        ("leases", include_str!("leases.rs")),
        ("delegations", include_str!("delegations.rs")),
        ("delegation_ends", include_str!("delegation_ends.rs")),
        ("receipts", include_str!("receipts.rs")),
        ("ledger", include_str!("ledger.rs")),
        ("ledger_search", include_str!("ledger_search.rs")),
        ("ledger_blocks", include_str!("ledger_blocks.rs")),
        ("retention", include_str!("retention.rs")),
        ("chains", include_str!("chains.rs")),
        ("admin_audit", include_str!("admin_audit.rs")),
        ("state_owners", include_str!("state_owners.rs")),
        ("subjects", include_str!("subjects.rs")),
        ("deployment", include_str!("deployment.rs")),
    ];

    #[test]
    fn every_case_is_on_the_list() {
        let list = include_str!("cases.rs");
        let (list, _) = list
            .split_once("macro_rules! conformance_cases")
            .expect("the list comes first");
        for (module, source) in SOURCES {
            let (_, listed) = list
                .split_once(&format!("{module}:"))
                .expect("the module is listed");
            let listed = listed.split_once(';').expect("the module's list ends").0;
            let listed: Vec<_> = listed.split(',').map(str::trim).collect();
            let cases: Vec<_> = source
                .lines()
                .filter_map(|line| {
                    line.strip_prefix("pub async fn ")?
                        .split_once("(backend: Backend)")
                })
                .map(|(name, _)| name)
                .collect();
            assert_eq!(listed, cases, "{module}");
        }
    }
}
