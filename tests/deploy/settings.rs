//! The chart's values are the settings of `run`, one to one, and its pods are
//! as restricted as Pod Security asks.

use std::collections::{BTreeMap, BTreeSet};

use apivideo_operator::{cli::Cli, leader::LEASE};
use clap::CommandFactory;
use serde_json::json;

use crate::{
    helm::Helm,
    manifests::{environment, one, rights},
};

/// The variables of `run` with their defaults.
fn settings() -> BTreeMap<String, Option<String>> {
    let command = Cli::command();
    let run = command.find_subcommand("run").expect("run");
    let text = |name: &std::ffi::OsStr| name.to_str().expect("a text").to_owned();
    let settings = run.get_arguments().filter_map(|argument| {
        let default = argument.get_default_values().first().map(|value| text(value));
        argument.get_env().map(|name| (text(name), default))
    });
    settings.collect()
}

#[test]
fn every_setting_of_run_has_a_value_of_the_chart() {
    let Some(helm) = Helm::find() else { return };
    let set = [
        "apiKey.existingSecret=apivideo",
        "config.baseUrl=https://example.org",
        "config.missingGuard=on",
        "config.project=prA",
        "watchNamespaces={a,b}",
    ];
    let rendered = environment(&helm.template("apivideo", &set).expect("it renders"));
    let mut names: BTreeSet<_> = rendered.iter().map(|(name, _)| name.clone()).collect();
    assert!(names.remove("RUST_LOG"), "the filter of the logs is no setting of run");
    assert_eq!(names, settings().into_keys().collect());
    assert!(rendered.contains(&("WATCH_NAMESPACE".into(), "a,b".into())));
}

#[test]
fn values_that_are_left_alone_are_the_defaults_of_run_but_for_the_election_and_the_form_of_logs() {
    let Some(helm) = Helm::find() else { return };
    let rendered = environment(&helm.template("apivideo", &["apiKey.existingSecret=a"]).expect("it renders"));
    let defaults = settings();
    let other: BTreeMap<_, _> = rendered
        .into_iter()
        .filter(|(name, value)| defaults.get(name).is_some_and(|default| default.as_ref() != Some(value)))
        .collect();
    let own = ["APIVIDEO_API_KEY_FILE", "LEADER_ELECT", "LOG_FORMAT"];
    assert_eq!(other.keys().map(String::as_str).collect::<Vec<_>>(), own, "{other:?}");
}

#[test]
fn the_operator_may_change_its_own_lease_alone() {
    let Some(helm) = Helm::find() else { return };
    let rendered = helm.template("apivideo", &["apiKey.existingSecret=a"]).expect("it renders");
    let leases =
        rights(&rendered).into_iter().filter(|right| right.resource == "leases" && right.verb == "patch");
    assert_eq!(leases.flat_map(|right| right.names).collect::<Vec<_>>(), [LEASE]);
}

#[test]
fn without_an_election_an_upgrade_never_has_two_at_work() {
    let Some(helm) = Helm::find() else { return };
    let set = ["apiKey.existingSecret=a", "leaderElection.enabled=false"];
    let rendered = helm.template("apivideo", &set).expect("it renders");
    assert_eq!(one(&rendered, "Deployment")["spec"]["strategy"]["type"], "Recreate");
    assert!(!rendered.iter().any(|document| document["metadata"]["name"] == "apivideo-operator-leader"));
}

#[test]
fn labels_annotations_and_the_parts_that_are_off_come_where_they_are_asked_for() {
    let Some(helm) = Helm::find() else { return };
    let set = [
        "apiKey.value=k",
        "commonLabels.team=video",
        "commonAnnotations.note=seen",
        "podLabels.pod=yes",
        "replicas=2",
        "podDisruptionBudget.enabled=true",
        "networkPolicy.enabled=true",
        "deletionProtection.enabled=true",
    ];
    let rendered = helm.template("apivideo", &set).expect("it renders");
    for document in &rendered {
        assert_eq!(document["metadata"]["labels"]["team"], "video", "{document}");
        assert_eq!(document["metadata"]["annotations"]["note"], "seen", "{document}");
    }
    let pod = one(&rendered, "Deployment")["spec"]["template"].clone();
    assert_eq!(pod["metadata"]["labels"]["pod"], "yes");
    assert_eq!(pod["spec"]["topologySpreadConstraints"][0]["topologyKey"], "kubernetes.io/hostname");
    let ports = one(&rendered, "NetworkPolicy")["spec"]["egress"][1]["ports"].clone();
    assert_eq!(ports, json!([{ "port": 443 }, { "port": 6443 }]));
    assert_eq!(one(&rendered, "PodDisruptionBudget")["spec"]["maxUnavailable"], 1);
}

#[test]
fn whatever_selects_the_pods_or_the_service_finds_them() {
    let Some(helm) = Helm::find() else { return };
    let set = [
        "apiKey.value=k",
        "replicas=2",
        "podDisruptionBudget.enabled=true",
        "networkPolicy.enabled=true",
        "monitoring.serviceMonitor.enabled=true",
    ];
    let rendered = helm.template("apivideo", &set).expect("it renders");
    let pod = &one(&rendered, "Deployment")["spec"]["template"];
    let spread = &pod["spec"]["topologySpreadConstraints"][0]["labelSelector"];
    let service = one(&rendered, "Service");
    let selections = [
        (&one(&rendered, "Deployment")["spec"]["selector"]["matchLabels"], pod),
        (&spread["matchLabels"], pod),
        (&one(&rendered, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"], pod),
        (&one(&rendered, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"], pod),
        (&service["spec"]["selector"], pod),
        (&one(&rendered, "ServiceMonitor")["spec"]["selector"]["matchLabels"], service),
    ];
    for (selector, selected) in selections {
        let labels = selector.as_object().expect("labels");
        assert!(!labels.is_empty());
        for (key, value) in labels {
            assert_eq!(&selected["metadata"]["labels"][key], value, "{selector}");
        }
    }
}
