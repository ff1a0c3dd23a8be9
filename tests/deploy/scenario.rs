//! The core of what an operator does, in steps that each need other rights. A
//! step that fails says so instead of ending the test: some are expected to.

use std::{fs, time::Duration};

use apivideo_sandbox::StreamPatch;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api,
    api::{DynamicObject, PostParams},
    core::ApiResource,
};
use serde_json::json;

use crate::stage::{Stage, ready};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It becomes the leader.
    Lead,
    /// A manifest that was there before it becomes a stream.
    Create,
    /// An event reports what it did.
    Event,
    /// A change of the manifest reaches the stream.
    Update,
    /// An edit elsewhere is set back.
    Drift,
    /// A manifest that can't be read says so. Needs a loosened CRD.
    Malformed,
    /// A deletion that waits finds out whether the CRD goes.
    Wait,
    /// A manifest that goes takes its stream with it.
    Delete,
}

/// All that the CRD of the chart allows, in an order in which each can be played.
pub(crate) const CORE: [Step; 7] =
    [Step::Lead, Step::Create, Step::Event, Step::Update, Step::Drift, Step::Wait, Step::Delete];

/// A stage and what its steps may take.
pub(crate) struct Scenario<'a> {
    pub stage: &'a Stage,
    /// Where the operator is installed.
    pub home: &'a str,
    pub limit: Duration,
}

impl Scenario<'_> {
    /// Makes what the operator finds at its start.
    pub(crate) async fn prepare(&self) {
        self.stage.apply("early", json!({ "name": "Early", "public": true })).await;
    }

    /// Plays the steps up to the first that fails.
    pub(crate) async fn play(&self, steps: &[Step]) -> Result<(), (Step, String)> {
        for step in steps {
            self.step(*step).await.map_err(|why| (*step, why))?;
        }
        Ok(())
    }

    async fn step(&self, step: Step) -> Result<(), String> {
        match step {
            Step::Lead => self.lead().await,
            Step::Create => self.synced("early", "Early").await.map(|_| ()),
            Step::Event => self.event("early", "Created").await,
            Step::Update => self.update().await,
            Step::Drift => self.drift().await,
            Step::Malformed => self.malformed().await,
            Step::Wait => self.wait().await,
            Step::Delete => self.delete().await,
        }
    }

    async fn lead(&self) -> Result<(), String> {
        let api: Api<Lease> = Api::namespaced(self.stage.client.clone(), self.home);
        self.within("the Lease to be held", async || {
            let lease = api.get_opt("apivideo-operator").await.expect("an answer")?;
            lease.spec?.holder_identity.map(|_| ())
        })
        .await
    }

    /// Waits until it is Ready and the remote stream has this name; its id.
    async fn synced(&self, name: &str, remote_name: &str) -> Result<String, String> {
        self.within(&format!("{name} to be Synced as {remote_name}"), async || {
            let object = self.stage.api().get_opt(name).await.expect("an answer")?;
            let said = ready(&object)?;
            let current = said.reason == "Synced" && said.observed_generation == object.metadata.generation;
            let id = object.status.as_ref()?.live_stream_id.clone()?;
            let remote = self.stage.sandbox.stream(&id)?;
            (current && remote.name == remote_name).then_some(id)
        })
        .await
    }

    async fn event(&self, name: &str, reason: &str) -> Result<(), String> {
        self.within(&format!("the event {reason}"), async || {
            self.stage.events(name).await.iter().any(|(found, _)| found == reason).then_some(())
        })
        .await
    }

    async fn update(&self) -> Result<(), String> {
        self.stage.apply("early", json!({ "name": "Changed", "public": true })).await;
        self.synced("early", "Changed").await.map(|_| ())
    }

    async fn drift(&self) -> Result<(), String> {
        let id = self.synced("early", "Changed").await?;
        let edit = StreamPatch { name: Some("Edited".into()), ..StreamPatch::default() };
        self.stage.sandbox.edit(&id, edit).expect("the edit");
        self.synced("early", "Changed").await?;
        self.event("early", "DriftCorrected").await
    }

    async fn malformed(&self) -> Result<(), String> {
        let manifest = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
            "metadata": { "name": "malformed" }, "spec": { "name": { "not": "text" } } });
        let object: DynamicObject = serde_json::from_value(manifest).expect("an object");
        let resource = ApiResource::erase::<apivideo_operator::kinds::LiveStream>(&());
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.stage.client.clone(), &self.stage.namespace, &resource);
        self.within("the loosened schema", async || api.create(&PostParams::default(), &object).await.ok())
            .await?;
        self.within("the malformed one to say so", async || {
            let seen = api.get("malformed").await.ok()?;
            (seen.data.pointer("/status/conditions/0/reason")? == "Rejected").then_some(())
        })
        .await
    }

    async fn wait(&self) -> Result<(), String> {
        self.stage.apply("on-air", json!({ "name": "On air" })).await;
        let id = self.synced("on-air", "On air").await?;
        self.stage.sandbox.set_broadcasting(&id, true).expect("on the air");
        self.stage.delete("on-air").await;
        self.within("the deletion to wait", async || {
            let object = self.stage.api().get_opt("on-air").await.expect("an answer")?;
            (ready(&object)?.reason == "DeferredWhileBroadcasting").then_some(())
        })
        .await?;
        self.stage.two_passes().await;
        self.stage.sandbox.set_broadcasting(&id, false).expect("off the air");
        let denied = self.log().contains("no right to get the CRD");
        if denied { Err("whether the CRD goes is not known".into()) } else { Ok(()) }
    }

    async fn delete(&self) -> Result<(), String> {
        let id = self.synced("early", "Changed").await?;
        self.stage.delete("early").await;
        self.within("the stream to be gone", async || {
            let object = self.stage.api().get_opt("early").await.expect("an answer");
            (object.is_none() && self.stage.sandbox.stream(&id).is_none()).then_some(())
        })
        .await
    }

    /// What the operator has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.stage.log()).unwrap_or_default()
    }

    async fn within<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T, String> {
        let deadline = tokio::time::Instant::now() + self.limit;
        loop {
            if let Some(found) = ask().await {
                return Ok(found);
            }
            if tokio::time::Instant::now() > deadline {
                return Err(format!("waited in vain for {what}"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
