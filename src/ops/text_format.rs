//! The two forms of the metrics: OpenMetrics for whoever asks for it, as
//! Prometheus does, and the older text for all others, as `curl` and
//! `promtool check metrics` are.

/// The type of OpenMetrics.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The type of the older text.
pub const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether an `Accept` header asks for OpenMetrics by name.
#[must_use]
pub fn wants_openmetrics(accept: Option<&str>) -> bool {
    accept.is_some_and(|accept| accept.contains("application/openmetrics-text"))
}

/// OpenMetrics as the older text. The samples are alike; there, a counter bears the
/// name of its samples, and neither units nor the end are told.
#[must_use]
pub fn classic(openmetrics: &str) -> String {
    let counters: Vec<&str> = openmetrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        text.push_str(&of_counter(line, &counters).unwrap_or_else(|| line.to_owned()));
        text.push('\n');
    }
    text
}

/// A line that describes a counter, with the name of the counter's samples.
fn of_counter(line: &str, counters: &[&str]) -> Option<String> {
    let (what, rest) = ["# HELP ", "# TYPE "].iter().find_map(|p| Some((*p, line.strip_prefix(p)?)))?;
    let (name, rest) = rest.split_once(' ')?;
    counters.contains(&name).then(|| format!("{what}{name}_total {rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_text_names_a_counter_as_its_samples_and_knows_no_units() {
        let openmetrics = "# HELP calls Calls.\n# TYPE calls counter\ncalls_total{code=\"200\"} 1\n\
            # HELP wait_seconds Wait.\n# TYPE wait_seconds gauge\n# UNIT wait_seconds seconds\nwait_seconds 2\n# EOF\n";
        let text = "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{code=\"200\"} 1\n\
            # HELP wait_seconds Wait.\n# TYPE wait_seconds gauge\nwait_seconds 2\n";
        assert_eq!(classic(openmetrics), text);
    }

    #[test]
    fn openmetrics_goes_to_those_alone_who_ask_for_it() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert!(wants_openmetrics(Some(prometheus)));
        assert!(!wants_openmetrics(Some("*/*")) && !wants_openmetrics(None));
    }
}
