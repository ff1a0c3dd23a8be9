//! The alert rules, judged by promtool.

use std::{fs, process::Command};

use serde_yaml::Value;
use tempfile::TempDir;

use crate::{
    exposed::{after_some_work, named, read, repository, samples},
    stage::play,
    tools::{promtool, said},
};

const RULES: &str = "deploy/monitoring/rules.yaml";
const TESTS: &str = "deploy/monitoring/rules_test.yaml";

/// The alerts of the rules.
pub(crate) fn alerts() -> Vec<Value> {
    let rules: Value = serde_yaml::from_str(&read(RULES)).expect("YAML");
    let groups = rules["groups"].as_sequence().expect("groups");
    groups.iter().flat_map(|group| group["rules"].as_sequence().expect("rules").clone()).collect()
}

fn text<'a>(alert: &'a Value, path: &[&str]) -> &'a str {
    path.iter()
        .fold(alert, |value, key| &value[key])
        .as_str()
        .unwrap_or_else(|| panic!("{path:?} of {alert:?}"))
}

#[test]
fn each_alert_fires_when_it_should_and_not_when_it_should_not() {
    let Some(promtool) = promtool() else { return };
    for check in [["check", "rules", RULES], ["test", "rules", TESTS]] {
        let output =
            Command::new(&promtool).args(check).current_dir(repository("")).output().expect("promtool");
        assert!(output.status.success(), "{check:?}: {}", said(&output));
    }
}

#[test]
fn the_tests_miss_each_alert_that_never_fires_and_each_that_always_does() {
    let Some(promtool) = promtool() else { return };
    let (rules, folder) = (read(RULES), TempDir::new().expect("a folder"));
    fs::write(folder.path().join("rules_test.yaml"), read(TESTS)).expect("the tests");
    for alert in alerts() {
        for mutant in ["vector(1) > 1", "vector(1)"] {
            let name = text(&alert, &["alert"]);
            let mut changed: Value = serde_yaml::from_str(&rules).expect("YAML");
            let all = changed["groups"][0]["rules"].as_sequence_mut().expect("rules");
            let rule = all.iter_mut().find(|rule| rule["alert"] == name).expect("the alert");
            rule["expr"] = mutant.into();
            fs::write(folder.path().join("rules.yaml"), serde_yaml::to_string(&changed).expect("YAML"))
                .expect("it");
            let tested = Command::new(&promtool)
                .args(["test", "rules", "rules_test.yaml"])
                .current_dir(folder.path())
                .output();
            assert!(!tested.expect("promtool").status.success(), "{name} as {mutant} passes its tests");
        }
    }
}

#[test]
fn each_alert_says_how_grave_it_is_what_it_means_and_where_its_runbook_is() {
    for alert in alerts() {
        let name = text(&alert, &["alert"]);
        assert!(["critical", "warning"].contains(&text(&alert, &["labels", "severity"])), "{name}");
        assert!(text(&alert, &["annotations", "summary"]).ends_with('.'), "{name}");
        assert!(text(&alert, &["annotations", "description"]).ends_with('.'), "{name}");
        let url = text(&alert, &["annotations", "runbook_url"]);
        let page = url.split_once("/blob/main/").expect("a page of the repository").1;
        assert_eq!(page, format!("docs/runbooks/{name}.md"));
        let page = read(page);
        assert!(page.starts_with(&format!("# {name}\n")), "{name}");
        for part in ["## What it means", "## How to look", "## How to end it", "kubectl "] {
            assert!(page.contains(part), "{name}: {part}");
        }
    }
    let pages = fs::read_dir(repository("docs/runbooks")).expect("the runbooks").count();
    assert_eq!(pages, alerts().len(), "a page without an alert");
}

#[test]
fn the_rules_name_only_metrics_that_are_served() {
    play(async {
        let served = samples(after_some_work().await);
        for alert in alerts() {
            let query = text(&alert, &["expr"]);
            assert!(!named(query).is_empty(), "{query}");
            for name in named(query) {
                assert!(served.contains(name), "{name} is not served");
            }
        }
    });
}

#[test]
fn promtool_finds_nothing_amiss_in_the_metrics() {
    play(async {
        let Some(promtool) = promtool() else { return };
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("metrics");
        fs::write(&file, after_some_work().await).expect("the metrics");
        let input = fs::File::open(&file).expect("the metrics");
        let output =
            Command::new(promtool).args(["check", "metrics"]).stdin(input).output().expect("promtool");
        assert!(output.status.success() && said(&output).trim().is_empty(), "{}", said(&output));
    });
}
