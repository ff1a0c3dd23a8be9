//! The two text formats of the metrics: OpenMetrics for clients that accept it, like
//! Prometheus, and the classic format for all others, like `curl` and
//! `promtool check metrics`.

/// The content type of OpenMetrics.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The content type of the classic format.
pub const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether an `Accept` header names OpenMetrics.
#[must_use]
pub fn wants_openmetrics(accept: Option<&str>) -> bool {
    accept.is_some_and(|accept| accept.contains("application/openmetrics-text"))
}

/// Converts OpenMetrics to the classic format. The samples are the same; a counter is
/// described by the name of its samples, and there are no lines for units and the end.
#[must_use]
pub fn classic(openmetrics: &str) -> String {
    let counters: Vec<&str> = openmetrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        text.push_str(&counter_line(line, &counters).unwrap_or_else(|| line.to_owned()));
        text.push('\n');
    }
    text
}

/// A line that describes a counter, with the name of its samples.
fn counter_line(line: &str, counters: &[&str]) -> Option<String> {
    let (what, rest) = ["# HELP ", "# TYPE "].iter().find_map(|p| Some((*p, line.strip_prefix(p)?)))?;
    let (name, rest) = rest.split_once(' ')?;
    counters.contains(&name).then(|| format!("{what}{name}_total {rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classic_format_names_counters_as_their_samples() {
        let openmetrics = "# HELP calls Calls.\n# TYPE calls counter\ncalls_total{code=\"200\"} 1\n\
            # HELP wait_seconds Wait.\n# TYPE wait_seconds gauge\n# UNIT wait_seconds seconds\nwait_seconds 2\n# EOF\n";
        let text = "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{code=\"200\"} 1\n\
            # HELP wait_seconds Wait.\n# TYPE wait_seconds gauge\nwait_seconds 2\n";
        assert_eq!(classic(openmetrics), text);
    }

    #[test]
    fn openmetrics_is_served_only_to_clients_that_accept_it() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert!(wants_openmetrics(Some(prometheus)));
        assert!(!wants_openmetrics(Some("*/*")) && !wants_openmetrics(None));
    }
}
