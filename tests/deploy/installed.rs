//! The manifests in a cluster, and an operator that has their rights and their
//! settings: no kubelet starts it here, so a process stands in for the pod.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use k8s_openapi::api::{authentication::v1::TokenRequest, core::v1::ServiceAccount};
use kube::{Api, api::PostParams};
use serde_json::{Value, json};

use crate::{
    manifests::{environment, one},
    stage::{Operator, Stage, free_port},
};

/// Applies the documents as a person with kubectl would.
pub(crate) fn apply(stage: &Stage, documents: &[Value]) -> Result<(), String> {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": documents });
    let arguments = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
    kubectl(stage, &arguments, &list.to_string()).map(|_| ())
}

/// Runs kubectl as the administrator: its output, or what it complains of.
pub(crate) fn kubectl(stage: &Stage, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut kubectl = Command::new(&stage.kubectl)
        .env_clear()
        .env("HOME", stage.folder.path())
        .env("KUBECONFIG", stage.folder.path().join("kubeconfig"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl");
    let mut stdin = kubectl.stdin.take().expect("its input");
    stdin.write_all(input.as_bytes()).expect("the input");
    drop(stdin);
    let ended = kubectl.wait_with_output().expect("its end");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if ended.status.success() { Ok(text(&ended.stdout)) } else { Err(text(&ended.stderr)) }
}

/// Values with which a test sees in a second what takes a minute in production.
pub(crate) fn quick(stage: &Stage) -> Vec<String> {
    let url = format!("config.baseUrl={}", stage.sandbox.url());
    let fixed = [
        "apiKey.value=sandbox-key",
        "config.driftInterval=300ms",
        "config.createSettle=1s",
        "config.requestTimeout=2s",
        "config.logFormat=text",
        r"config.logFilter=info\,apivideo_operator=debug",
    ];
    fixed.into_iter().map(str::to_owned).chain([url]).collect()
}

/// Starts the operator of the installed documents, with the token of their
/// service account, the key of their Secret and the variables of their pod.
pub(crate) async fn operator(stage: &Stage, documents: &[Value]) -> Operator {
    let folder = stage.folder.path();
    let home =
        one(documents, "Deployment")["metadata"]["namespace"].as_str().expect("a namespace").to_owned();
    let account = one(documents, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"].clone();
    let token = token(stage, &home, account.as_str().expect("a name")).await;
    let kubeconfig = folder.join("service-account");
    let admin = fs::read_to_string(folder.join("kubeconfig")).expect("the kubeconfig");
    fs::write(&kubeconfig, with_token(&admin, &token, &home)).expect("the kubeconfig");
    let key = mounted_key(folder, documents);
    let port = free_port();
    let log = File::options().create(true).append(true).open(stage.log()).expect("the log");
    let arguments: Vec<String> = serde_json::from_value(
        one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"].clone(),
    )
    .expect("arguments");
    let child = Command::new(env!("CARGO_BIN_EXE_apivideo-operator"))
        .env_clear()
        .envs(environment(documents))
        .env("KUBECONFIG", kubeconfig)
        .env("APIVIDEO_API_KEY_FILE", key)
        .env("BIND", format!("127.0.0.1:{port}"))
        .args(arguments)
        .stderr(log)
        .spawn()
        .expect("the operator");
    Operator::of(child, port)
}

async fn token(stage: &Stage, namespace: &str, account: &str) -> String {
    let api: Api<ServiceAccount> = Api::namespaced(stage.client.clone(), namespace);
    let request: TokenRequest =
        serde_json::from_value(json!({ "metadata": {}, "spec": { "audiences": [] } })).expect("a request");
    let answer = api.create_token_request(account, &PostParams::default(), &request).await;
    answer.expect("a token").status.expect("its status").token.expect("the token")
}

/// The administrator's kubeconfig with another token and a namespace, which a
/// pod has from its service account.
fn with_token(admin: &str, token: &str, namespace: &str) -> String {
    let mut config: Value = serde_yaml::from_str(admin).expect("a kubeconfig");
    config["users"][0]["user"] = json!({ "token": token });
    config["contexts"][0]["context"]["namespace"] = namespace.into();
    config.to_string()
}

/// The key as the pod's volume would show it.
fn mounted_key(folder: &Path, documents: &[Value]) -> std::path::PathBuf {
    let volume = one(documents, "Deployment")["spec"]["template"]["spec"]["volumes"][0]["secret"].clone();
    let secret = one(documents, "Secret");
    assert_eq!(volume["secretName"], secret["metadata"]["name"]);
    let encoded = &secret["data"][volume["items"][0]["key"].as_str().expect("a key")];
    let bytes: k8s_openapi::ByteString = serde_json::from_value(encoded.clone()).expect("base64");
    let path = folder.join("mounted-key");
    fs::write(&path, bytes.0).expect("the key");
    path
}
