//! Refusals: each says what is wrong and what to do, and stops nobody else.

use apivideo_sandbox::{Fault, Rule};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams, PostParams},
    discovery::ApiResource,
};
use serde_json::{Value, json};

use crate::cluster::SCHEMA;
use crate::stage::{Stage, eventually, message, play};

#[test]
fn a_refused_field_is_named_not_repeated_and_tried_again_with_the_next_change() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.apply("bad-player", json!({ "name": "Bad player", "playerId": "ptNope" })).await;
        let object = stage.until_reason("bad-player", "Rejected").await;
        assert!(message(&object).contains("playerId"), "{}", message(&object));
        assert!(stage.event("bad-player", "Rejected").await.contains("playerId"));
        stage.two_passes().await;
        assert_eq!(stage.sandbox.calls().writes(), 1, "it is not repeated");
        let annotations = stage.get("bad-player").await.metadata.annotations.unwrap_or_default();
        assert!(!annotations.contains_key("api.video/create-intent"), "a refused create leaves no intent");
        stage.synced("good", json!({ "name": "Good" })).await;
        stage.synced("bad-player", json!({ "name": "Good player" })).await;
        let synced = stage.get("bad-player").await;
        stage.apply("bad-player", json!({ "name": "Good player", "playerId": "ptNope" })).await;
        stage.until_reason("bad-player", "Rejected").await;
        stage.sandbox.add_player("ptNope");
        stage.annotate("bad-player", "reconcile.api.video/requestedAt", Some("now")).await;
        let object = stage.until_reason("bad-player", "Synced").await;
        assert_eq!(crate::stage::id(&object), crate::stage::id(&synced));
    });
}

#[test]
fn a_never_created_livestream_goes_at_once() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        stage.apply("refused", json!({ "name": "Refused", "playerId": "ptNope" })).await;
        stage.until_reason("refused", "Rejected").await;
        stage.sandbox.inject(Rule::always(Fault::Forbidden));
        stage.delete("refused").await;
        stage.until_gone("refused").await;
    });
}

#[test]
fn a_malformed_object_says_so_can_be_deleted_and_stops_none_of_the_rest() {
    play(async {
        let stage = Stage::empty().await;
        let _schema = SCHEMA.write().await;
        let loosened = Loosened::install(&stage).await;
        let malformed = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
            "metadata": { "name": "malformed" }, "spec": { "name": { "not": "text" }, "public": "maybe" } });
        let api: Api<DynamicObject> =
            Api::namespaced_with(stage.client.clone(), &stage.namespace, &loosened.resource);
        let object: DynamicObject = serde_json::from_value(malformed).expect("an object");
        eventually("the loosened schema", async || api.create(&PostParams::default(), &object).await.ok())
            .await;
        let _operator = stage.operator().await;
        stage.synced("well-formed", json!({ "name": "Well formed" })).await;
        eventually("the malformed one to say so", async || {
            let seen = api.get("malformed").await.ok()?;
            let ready = seen.data.pointer("/status/conditions/0")?.clone();
            (ready["reason"] == "Rejected" && ready["message"].as_str()?.contains("can't be read"))
                .then_some(())
        })
        .await;
        stage.delete("malformed").await;
        eventually("the malformed one to be gone", async || {
            api.get_opt("malformed").await.expect("an answer").is_none().then_some(())
        })
        .await;
        loosened.restore().await;
    });
}

/// The CRD with a schema that lets anything through, while a test needs it.
/// The other tests' manifests are well-formed either way.
struct Loosened {
    api: Api<CustomResourceDefinition>,
    resource: ApiResource,
}

impl Loosened {
    async fn install(stage: &Stage) -> Self {
        use apivideo_operator::kinds::LiveStream;
        let api: Api<CustomResourceDefinition> = Api::all(stage.client.clone());
        let loosened = Self { api, resource: ApiResource::erase::<LiveStream>(&()) };
        let mut schema = Self::own_schema();
        schema["properties"]["spec"] =
            json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        // The rules of the object are about fields that this schema doesn't have.
        schema.as_object_mut().expect("a schema").remove("x-kubernetes-validations");
        loosened.set_schema(schema).await;
        loosened
    }

    async fn restore(self) {
        self.set_schema(Self::own_schema()).await;
    }

    fn own_schema() -> Value {
        let crd = serde_json::to_value(apivideo_operator::kinds::all()).expect("the CRD");
        crd[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
    }

    async fn set_schema(&self, schema: Value) {
        let path = "/spec/versions/0/schema/openAPIV3Schema";
        let patch: json_patch::Patch =
            serde_json::from_value(json!([{ "op": "replace", "path": path, "value": schema }]))
                .expect("a patch");
        let patch = Patch::Json::<()>(patch);
        self.api
            .patch("livestreams.api.video", &PatchParams::default(), &patch)
            .await
            .expect("the CRD is patched");
    }
}
