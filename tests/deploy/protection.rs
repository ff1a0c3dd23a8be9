//! With deletion protection, a LiveStream that is marked isn't deleted, and the
//! refusal names the command that unmarks it. Everything else that is off by
//! default is installed with it: the API server takes all of it.

use kube::api::DeleteParams;
use serde_json::json;

use crate::{
    helm::Helm,
    installed,
    least_privilege::render,
    stage::{Stage, eventually, play},
};

/// Asks whether a LiveStream may be deleted.
async fn refusal(stage: &Stage, name: &str) -> Option<String> {
    let dry = DeleteParams { dry_run: true, ..DeleteParams::default() };
    stage.api().delete(name, &dry).await.err().map(|error| error.to_string())
}

#[test]
fn a_protected_live_stream_is_not_deleted_until_it_is_unmarked() {
    play(async {
        let Some(helm) = Helm::find() else { return };
        let stage = Stage::empty().await;
        // Only where it watches does the policy hold.
        let watched = format!("watchNamespaces={{{}}}", stage.namespace);
        let more = [
            watched.as_str(),
            "deletionProtection.enabled=true",
            "networkPolicy.enabled=true",
            "podDisruptionBudget.enabled=true",
            "monitoring.dashboard.enabled=true",
            "replicas=2",
        ];
        let documents = render(&helm, &stage, &stage.namespace, &more);
        installed::apply(&stage, &documents).expect("the API server takes all of it");
        for name in ["marked", "plain"] {
            stage.apply(name, json!({ "name": name })).await;
        }
        stage.annotate("marked", "api.video/protected", Some("true")).await;
        let message = eventually("the policy to hold", async || refusal(&stage, "marked").await).await;
        let command = format!(
            "kubectl annotate livestream marked --namespace {} api.video/protected-",
            stage.namespace
        );
        assert!(message.contains(&command), "{message}");
        assert_eq!(refusal(&stage, "plain").await, None);
        let elsewhere = stage.neighbour().await;
        elsewhere.apply("marked", json!({ "name": "marked" })).await;
        elsewhere.annotate("marked", "api.video/protected", Some("true")).await;
        assert_eq!(refusal(&elsewhere, "marked").await, None);
        stage.annotate("marked", "api.video/protected", Some("false")).await;
        assert_eq!(refusal(&stage, "marked").await, None);
        stage.annotate("marked", "api.video/protected", Some("true")).await;
        let unmark: Vec<_> = command.split(' ').skip(1).collect();
        installed::kubectl(&stage, &unmark, "").expect("the command works");
        assert_eq!(refusal(&stage, "marked").await, None);
    });
}
