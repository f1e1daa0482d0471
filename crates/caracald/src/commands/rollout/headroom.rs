//! How much is left of what fills up: disks, spools, the stream, connections.

use std::collections::BTreeMap;

use super::{Found, Seen, processes::all_of};

pub(super) fn headroom(seen: &Seen<'_>) -> Found {
    all_of([
        used(
            seen,
            "a disk",
            |text| {
                ratios(
                    text,
                    "caracal_disk_free_bytes",
                    "caracal_disk_size_bytes",
                    "place",
                    "",
                )
                .map(|free| 1.0 - free)
                .collect()
            },
            0.8,
        ),
        used(
            seen,
            "a spool",
            ratio(
                "caracal_events_spool_disk_bytes",
                "caracal_events_spool_capacity_bytes",
            ),
            0.5,
        ),
        used(
            seen,
            "the audit stream",
            ratio(
                "caracal_events_audit_stream_entries",
                "caracal_events_audit_stream_bound",
            ),
            0.5,
        ),
        used(
            seen,
            "a pool of connections",
            |text| {
                let (used, limit) = ("caracal_storage_connections", "caracal_storage_connections_limit");
                ratios(text, used, limit, "pool", "state=\"used\"").collect()
            },
            0.8,
        ),
    ])
}

/// `part` by `whole`, each the only series of its name.
fn ratio(part: &'static str, whole: &'static str) -> impl Fn(&str) -> Vec<f64> {
    move |text| ratios(text, part, whole, "", "").collect()
}

/// `part` (of the series with `labels`) by `whole`, for each value of the label `by` that both have; of the only series
/// where it is empty.
fn ratios<'t>(
    text: &'t str,
    part: &'t str,
    whole: &'t str,
    by: &'t str,
    labels: &'t str,
) -> impl Iterator<Item = f64> + 't {
    let of = move |name: &'t str, labels: &'t str| -> BTreeMap<&'t str, f64> {
        let lines = text.lines().filter_map(move |line| {
            let (series, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
            let named = series.is_empty() || series.starts_with('{');
            let start = format!("{by}=\"");
            let label = match by {
                "" => "",
                _ => series.split_once(&start)?.1.split('"').next()?,
            };
            (named && series.contains(labels)).then_some((label, value.parse().ok()?))
        });
        lines.collect()
    };
    let wholes = of(whole, "");
    of(part, labels)
        .into_iter()
        .filter_map(move |(label, part)| Some(part / wholes.get(label)?))
}

/// Passes where no process uses more than `most` of `what`.
fn used(seen: &Seen<'_>, what: &str, of: impl Fn(&str) -> Vec<f64>, most: f64) -> Found {
    let metrics = match seen.metrics() {
        Ok(metrics) => metrics,
        Err(unknown) => return unknown,
    };
    let worst = metrics
        .iter()
        .flat_map(|(process, text)| of(text).into_iter().map(|used| (process.name.as_str(), used)))
        // What is not a number is worse than any.
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    match worst {
        // Where there is none, it cannot be full.
        None => Found::pass(format!("there is no figure of {what}")),
        Some((name, used)) => Found::of(
            used <= most,
            format!("at most {:.0} % of {what} is used ({name})", used * 100.0),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_divided_by_the_whole_of_the_same_label() {
        let text = "free{place=\"home\"} 1\nfree{place=\"spool\"} 3\nsize{place=\"spool\"} 4\nsize{place=\"home\"} 10\n\
                    used{pool=\"a\",state=\"idle\"} 9\nused{pool=\"a\",state=\"used\"} 1\nlimit{pool=\"a\"} 2\nb 1\nc 4\n";
        let of = |part, whole, by, labels| ratios(text, part, whole, by, labels).collect::<Vec<_>>();
        assert_eq!(of("free", "size", "place", ""), [0.1, 0.75]);
        assert_eq!(of("used", "limit", "pool", "state=\"used\""), [0.5]);
        assert_eq!(of("b", "c", "", ""), [0.25]);
        assert!(of("nothing", "c", "", "").is_empty());
    }
}
