//! The rights that the chart gives are enough: with them alone the operator
//! does all of its work, and is denied nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    cluster::Cluster,
    helm::Helm,
    installed,
    manifests::rights,
    scenario::{CORE, Scenario},
    stage::{LIMIT, Stage, play},
};

/// Renders the chart into the home namespace, with quick settings.
pub(crate) fn render(helm: &Helm, stage: &Stage, home: &str, more: &[&str]) -> Vec<Value> {
    let quick = installed::quick(stage);
    let set: Vec<_> = quick.iter().map(String::as_str).chain(more.iter().copied()).collect();
    helm.template(home, &set).expect("it renders")
}

/// Installs the chart and plays the core with its rights.
async fn passes(stage: &Stage, home: &str, more: &[&str]) {
    let Some(helm) = Helm::find() else { return };
    let documents = render(&helm, stage, home, more);
    installed::apply(stage, &documents).expect("it is installed");
    let scenario = Scenario { stage, home, limit: LIMIT };
    scenario.prepare().await;
    let operator = installed::operator(stage, &documents).await;
    operator.ready().await;
    let played = scenario.play(&CORE).await;
    assert_eq!(played, Ok(()), "{}", scenario.log());
    for word in ["forbidden", "no right", "no permission"] {
        assert!(!scenario.log().to_lowercase().contains(word), "{word}: {}", scenario.log());
    }
}

#[test]
fn with_the_rights_for_one_namespace_the_operator_does_all_of_its_work() {
    play(async {
        for strict in ["rbac.strict=false", "rbac.strict=true"] {
            let stage = Stage::empty().await;
            let home = stage.neighbour().await.namespace;
            let watched = format!("watchNamespaces={{{}}}", stage.namespace);
            passes(&stage, &home, &[&watched, strict]).await;
        }
    });
}

/// Where each right holds, with and without `rbac.strict`.
#[test]
fn with_watched_namespaces_only_live_streams_are_for_the_cluster() {
    let Some(helm) = Helm::find() else { return };
    let for_the_cluster = |strict: &str| -> BTreeSet<String> {
        let set = ["apiKey.value=k", "watchNamespaces={a,b}", strict];
        let given = rights(&helm.template("apivideo", &set).expect("it renders"));
        given.into_iter().filter(|right| right.scope == "ClusterRole").map(|right| right.resource).collect()
    };
    let own_kind = ["customresourcedefinitions", "livestreams", "livestreams/status"].map(str::to_owned);
    assert_eq!(for_the_cluster("rbac.strict=false"), BTreeSet::from(own_kind));
    assert_eq!(for_the_cluster("rbac.strict=true"), BTreeSet::from(["customresourcedefinitions".to_owned()]));
}

#[test]
fn with_the_rights_for_all_namespaces_the_operator_does_all_of_its_work() {
    play(async {
        // It would handle the LiveStreams of the other tests.
        let cluster = Cluster::start().await;
        let stage = Stage::on(&cluster).await;
        let home = stage.neighbour().await.namespace;
        passes(&stage, &home, &[]).await;
        cluster.stop().await;
    });
}
