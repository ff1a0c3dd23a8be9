//! The gauges of the current state, of a real operator.

use std::time::{SystemTime, UNIX_EPOCH};

use apivideo_operator::core::step::conditions::Reason;
use serde_json::json;

use crate::{
    exposed::{after_some_work, samples, value},
    stage::{Operator, Stage, eventually, play},
};

async fn until(operator: &Operator, sample: &str, wanted: f64) {
    let sample = format!("apivideo_operator_{sample}");
    let what = format!("{sample} to be {wanted}");
    eventually(&what, async || (value(&operator.metrics().await, &sample) == Some(wanted)).then_some(()))
        .await;
}

#[test]
fn a_live_stream_is_counted_under_its_reason_and_no_more_once_it_is_gone() {
    play(async {
        let (stage, operator) = Stage::set().await;
        stage.synced("kept", json!({ "name": "Kept" })).await;
        stage.synced("paused", json!({ "name": "Paused" })).await;
        until(&operator, r#"live_streams{reason="Synced"}"#, 2.0).await;
        stage.merge("paused", json!({ "spec": { "suspend": true } })).await;
        until(&operator, r#"live_streams{reason="Suspended"}"#, 1.0).await;
        until(&operator, r#"live_streams{reason="Synced"}"#, 1.0).await;
        let waits = r#"apivideo_operator_not_ready_seconds{reason="Suspended"}"#;
        eventually("the time that it waits", async || {
            value(&operator.metrics().await, waits).filter(|seconds| *seconds >= 1.0).map(|_| ())
        })
        .await;
        stage.delete("paused").await;
        stage.until_gone("paused").await;
        until(&operator, r#"live_streams{reason="Suspended"}"#, 0.0).await;
        let text = operator.metrics().await;
        assert_eq!(value(&text, waits), Some(0.0));
        for reason in Reason::ALL.map(Reason::as_str).into_iter().chain(["Unreported"]) {
            let sample = format!("apivideo_operator_live_streams{{reason=\"{reason}\"}}");
            assert!(value(&text, &sample).is_some(), "{reason} is present, even if 0");
        }
    });
}

#[test]
fn account_budget_leader_and_last_pass_are_reported() {
    play(async {
        let text = after_some_work().await;
        let gauge = |sample: &str| value(text, &format!("apivideo_operator_{sample}"));
        assert_eq!(gauge("account_available"), Some(1.0));
        assert_eq!(gauge("account_unauthorized"), Some(0.0));
        assert_eq!(gauge("leader"), Some(1.0));
        assert_eq!(gauge("drift_interval_seconds"), Some(0.3));
        assert_eq!(gauge("pass_interval_seconds"), Some(0.3));
        assert_eq!(gauge("last_pass_pages"), Some(1.0));
        for class in ["read", "write"] {
            assert_eq!(gauge(&format!("budget_limit{{class=\"{class}\"}}")), Some(1e6));
            assert!(gauge(&format!("budget_remaining{{class=\"{class}\"}}")).is_some_and(|left| left < 1e6));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the time").as_secs_f64();
        let age = now - gauge("last_pass_timestamp_seconds").expect("a time");
        assert!((0.0..600.0).contains(&age), "{age}");
        assert!(samples(text).contains("apivideo_operator_late_streams_total"));
    });
}

#[test]
fn a_refused_key_shows_and_so_does_one_that_is_accepted_after_it() {
    play(async {
        let stage = Stage::empty().await;
        let key = stage.folder.path().join("key");
        std::fs::write(&key, "wrong\n").expect("the key");
        let operator = stage.unready_operator();
        eventually("its answer", async || reqwest::get(format!("{}/healthz", operator.admin)).await.ok())
            .await;
        until(&operator, "account_unauthorized", 1.0).await;
        until(&operator, "account_available", 0.0).await;
        std::fs::write(&key, "sandbox-key\n").expect("the key");
        until(&operator, "account_unauthorized", 0.0).await;
        until(&operator, "account_available", 1.0).await;
    });
}

#[test]
fn of_two_replicas_one_reports_that_it_leads() {
    play(async {
        let stage = Stage::empty().await.with(&["--leader-elect"]);
        let mut first = stage.operator().await;
        let second = stage.unready_operator();
        eventually("its answer", async || reqwest::get(format!("{}/healthz", second.admin)).await.ok()).await;
        until(&first, "leader", 1.0).await;
        until(&second, "leader", 0.0).await;
        first.terminate();
        first.ended().await;
        until(&second, "leader", 1.0).await;
    });
}
