//! The process: bad settings, health, metrics, a clean end.

use std::process::Command;
use std::time::{Duration, Instant};

use apivideo_sandbox::{Fault, Rule};
use serde_json::json;

use crate::stage::{Stage, eventually, play};

fn operator() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apivideo-operator"));
    command.env_clear();
    command
}

#[test]
fn a_bad_setting_ends_at_once_with_2_and_names_the_setting_the_value_and_what_is_accepted() {
    let cases: [(&[&str], &[&str]); 11] = [
        (&["--drift-interval", "0s"], &["--drift-interval", "0s", "like 500ms, 60s or 5m"]),
        (&["--create-settle", "soon"], &["--create-settle", "soon", "like 500ms"]),
        (&["--request-timeout", "-1s"], &["--request-timeout", "-1s"]),
        (&["--read-share", "1.5"], &["--read-share", "1.5", "at most 1"]),
        (&["--write-share", "0"], &["--write-share", "'0'", "above 0"]),
        (&["--environment", "test"], &["--environment", "test", "production", "sandbox"]),
        (&["--namespace", "a,Team B"], &["--namespace", "\"Team B\"", "1 to 63 lowercase letters"]),
        (&["--namespace", " , "], &["--namespace", "' , '", "contains no name", "1 to 63 lowercase letters"]),
        (&["--bind", "nowhere"], &["--bind", "nowhere"]),
        (&["--log-format", "xml"], &["--log-format", "xml", "text", "json"]),
        (&["--base-url", "ftp://x"], &["base-url", "ftp://x", "https://"]),
    ];
    for (flags, words) in cases {
        let ended = operator().env("APIVIDEO_API_KEY", "k").arg("run").args(flags).output().expect("it runs");
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{flags:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{flags:?}: {word} in {text}");
        }
    }
    let keyless = operator().arg("run").output().expect("it runs");
    assert_eq!(keyless.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&keyless.stderr).contains("APIVIDEO_API_KEY"));
    for (variable, value) in
        [("DRIFT_INTERVAL", "never"), ("WATCH_NAMESPACE", "a,b_c"), ("WATCH_NAMESPACE", ",")]
    {
        let ended = operator().env("APIVIDEO_API_KEY", "k").env(variable, value).arg("run").output();
        assert_eq!(ended.expect("it runs").status.code(), Some(2), "{variable}={value}");
    }
}

#[test]
fn without_a_cluster_it_says_so_and_ends_with_1() {
    let mut operator = operator();
    // An empty variable is no setting, and so no bad one.
    operator.env("APIVIDEO_API_KEY", "k").env("KUBECONFIG", "/nonexistent").env("WATCH_NAMESPACE", "");
    let ended = operator.arg("run").output().expect("it runs");
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("KUBECONFIG"));
}

#[test]
fn health_readiness_and_metrics_are_served() {
    play(async {
        let (stage, operator) = Stage::set().await;
        stage.synced("metered", json!({ "name": "Metered" })).await;
        let get = async |path: &str| {
            let answer = reqwest::get(format!("{}{path}", operator.admin)).await.expect("an answer");
            (answer.status().as_u16(), answer.text().await.expect("a text"))
        };
        assert_eq!(get("/healthz").await.0, 200);
        assert_eq!(get("/readyz").await.0, 200);
        let (status, metrics) = get("/metrics").await;
        assert_eq!(status, 200);
        let created = r#"apivideo_operator_api_requests_total{method="POST",code="200",class="write",priority="creation"} 1"#;
        assert!(metrics.lines().any(|line| line.starts_with(created)), "{metrics}");
        assert!(metrics.contains("# TYPE apivideo_operator_api_requests_total counter"), "{metrics}");
        assert!(metrics.contains("# HELP apivideo_operator_api_requests_total"), "{metrics}");
        assert!(!metrics.contains("metered"), "no names of objects in labels");
    });
}

#[test]
fn a_term_signal_lets_the_call_under_way_finish_and_stores_what_it_gave() {
    play(async {
        let (stage, mut operator) = Stage::set().await;
        let slow = Fault::DelayAfter { duration: Duration::from_secs(1) };
        stage.sandbox.inject(Rule::once(slow).on("POST", "/live-streams"));
        stage.apply("under-way", json!({ "name": "Under way" })).await;
        eventually("the stream", async || (!stage.sandbox.streams().is_empty()).then_some(())).await;
        let asked = Instant::now();
        operator.terminate();
        assert_eq!(operator.ended().await.code(), Some(0));
        assert!(asked.elapsed() < Duration::from_secs(10));
        let annotations = stage.get("under-way").await.metadata.annotations.unwrap_or_default();
        let stream = stage.sandbox.streams().remove(0).live_stream_id;
        assert_eq!(annotations.get("api.video/live-stream-id"), Some(&stream));
        assert!(!annotations.contains_key("api.video/create-intent"));
    });
}

#[test]
fn only_the_namespaces_that_were_named_are_watched() {
    play(async {
        let stage = Stage::empty().await;
        let (second, third) = (stage.neighbour().await, stage.neighbour().await);
        let list = format!(" {}, ,{}", second.namespace, second.namespace);
        let stage = stage.with(&["--namespace", &list]);
        for stage in [&stage, &second, &third] {
            stage.apply("stream", json!({ "name": "Stream" })).await;
        }
        let _operator = stage.operator().await;
        stage.until_reason("stream", "Synced").await;
        second.until_reason("stream", "Synced").await;
        stage.two_passes().await;
        assert_eq!(crate::stage::ready(&third.get("stream").await), None);
        assert_eq!(stage.sandbox.streams().len(), 2);
    });
}

#[test]
fn json_logs_are_json_a_line() {
    play(async {
        let stage = Stage::empty().await.with(&["--log-format", "json"]);
        let _operator = stage.operator().await;
        let log = std::fs::read_to_string(stage.log()).expect("the log");
        assert!(log.lines().count() > 1);
        for line in log.lines() {
            let entry: serde_json::Value = serde_json::from_str(line).expect(line);
            assert!(entry["timestamp"].is_string() && entry["level"].is_string(), "{line}");
        }
    });
}

#[test]
fn asked_to_end_before_it_could_begin_it_ends_at_once() {
    play(async {
        let stage = Stage::empty().await;
        let unreachable = "apiVersion: v1\nkind: Config\ncurrent-context: x\n\
            contexts: [{name: x, context: {cluster: x, user: x}}]\nusers: [{name: x, user: {}}]\n\
            clusters: [{name: x, cluster: {server: 'http://127.0.0.1:9'}}]\n";
        std::fs::write(stage.folder.path().join("kubeconfig"), unreachable).expect("the kubeconfig");
        let mut operator = stage.unready_operator();
        eventually("the start", async || {
            std::fs::read_to_string(stage.log())
                .ok()
                .filter(|log| log.contains("operator started"))
                .map(|_| ())
        })
        .await;
        let asked = Instant::now();
        operator.terminate();
        assert_eq!(operator.ended().await.code(), Some(0));
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    });
}
