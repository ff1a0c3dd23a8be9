//! No right is superfluous: each is taken away in turn, and something fails.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;

use crate::{
    cluster::Cluster,
    helm::Helm,
    installed,
    least_privilege::render,
    manifests::{rights, take_away},
    scenario::{Scenario, Step},
    stage::{LIMIT, Stage, play},
};

/// How long a step is waited for that is to fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each right, and what fails without it.
const NEEDED: [(&str, &str, Step); 10] = [
    ("livestreams", "list", Step::Create),
    ("livestreams", "watch", Step::Update),
    ("livestreams", "patch", Step::Create),
    ("livestreams/status", "get", Step::Malformed),
    ("livestreams/status", "patch", Step::Create),
    ("events", "create", Step::Event),
    ("customresourcedefinitions", "get", Step::Wait),
    ("leases", "create", Step::Lead),
    ("leases", "get", Step::Lead),
    ("leases", "patch", Step::Lead),
];

/// What comes before a step, so that it can be played.
fn until(step: Step) -> &'static [Step] {
    match step {
        Step::Lead => &[Step::Lead],
        Step::Create => &[Step::Lead, Step::Create],
        Step::Event => &[Step::Lead, Step::Create, Step::Event],
        Step::Malformed => &[Step::Lead, Step::Malformed],
        Step::Wait => &[Step::Lead, Step::Wait],
        Step::Update | Step::Drift | Step::Delete => &[Step::Lead, Step::Create, Step::Update],
    }
}

const ALL: [Step; 8] = [
    Step::Lead,
    Step::Create,
    Step::Event,
    Step::Update,
    Step::Drift,
    Step::Malformed,
    Step::Wait,
    Step::Delete,
];

/// Installs the chart without a right, and plays; the log is given back, too.
async fn play_without(
    cluster: &Cluster,
    taken: Option<(&str, &str)>,
    steps: &[Step],
) -> (Result<(), (Step, String)>, String) {
    let stage = Stage::on(cluster).await;
    let helm = Helm::find().expect("helm, which was there");
    let home = stage.namespace.clone();
    let more = [format!("watchNamespaces={{{home}}}"), "crds.enabled=false".into()];
    let mut documents = render(&helm, &stage, &home, &more.each_ref().map(String::as_str));
    if let Some((resource, verb)) = taken {
        let before = rights(&documents).len();
        take_away(&mut documents, resource, verb);
        assert_eq!(rights(&documents).len(), before - 1, "{verb} {resource} is given");
    }
    installed::apply(&stage, &documents).expect("it is installed");
    let limit = if taken.is_some() { PATIENCE } else { LIMIT };
    let scenario = Scenario { stage: &stage, home: &home, limit };
    scenario.prepare().await;
    let _operator = installed::operator(&stage, &documents).await;
    (scenario.play(steps).await, scenario.log())
}

#[test]
fn without_any_one_of_its_rights_something_fails() {
    play(async {
        if Helm::find().is_none() {
            return;
        }
        let cluster = Cluster::start().await;
        loosen(&cluster).await;
        let takings = NEEDED.iter().map(async |(resource, verb, step)| {
            let (played, log) = play_without(&cluster, Some((resource, verb)), until(*step)).await;
            let (failed, why) = played.expect_err(&format!("without {verb} {resource} something fails"));
            assert_eq!(failed, *step, "without {verb} {resource}: {why}\n{log}");
            let denied = log.contains("forbidden") || log.contains("no permission");
            assert!(denied, "without {verb} {resource} the log says that it was denied: {log}");
        });
        let control = play_without(&cluster, None, &ALL);
        let ((played, log), _) = futures::join!(control, join_all(takings));
        assert_eq!(played, Ok(()), "with all rights nothing fails: {log}");
        cluster.stop().await;
    });
}

#[test]
fn every_right_of_the_chart_is_among_those_that_are_taken_away() {
    let Some(helm) = Helm::find() else { return };
    let strict = ["watchNamespaces={apivideo}", "rbac.strict=true"];
    for more in [&["replicas=1"][..], &["watchNamespaces={apivideo}"], &strict] {
        let set = [&["apiKey.value=k"], more].concat();
        let rendered = helm.template("apivideo", &set).expect("it renders");
        let given: BTreeSet<_> = rights(&rendered).into_iter().map(|r| (r.resource, r.verb)).collect();
        let taken = NEEDED.iter().map(|(resource, verb, _)| ((*resource).to_owned(), (*verb).to_owned()));
        assert_eq!(given, taken.collect());
    }
}

/// Lets malformed LiveStreams in: only for them the status is read.
async fn loosen(cluster: &Cluster) {
    let api: Api<CustomResourceDefinition> = Api::all(cluster.client().await);
    let schema = "/spec/versions/0/schema/openAPIV3Schema";
    let anything = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    // The rules of the object are about fields that this schema doesn't have.
    let rules = format!("{schema}/x-kubernetes-validations");
    let patch: json_patch::Patch = serde_json::from_value(json!([
        { "op": "remove", "path": rules },
        { "op": "replace", "path": format!("{schema}/properties/spec"), "value": anything },
    ]))
    .expect("a patch");
    let patch = Patch::Json::<()>(patch);
    api.patch("livestreams.api.video", &PatchParams::default(), &patch).await.expect("the CRD is patched");
}
