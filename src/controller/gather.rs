//! Gathering the facts: the object, what is stored and claimed, what was observed.

use std::sync::Arc;

use jiff::Timestamp;
use kube::Api;

use super::{context::Context, state_store::Entry};
use crate::{
    account::Account,
    core::facts::{
        Facts,
        manifest::Manifest,
        observation::{CrdDeletion, Observation},
    },
    kinds::live_stream::{LiveStream, parse},
    ops::moment::Moment,
};

/// One LiveStream during a reconcile.
pub(super) struct Gathered {
    /// The newest version of the object that is known.
    pub object: LiveStream,
    /// What is known of it.
    pub facts: Facts,
    /// Its account.
    pub account: Arc<Account>,
    /// Where it is written.
    pub api: Api<LiveStream>,
    /// Whether it does not exist any more, so that nothing is written to it.
    pub vanished: bool,
    /// When the intent of this reconcile was about to be stored.
    pub recorded: Option<Moment>,
}

/// Gathers the facts about an object.
pub(super) fn gather(context: &Context, object: LiveStream, manifest: Manifest, entry: &Entry) -> Gathered {
    let account = Arc::clone(context.accounts.of(&object.metadata));
    let mut stored = parse::stored(&object, account.policy.environment);
    stored.unstored.clone_from(&entry.state.unstored);
    let binding = account.claims.bind(&manifest, &mut stored, context.decisions.resolve);
    let id = binding.id();
    let observation = match id.map_or(Observation::Unknown, |id| account.snapshot().observation(id)) {
        Observation::Gone if entry.state.must_read_again(&manifest) => Observation::Absent,
        observation => observation,
    };
    let facts = Facts {
        observation,
        account: account.view(id),
        admitted: account.call_queue.is_called(manifest.uid()),
        // Another LiveStream may have adopted it meanwhile.
        orphan: account.orphans.proven(manifest.uid()).filter(|id| account.claims.is_free(id)),
        crd: CrdDeletion::Unchecked,
        binding,
        stored,
        manifest,
    };
    let api = Api::namespaced(context.client.clone(), &facts.manifest.key().namespace);
    Gathered { object, facts, account, api, vanished: false, recorded: None }
}

impl Gathered {
    /// The time that decisions go by.
    pub(super) fn now(&self) -> Timestamp {
        self.account.now()
    }

    /// The object's uid.
    pub(super) fn uid(&self) -> &str {
        self.facts.manifest.uid()
    }
}
