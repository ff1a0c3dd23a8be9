//! What a test plays on: a namespace, a sandbox and an operator process of its
//! own, on a control plane that all share, or on another.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::Duration,
};

use apivideo_operator::kinds::LiveStream;
use apivideo_sandbox::{Options, Sandbox, StreamView};
use k8s_openapi::api::events::v1::Event;
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::Cluster;
pub(crate) use crate::cluster::play;

#[path = "operator.rs"]
mod operator;
pub(crate) use operator::Operator;

#[path = "live_stream.rs"]
mod live_stream;
pub(crate) use live_stream::*;

/// How long anything may take. Generous: two cores do all of it at once.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// How often a condition that nothing announces is asked for.
const TICK: Duration = Duration::from_millis(50);

/// Intervals that let a test see in a second what takes a minute in production.
const QUICK: [(&str, &str); 3] =
    [("--drift-interval", "300ms"), ("--create-settle", "1s"), ("--request-timeout", "2s")];

/// The operator under test: this build's, or another one, such as a release
/// or the image's, that `APIVIDEO_OPERATOR_BIN` names.
fn binary() -> PathBuf {
    let built = env!("CARGO_BIN_EXE_apivideo-operator");
    std::env::var_os("APIVIDEO_OPERATOR_BIN").map_or_else(|| built.into(), PathBuf::from)
}

/// The stage of one test.
pub(crate) struct Stage {
    pub client: Client,
    pub namespace: String,
    pub sandbox: Arc<Sandbox>,
    pub folder: Arc<TempDir>,
    /// The kubectl that fits the control plane.
    pub kubectl: PathBuf,
    /// `RUST_LOG` of the operators started from here on.
    pub log_filter: String,
    settings: Vec<String>,
}

impl Stage {
    /// A stage without an operator.
    pub(crate) async fn empty() -> Self {
        Self::on(Cluster::shared().await).await
    }

    /// A stage without an operator on this control plane.
    pub(crate) async fn on(cluster: &Cluster) -> Self {
        Self::between(cluster, account().await).await
    }

    /// A stage without an operator, between this control plane and this account.
    pub(crate) async fn between(cluster: &Cluster, account: Sandbox) -> Self {
        let client = cluster.client().await;
        let namespace = cluster.namespace().await;
        let sandbox = Arc::new(account);
        let folder = Arc::new(TempDir::new().expect("a folder"));
        fs::write(folder.path().join("kubeconfig"), cluster.kubeconfig()).expect("the kubeconfig");
        fs::write(folder.path().join("key"), "sandbox-key\n").expect("the key");
        let log_filter = "info,apivideo_operator=debug".to_owned();
        let kubectl = cluster.kubectl();
        Self { client, namespace, sandbox, folder, kubectl, log_filter, settings: Vec::new() }
    }

    /// Another namespace with the same account: what is started from either is
    /// seen in the other.
    pub(crate) async fn neighbour(&self) -> Self {
        let namespace = crate::cluster::namespace(&self.client).await;
        let (sandbox, folder) = (Arc::clone(&self.sandbox), Arc::clone(&self.folder));
        let (client, kubectl) = (self.client.clone(), self.kubectl.clone());
        let (log_filter, settings) = (self.log_filter.clone(), self.settings.clone());
        Self { client, namespace, sandbox, folder, kubectl, log_filter, settings }
    }

    /// A stage with an operator at work, with quick intervals.
    pub(crate) async fn set() -> (Self, Operator) {
        let stage = Self::empty().await;
        let operator = stage.operator().await;
        (stage, operator)
    }

    /// More flags for the operators started from here on.
    pub(crate) fn with(mut self, flags: &[&str]) -> Self {
        self.settings.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Starts an operator and waits until it is ready.
    pub(crate) async fn operator(&self) -> Operator {
        let operator = self.unready_operator();
        operator.ready().await;
        operator
    }

    /// Starts an operator.
    pub(crate) fn unready_operator(&self) -> Operator {
        self.unready_operator_with(&[])
    }

    /// Starts an operator with more flags than the others.
    pub(crate) fn unready_operator_with(&self, flags: &[&str]) -> Operator {
        let port = free_port();
        let log = File::options().create(true).append(true).open(self.log()).expect("the log");
        let child = Command::new(binary())
            .env_clear()
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"))
            .env("RUST_LOG", &self.log_filter)
            .args(["run", "--namespace", &self.namespace])
            .args(self.settings_or(&[&QUICK[..], &[("--base-url", &self.sandbox.url())]].concat(), flags))
            .args(["--bind", &format!("127.0.0.1:{port}")])
            .arg("--api-key-file")
            .arg(self.folder.path().join("key"))
            .args(flags)
            .stderr(log)
            .spawn()
            .expect("the operator");
        Operator::of(child, port)
    }

    /// Quick settings and the test's own, but for those that `flags` set, too:
    /// a flag may be given but once.
    fn settings_or(&self, quick: &[(&str, &str)], flags: &[&str]) -> Vec<String> {
        let own = |flag: &str| self.settings.iter().any(|set| set == flag) || flags.contains(&flag);
        let quick = quick.iter().filter(|(flag, _)| !own(flag));
        let mut settings: Vec<_> =
            quick.flat_map(|(flag, value)| [flag.to_string(), value.to_string()]).collect();
        let mut own = self.settings.iter();
        while let Some(setting) = own.next() {
            if flags.contains(&setting.as_str()) {
                own.next();
            } else {
                settings.push(setting.clone());
            }
        }
        settings
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("operator.log")
    }

    pub(crate) fn api(&self) -> Api<LiveStream> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Applies a LiveStream of this spec.
    pub(crate) async fn apply(&self, name: &str, spec: Value) -> LiveStream {
        self.try_apply(name, spec).await.expect("the manifest is accepted")
    }

    pub(crate) async fn try_apply(&self, name: &str, spec: Value) -> Result<LiveStream, kube::Error> {
        let manifest = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream", "metadata": { "name": name }, "spec": spec });
        self.api().patch(name, &PatchParams::apply("tests").force(), &Patch::Apply(&manifest)).await
    }

    pub(crate) async fn annotate(&self, name: &str, key: &str, value: Option<&str>) {
        self.merge(name, json!({ "metadata": { "annotations": { key: value } } })).await;
    }

    pub(crate) async fn merge(&self, name: &str, patch: Value) {
        self.api().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.expect("the patch");
    }

    pub(crate) async fn delete(&self, name: &str) {
        self.api().delete(name, &DeleteParams::default()).await.expect("the deletion");
    }

    pub(crate) async fn get(&self, name: &str) -> LiveStream {
        self.api().get(name).await.expect("the LiveStream")
    }

    /// Waits until a LiveStream is as wanted.
    pub(crate) async fn until(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&LiveStream) -> bool,
    ) -> LiveStream {
        let deadline = tokio::time::Instant::now() + LIMIT;
        loop {
            let seen = match self.api().get_opt(name).await {
                // One that can't be read is not as wanted.
                Err(kube::Error::SerdeError(_)) => None,
                answer => answer.expect("an answer"),
            };
            match seen.filter(&wanted) {
                Some(object) => return object,
                None if tokio::time::Instant::now() < deadline => tokio::time::sleep(TICK).await,
                None => self.give_up(name, what).await,
            }
        }
    }

    async fn give_up(&self, name: &str, what: &str) -> ! {
        let seen = self.api().get_opt(name).await.expect("an answer");
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let tail: Vec<_> = log.lines().rev().take(15).collect();
        panic!("waited in vain for {what} of {name}\nseen: {seen:#?}\nlog, newest first: {tail:#?}");
    }

    /// Waits for a reason of Ready, spoken of the current generation.
    pub(crate) async fn until_reason(&self, name: &str, wanted: &str) -> LiveStream {
        self.until(name, wanted, |object| {
            ready(object)
                .is_some_and(|c| c.reason == wanted && c.observed_generation == object.metadata.generation)
        })
        .await
    }

    /// Applies and waits until the LiveStream is Ready. Gives back the stream's id.
    pub(crate) async fn synced(&self, name: &str, spec: Value) -> String {
        self.apply(name, spec).await;
        id(&self.until_reason(name, "Synced").await)
    }

    pub(crate) async fn until_gone(&self, name: &str) {
        eventually(&format!("{name} to be gone"), async || {
            self.api().get_opt(name).await.expect("an answer").is_none().then_some(())
        })
        .await;
    }

    /// Waits until a remote stream is as wanted.
    pub(crate) async fn until_remote(&self, id: &str, what: &str, wanted: impl Fn(&StreamView) -> bool) {
        eventually(&format!("{what} of {id}"), async || self.sandbox.stream(id).filter(&wanted).map(|_| ()))
            .await;
    }

    /// Waits for an event of a LiveStream; gives back its note.
    pub(crate) async fn event(&self, name: &str, reason: &str) -> String {
        eventually(&format!("the event {reason} of {name}"), async || {
            self.events(name).await.into_iter().find(|(found, _)| found == reason).map(|(_, note)| note)
        })
        .await
    }

    /// The events of a LiveStream: reason and note.
    pub(crate) async fn events(&self, name: &str) -> Vec<(String, String)> {
        let api: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        let all = api.list(&ListParams::default()).await.expect("the events");
        let of_it = |event: &Event| event.regarding.as_ref().and_then(|r| r.name.as_deref()) == Some(name);
        let told = |event: Event| (event.reason.unwrap_or_default(), event.note.unwrap_or_default());
        all.items.into_iter().filter(of_it).map(told).collect()
    }

    /// Waits until the observer has finished two more passes: whatever a pass
    /// could set off, the first of them has.
    pub(crate) async fn two_passes(&self) {
        let passes = || self.sandbox.calls().count(|c| c.resource == "live-streams" && c.method == "GET");
        let before = passes();
        eventually("two more passes", async || (passes() >= before + 3).then_some(())).await;
    }
}

/// Awaits a condition that nothing announces, by asking for it.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(TICK).await;
    }
}

/// An account whose limits no test meets by chance.
pub(crate) async fn account() -> Sandbox {
    let open = Options { reads: 1_000_000, writes: 1_000_000, ..Options::default() };
    Sandbox::start(open).await.expect("a sandbox")
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}
