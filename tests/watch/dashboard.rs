//! The Grafana dashboard: well formed, and each of its queries gives something.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    exposed::{after_some_work, named, read, samples},
    stage::play,
    tools::{promtool, said},
};

fn dashboard() -> Value {
    serde_json::from_str(&read("deploy/monitoring/dashboard.json")).expect("JSON")
}

/// The queries, with Grafana's variables set as Grafana does.
fn queries() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let set = |query: &str| query.replace("$namespace", ".*").replace("$__rate_interval", "5m");
    targets.map(|target| set(target["expr"].as_str().expect("a query"))).collect()
}

#[test]
fn the_dashboard_is_as_grafana_reads_it() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().is_some_and(|v| (36..=41).contains(&v)));
    assert!(dashboard["title"].is_string() && dashboard["uid"].is_string() && dashboard["id"].is_null());
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().expect("panels") {
        let title = panel["title"].as_str().expect("a title");
        assert!(ids.insert(panel["id"].as_u64()), "{title}: another panel has its id");
        assert!(["stat", "timeseries"].contains(&panel["type"].as_str().expect("a type")), "{title}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let place = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
        assert!(place("x") + place("w") <= 24, "{title} leaves the grid");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(cells.insert((x, y)), "{title} lies over another panel");
            }
        }
    }
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let names: Vec<_> = variables.iter().map(|v| v["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["datasource", "namespace"]);
}

#[test]
fn the_dashboard_shows_every_metric_and_none_that_is_not_served() {
    play(async {
        let served = samples(after_some_work().await);
        let queries = queries();
        let shown: BTreeSet<_> = queries.iter().flat_map(|query| named(query)).collect();
        for name in &shown {
            assert!(served.contains(name), "{name} is not served");
        }
        // Of a histogram the buckets are shown.
        let parts = |name: &&&str| !name.ends_with("_sum") && !name.ends_with("_count");
        let missing: Vec<_> = served.iter().filter(parts).filter(|name| !shown.contains(**name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    });
}

/// promtool plays the metrics of a real operator for an hour and runs each query on them.
#[test]
fn each_query_gives_something_of_real_metrics() {
    play(async {
        let Some(promtool) = promtool() else { return };
        let series: Vec<_> =
            after_some_work().await.lines().filter(|line| !line.starts_with('#')).map(constant).collect();
        let one = |query: &String| {
            json!({ "expr": format!("count({query}) > bool 0"), "eval_time": "30m",
                "exp_samples": [{ "labels": "{}", "value": 1 }] })
        };
        let tests: Vec<_> = queries().iter().map(one).collect();
        let file = json!({ "evaluation_interval": "1m",
            "tests": [{ "interval": "1m", "input_series": series, "promql_expr_test": tests }] });
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("test.yaml"), file.to_string()).expect("the tests");
        let ran =
            Command::new(promtool).args(["test", "rules", "test.yaml"]).current_dir(folder.path()).output();
        let ran = ran.expect("promtool");
        assert!(ran.status.success(), "{}", said(&ran));
    });
}

/// A sample as a series that keeps its value, scraped in a namespace.
fn constant(line: &str) -> Value {
    let (name, value) = line.rsplit_once(' ').expect("a sample");
    let name = match name.split_once('{') {
        Some((name, labels)) => format!(r#"{name}{{namespace="video",{labels}"#),
        None => format!(r#"{name}{{namespace="video"}}"#),
    };
    json!({ "series": name, "values": format!("{value}x60") })
}
