//! Counters in the Prometheus text format.

use std::collections::BTreeMap;

/// The counter of SQL statements that storage keeps.
pub const STATEMENTS: &str = "caracal_storage_statements_total";

/// Values of the counter `name` by label set (`""` without labels), or `None` when the text does not have it.
pub fn counter(text: &str, name: &str) -> Option<BTreeMap<String, f64>> {
    let mut values = BTreeMap::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix(name) else {
            continue;
        };
        let (labels, value) = match rest.as_bytes().first() {
            Some(b' ') => ("", rest),
            Some(b'{') => match rest.rsplit_once('}') {
                Some((labels, value)) => (labels.trim_start_matches('{'), value),
                None => continue,
            },
            // Another metric whose name goes on.
            _ => continue,
        };
        if let Some(Ok(value)) = value.split_ascii_whitespace().next().map(str::parse) {
            values.insert(labels.to_owned(), value);
        }
    }
    (!values.is_empty()).then_some(values)
}

/// How much each label set grew from `before` to `after`; those that did not are left out.
pub fn growth(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    after
        .iter()
        .map(|(labels, value)| (labels.clone(), value - before.get(labels).copied().unwrap_or(0.0)))
        .filter(|(_, grown)| *grown > 0.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a_total x\n# TYPE a_total counter\na_total 3\na_total_more 9\n\
                        b_total{kind=\"read\",x=\"}\"} 4\nb_total{kind=\"write\"} 5.5 1700000000\n";

    #[test]
    fn an_absent_counter_is_not_zero() {
        assert_eq!(counter(TEXT, "c_total"), None);
        assert_eq!(counter(TEXT, "a_tot"), None);
    }

    #[test]
    fn counters_are_read_with_and_without_labels() {
        assert_eq!(
            counter(TEXT, "a_total").unwrap(),
            BTreeMap::from([(String::new(), 3.0)])
        );
        let labelled = counter(TEXT, "b_total").unwrap();
        assert_eq!(labelled.values().copied().collect::<Vec<_>>(), [4.0, 5.5]);
    }

    #[test]
    fn growth_counts_what_appeared_in_between() {
        let before = BTreeMap::from([(String::from("a"), 1.0), (String::from("b"), 2.0)]);
        let after = BTreeMap::from([
            (String::from("a"), 1.0),
            (String::from("b"), 5.0),
            (String::from("c"), 7.0),
        ]);
        let grown = growth(&before, &after);
        assert_eq!(
            grown,
            BTreeMap::from([(String::from("b"), 3.0), (String::from("c"), 7.0)])
        );
    }
}
