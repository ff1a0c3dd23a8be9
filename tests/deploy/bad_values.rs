//! A wrong value of the chart is refused when it is rendered, with the key and
//! what is accepted.

use crate::helm::Helm;

const KEY: &str = "apiKey.existingSecret=apivideo";

/// The values, and the words that the refusal must have.
const CASES: [(&[&str], &[&str]); 26] = [
    (&[KEY, "config.driftInterval=0s"], &["config.driftInterval", "0s", "above zero, like 500ms, 60s or 5m"]),
    (&[KEY, "config.createSettle=soon"], &["config.createSettle", "soon", "like 500ms"]),
    (&[KEY, "config.requestTimeout=-1s"], &["config.requestTimeout", "-1s", "like 500ms"]),
    (&[KEY, "config.environment=test"], &["/config/environment", "'production', 'sandbox'"]),
    (&[KEY, "config.readShare=1.5"], &["config.readShare", "1.5", "above 0 and at most 1"]),
    (&[KEY, "config.writeShare=0"], &["config.writeShare", "0", "above 0 and at most 1"]),
    (&[KEY, "config.writeShare=half"], &["config.writeShare", "half", "like 0.9"]),
    (&[KEY, "config.missingGuard=maybe"], &["/config/missingGuard", "'on', 'off'"]),
    (&[KEY, "config.logFormat=xml"], &["/config/logFormat", "'text', 'json'"]),
    (&[KEY, "config.baseUrl=ftp://x"], &["config.baseUrl", "ftp://x", "like https://"]),
    (&[KEY, "config.createMarker=yes"], &["/config/createMarker", "got string, want boolean"]),
    (&[KEY, "config.driftIntervall=60s"], &["/config", "'driftIntervall' not allowed"]),
    (&[KEY, "replicaCount=2"], &["'replicaCount' not allowed"]),
    (&[KEY, "replicas=many"], &["/replicas", "got string, want integer"]),
    (&[KEY, "replicas=2", "leaderElection.enabled=false"], &["replicas", "leaderElection.enabled to true"]),
    (&[KEY, "image.pullPolicy=Sometimes"], &["/image/pullPolicy", "'Always', 'IfNotPresent', 'Never'"]),
    (&[KEY, "image.digest=abc"], &["/image/digest", "sha256:"]),
    (&[KEY, "watchNamespaces={Team A}"], &["watchNamespaces", "Team A", "lower case letters"]),
    (&[KEY, "rbac.strict=maybe"], &["/rbac/strict", "want boolean"]),
    (&[KEY, "port=0"], &["/port", "got 0, want 1"]),
    (&[KEY, "terminationGracePeriodSeconds=1"], &["/terminationGracePeriodSeconds", "want 10"]),
    (&[KEY, "networkPolicy.apiServerPorts={https}"], &["/networkPolicy/apiServerPorts/0", "want integer"]),
    (&[KEY, "apiKey.value=abc"], &["apiKey", "keep one of them"]),
    (&[KEY, "extraEnv[0].name=DRIFT_INTERVAL"], &["extraEnv", "DRIFT_INTERVAL", "config"]),
    (
        &[KEY, "monitoring.serviceMonitor.enabled=true", "service.enabled=false"],
        &["monitoring.serviceMonitor.enabled", "service.enabled to true"],
    ),
    (&[], &["apiKey.existingSecret", "kubectl create secret", "apiKey.value"]),
];

#[test]
fn a_wrong_value_is_refused_with_its_key_and_what_is_accepted() {
    let Some(helm) = Helm::find() else { return };
    for (values, words) in CASES {
        let message = helm.template("apivideo", values).expect_err(&format!("{values:?} is refused"));
        for word in words {
            assert!(message.contains(word), "{values:?}: {word:?} in: {message}");
        }
    }
}
