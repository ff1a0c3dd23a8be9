//! docs/monitoring.md is up to date: its tables are generated from the metrics that
//! a real operator serves and of the alert rules. `UPDATE_DOCS=1` writes them anew.

use std::{env, fmt::Write, fs};

use crate::{
    exposed::{after_some_work, labels, read, repository},
    rules::alerts,
    stage::play,
};

const PAGE: &str = "docs/monitoring.md";

fn metrics_table(text: &str) -> String {
    let labels = labels(text);
    let mut table = "| metric | type | labels | what |\n|---|---|---|---|\n".to_owned();
    let helps = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' '));
    for (name, help) in helps {
        let kind = text.lines().find_map(|line| line.strip_prefix(&format!("# TYPE {name} ")));
        let names = labels.get(name).into_iter().flatten().map(|label| format!("`{label}`"));
        let names = names.collect::<Vec<_>>().join(", ");
        writeln!(table, "| `{name}` | {} | {names} | {help} |", kind.expect("a type")).expect("a string");
    }
    table
}

fn alerts_table() -> String {
    let mut table = "| alert | severity | what |\n|---|---|---|\n".to_owned();
    for alert in alerts() {
        let name = alert["alert"].as_str().expect("a name");
        let severity = alert["labels"]["severity"].as_str().expect("a severity");
        let summary = alert["annotations"]["summary"]
            .as_str()
            .expect("a summary")
            .replace("{{ $labels.", "{")
            .replace(" }}", "}");
        writeln!(table, "| [{name}](runbooks/{name}.md) | {severity} | {summary} |").expect("a string");
    }
    table
}

/// The page with a part of it made anew.
fn with(page: &str, part: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- {part}: made by a test -->\n"), format!("<!-- end of {part} -->"));
    let (before, rest) = page.split_once(&begin).expect("the part's begin");
    let (_, after) = rest.split_once(&end).expect("the part's end");
    format!("{before}{begin}{text}{end}{after}")
}

#[test]
fn the_tables_of_metrics_and_alerts_are_up_to_date() {
    play(async {
        let page = read(PAGE);
        let metrics = metrics_table(after_some_work().await);
        let fresh = with(&with(&page, "metrics", &metrics), "alerts", &alerts_table());
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(repository(PAGE), &fresh).expect("the page");
            return;
        }
        assert_eq!(page, fresh, "{PAGE} is out of date: run this test with UPDATE_DOCS=1");
    });
}
