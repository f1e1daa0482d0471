//! What every bus and every short-lived store has to prove.
//!
//! Tests of a backend say `caracal_events::bus_conformance!(name, backend)` and get one test per case. Cases
//! panic with a sentence when the promise is broken.

pub mod bus;
pub mod shortlived;

/// Runs the suite of [`Bus`](crate::Bus) against a [`BusBackend`](bus::BusBackend), made anew for each case.
///
/// The calling crate needs `tokio` with macros and the multi-thread runtime.
#[macro_export]
macro_rules! bus_conformance {
    ($name:ident, $backend:expr) => {
        $crate::conformance_cases!($name, bus, $backend;
            a_subscription_sees_what_comes_after_it_and_nothing_before,
            two_subscriptions_both_see_everything,
            entries_of_one_producer_keep_their_order,
            one_subscription_reads_several_topics,
            a_cancelled_read_loses_nothing,
            each_entry_goes_to_one_consumer_of_the_group,
            two_groups_both_get_everything,
            a_new_group_starts_with_the_oldest_entry,
            work_of_a_dropped_consumer_is_delivered_again,
            acknowledged_work_is_not_delivered_again,
            a_consumer_without_work_comes_back_empty,
            evidence_reaches_its_group,
            entries_that_break_the_signed_form_are_refused,
            unsigned_and_forged_entries_are_dropped,
            entries_of_a_previous_key_are_delivered_and_those_of_a_dropped_one_are_not,
            a_key_that_is_required_and_missing_accepts_nothing,
            a_slow_subscriber_is_told_of_the_gap,
            a_dead_letter_is_kept_and_not_delivered_again,
            a_dead_audit_letter_keeps_position_and_event_id_apart,
            what_a_later_release_adds_is_delivered_as_it_is_and_never_buried,
        );
    };
}

/// Runs the suite of [`ShortLived`](crate::ShortLived) against a
/// [`ShortLivedBackend`](shortlived::ShortLivedBackend), made anew for each case.
#[macro_export]
macro_rules! shortlived_conformance {
    ($name:ident, $backend:expr) => {
        $crate::conformance_cases!($name, shortlived, $backend;
            of_concurrent_claims_exactly_one_wins,
            keys_do_not_touch_each_other,
            a_claim_ends_with_its_mandate,
            an_expired_mandate_is_never_fresh,
            hits_beyond_the_limit_are_refused_until_the_window_ends,
            concurrent_hits_are_all_counted,
            hits_counted_together_count_each,
            a_claim_counts_only_in_its_own_generation,
        );
    };
}

/// One test per case.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($name:ident, $suite:ident, $backend:expr; $($case:ident,)+) => {
        mod $name {
            #[allow(unused_imports, reason = "a backend may be named by its full path")]
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let backend = $backend;
                    let case = $crate::conformance::$suite::$case(&backend);
                    let done = tokio::time::timeout(std::time::Duration::from_mins(1), case).await;
                    assert!(done.is_ok(), "the case did not come to an end");
                }
            )+
        }
    };
}
