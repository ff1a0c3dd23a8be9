//! Between the operator and the API server: proxies, and networks that go silent.

use std::{
    fs::{self, File},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    relay::Relay,
    stage::{Operator, Stage, free_port, play, ready},
};

/// Within this time a silence of the network is over for the operator.
const RECOVERY: Duration = Duration::from_secs(75);

/// Changes the cluster of the operator's kubeconfig; gives back the API server's address.
fn edit_cluster(stage: &Stage, edit: impl FnOnce(&mut Value)) -> String {
    let file = stage.folder.path().join("kubeconfig");
    let text = fs::read_to_string(&file).expect("the kubeconfig");
    let mut config: Value = serde_yaml::from_str(&text).expect("YAML");
    let cluster = &mut config["clusters"][0]["cluster"];
    let server = cluster["server"].as_str().expect("a server");
    let address = server.strip_prefix("https://").expect("https").to_owned();
    edit(cluster);
    fs::write(file, serde_yaml::to_string(&config).expect("YAML")).expect("written");
    address
}

/// An operator with more environment variables.
async fn operator_in(stage: &Stage, variables: &[(&str, &str)]) -> Operator {
    let port = free_port();
    let log = File::options().create(true).append(true).open(stage.log()).expect("the log");
    let child = Command::new(env!("CARGO_BIN_EXE_apivideo-operator"))
        .env_clear()
        .env("KUBECONFIG", stage.folder.path().join("kubeconfig"))
        .env("RUST_LOG", &stage.log_filter)
        .env("APIVIDEO_API_KEY", "sandbox-key")
        .envs(variables.iter().copied())
        .args(["run", "--namespace", &stage.namespace, "--base-url", &stage.sandbox.url()])
        .args(["--bind", &format!("127.0.0.1:{port}"), "--drift-interval", "300ms"])
        .stderr(log)
        .spawn()
        .expect("the operator");
    let operator = Operator::of(child, port);
    operator.ready().await;
    operator
}

#[test]
fn the_proxy_of_the_kubeconfig_is_used_whatever_no_proxy_says() {
    play(async {
        let (stage, proxy) = (Stage::empty().await, Relay::proxy().await);
        let url = format!("http://127.0.0.1:{}", proxy.port);
        edit_cluster(&stage, |cluster| cluster["proxy-url"] = json!(url));
        let _operator = operator_in(&stage, &[("NO_PROXY", "127.0.0.1,")]).await;
        stage.synced("proxied", json!({ "name": "Proxied" })).await;
        assert!(proxy.accepted() > 0);
    });
}

#[test]
fn https_proxy_is_used_unless_no_proxy_names_the_api_server() {
    play(async {
        let (stage, proxy) = (Stage::empty().await, Relay::proxy().await);
        let url = format!("http://localhost:{}", proxy.port);
        let operator = operator_in(&stage, &[("HTTPS_PROXY", &url), ("NO_PROXY", "localhost,")]).await;
        stage.synced("proxied", json!({ "name": "Proxied" })).await;
        assert!(proxy.accepted() > 0, "the proxy's own name in NO_PROXY is no reason not to use it");
        drop(operator);
        let before = proxy.accepted();
        let _operator = operator_in(&stage, &[("HTTPS_PROXY", &url), ("NO_PROXY", "127.0.0.0/8")]).await;
        stage.synced("direct", json!({ "name": "Direct" })).await;
        assert_eq!(proxy.accepted(), before);
    });
}

#[test]
fn a_proxy_of_another_protocol_ends_it_with_what_is_accepted() {
    play(async {
        let stage = Stage::empty().await;
        edit_cluster(&stage, |cluster| cluster["proxy-url"] = json!("ftp://me:secret@proxy"));
        let mut operator = stage.unready_operator();
        assert_eq!(operator.ended().await.code(), Some(1));
        let log = fs::read_to_string(stage.log()).expect("the log");
        assert!(
            log.contains("begins with http://, https:// or socks5://") && !log.contains("secret"),
            "{log}"
        );
    });
}

/// Waits until what was deleted is gone and what was applied is in sync.
async fn until_caught_up(stage: &Stage, deleted: &str, applied: &str) {
    let began = Instant::now();
    loop {
        let gone = stage.api().get_opt(deleted).await.expect("an answer").is_none();
        let object = stage.get(applied).await;
        if gone && ready(&object).is_some_and(|ready| ready.reason == "Synced") {
            return;
        }
        assert!(began.elapsed() < RECOVERY, "gone: {gone}, {object:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A relay to the API server, which the kubeconfig names instead of it.
async fn behind_relay(stage: &Stage) -> Relay {
    let address = edit_cluster(stage, |_| {});
    let relay = Relay::to(&address).await;
    let url = format!("https://127.0.0.1:{}", relay.port);
    edit_cluster(stage, |cluster| cluster["server"] = json!(url));
    relay
}

#[test]
fn a_network_that_goes_silent_is_noticed_within_75_seconds() {
    play(async {
        let stage = Stage::empty().await;
        let relay = behind_relay(&stage).await;
        let _operator = stage.operator().await;
        stage.synced("before", json!({ "name": "Before" })).await;
        relay.go_silent();
        stage.delete("before").await;
        stage.apply("during", json!({ "name": "During" })).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        relay.relay_new_connections();
        until_caught_up(&stage, "before", "during").await;
        assert!(stage.sandbox.streams().iter().all(|stream| stream.name == "During"));
    });
}

#[test]
fn a_network_that_is_silent_at_the_start_is_noticed_within_75_seconds() {
    play(async {
        let stage = Stage::empty().await;
        let relay = behind_relay(&stage).await;
        relay.go_silent();
        stage.apply("early", json!({ "name": "Early" })).await;
        let _operator = stage.unready_operator();
        while relay.accepted() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        relay.relay_new_connections();
        until_caught_up(&stage, "none", "early").await;
    });
}
